// What must hold for Graft(), whatever it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::test {

/// Cuts the first `history` bytes off `stream` and compares with zlib's opinion: of a complete
/// stream of exactly these bytes that decodes to at least as many, the result must decode behind
/// that history to the rest; anything else must be refused. A
/// stream that looks back before its start may be either, because Graft() does not check all of it
/// for that.
///
/// @return nullptr if so, else what is wrong
const char* GraftViolation(std::span<const uint8_t> stream, size_t history, bool final);

}  // namespace warpdrive::test
