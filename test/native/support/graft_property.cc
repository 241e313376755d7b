#include "support/graft_property.h"

#include <algorithm>

#include "software/splice.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

constexpr size_t kGuard = 16;
constexpr uint8_t kGuardByte = 0xa5;

// Room for a header written again (at most 286 + 30 lengths of 7 + 7 bits), the rest of a match,
// and alignment.
constexpr size_t kMoreRoom = 700;

}  // namespace

const char* GraftViolation(std::span<const uint8_t> stream, size_t history, bool final) {
  const Inflated whole = InflateRaw(stream);
  const bool valid = whole.ended && whole.consumed == stream.size();
  const Inflated behind = InflateRaw(stream, Bytes(32768));
  const bool reaches_back = !valid && behind.ended && behind.consumed == stream.size();
  const std::span<const uint8_t> data = valid ? whole.data : behind.data;
  const bool wanted = history > 0 && data.size() >= history;
  const auto block = wanted ? data.subspan(history) : std::span<const uint8_t>();

  Bytes buffer(stream.size() + kMoreRoom + kGuard, kGuardByte);
  const std::span<uint8_t> offered = std::span(buffer).first(stream.size() + kMoreRoom);
  const size_t size = software::Graft(stream, history, block, offered, final);
  if (!std::all_of(buffer.end() - kGuard, buffer.end(), [](uint8_t b) { return b == kGuardByte; }))
    return "wrote behind the buffer";
  if (!valid || !wanted) {
    if (size != 0 && !reaches_back) return "accepted what is not one whole stream, or too short";
    return nullptr;
  }
  // Nothing is left to cut at if the last block ends with the history.
  if (size == 0) return block.empty() ? nullptr : "refused a valid stream";
  const std::span<const uint8_t> before =
      data.first(history).last(std::min<size_t>(history, 32768));
  Bytes result(buffer.begin(), buffer.begin() + size);
  const Inflated piece = InflateRaw(result, before);
  if (piece.failed || piece.ended != final || piece.consumed != size) return "is not a piece";
  if (!std::equal(piece.data.begin(), piece.data.end(), block.begin(), block.end())) {
    return "decodes to something else";
  }
  for (size_t room : {size_t{0}, size / 2, size - 1}) {
    if (software::Graft(stream, history, block, offered.first(room), final) != 0) {
      return "claims more bytes than there is room for";
    }
  }
  if (final) return nullptr;
  result.insert(result.end(), {0x03, 0x00});
  const Inflated followed = InflateRaw(result, before);
  if (!followed.ended || followed.consumed != result.size()) return "cannot be followed";
  return followed.data == piece.data ? nullptr : "decodes differently with a block behind it";
}

}  // namespace warpdrive::test
