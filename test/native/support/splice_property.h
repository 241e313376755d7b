// What must hold for Splice(), whatever it is given.
#pragma once

#include <cstdint>
#include <span>

namespace warpdrive::test {

/// Splices `stream` and compares with zlib's opinion: a complete stream of exactly these bytes must
/// be accepted and decode to the same data as a piece and with a block behind it; anything else
/// must be refused with the buffer unchanged. Distances may reach 32 KiB before the stream, because
/// Splice() does not check them.
///
/// @return nullptr if so, else what is wrong
const char* SpliceViolation(std::span<const uint8_t> stream);

}  // namespace warpdrive::test
