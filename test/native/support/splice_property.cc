#include "support/splice_property.h"

#include <algorithm>

#include "software/splice.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

constexpr size_t kGuard = 16;
constexpr uint8_t kGuardByte = 0xa5;

}  // namespace

const char* SpliceViolation(std::span<const uint8_t> stream) {
  static const Bytes history(32768);
  const Inflated before = InflateRaw(stream, history);
  const bool valid = before.ended && before.consumed == stream.size();

  Bytes original(stream.begin(), stream.end());
  original.resize(stream.size() + software::kSpliceExtra + kGuard, kGuardByte);
  Bytes buffer = original;
  const std::span<uint8_t> offered(buffer.data(), stream.size() + software::kSpliceExtra);
  const size_t size = software::Splice(offered, stream.size());
  if (!std::equal(buffer.end() - kGuard, buffer.end(), original.end() - kGuard)) {
    return "wrote behind the buffer";
  }
  if (!valid) {
    if (size != 0) return "accepted what is not one whole stream";
    return buffer == original ? nullptr : "changed a buffer that it refused";
  }
  if (size == 0) return "refused a valid stream";
  if (size > offered.size()) return "claims more bytes than there are";

  constexpr uint8_t kEnding[] = {0x00, 0x00, 0xff, 0xff};
  if (!std::equal(std::begin(kEnding), std::end(kEnding), buffer.begin() + size - 4)) {
    return "does not end with an empty stored block";
  }
  const Inflated piece = InflateRaw({buffer.data(), size}, history);
  if (piece.failed || piece.ended || piece.consumed != size) return "is not a piece of a stream";
  if (piece.data != before.data) return "decodes differently as a piece";
  buffer.resize(size);
  buffer.insert(buffer.end(), {0x03, 0x00});
  const Inflated whole = InflateRaw(buffer, history);
  if (!whole.ended || whole.consumed != buffer.size()) return "cannot be followed by a block";
  return whole.data == before.data ? nullptr : "decodes differently with a block behind it";
}

}  // namespace warpdrive::test
