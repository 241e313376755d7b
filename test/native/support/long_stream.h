// Streams longer than what is kept of them while hardware decompresses them.
#pragma once

#include <cstdint>

#include "session/channel.h"
#include "support/data.h"
#include "support/session_streams.h"

namespace warpdrive::test {

/// Bytes of input that are kept by KeepLittle().
inline constexpr uint64_t kKeep = 600'000;
RoutingPolicy KeepLittle();

/// A stream of one member around raw deflate.
Bytes WrapDeflate(Format format, const Bytes& raw, const Bytes& data);

struct LongStream {
  Bytes data;
  Bytes raw;  ///< more than 3 * kKeep of zlib's raw deflate
};
const LongStream& LongText();

/// What becomes of the stream without hardware.
DecompressResult BySoftware(const StreamScript& script, const Bytes& packed);
/// CHECKs that consumers could not tell one from the other. What was used before an error depends
/// on how far ISA-L had decoded ahead of the output, and so on where it began: that is not looked
/// at.
void CheckSame(const DecompressResult& result, const DecompressResult& expected);

}  // namespace warpdrive::test
