#include "software/codecs/block_run.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "software/codecs/inflate_blocks.h"

namespace warpdrive::software {
namespace {

constexpr std::array<uint8_t, 4> kEmptyStored{0, 0, 0xff, 0xff};
#ifdef WARPDRIVE_HAVE_ISAL
// Most data compresses to more than an eighth.
constexpr size_t kExpansionGuess = 8;
#endif

}  // namespace

size_t FindSyncPoint(std::span<const uint8_t> input, size_t from) {
  // By the third byte: memchr() passes over compressed data ten times as fast as memmem().
  for (size_t at = std::max<size_t>(from, 3) - 1; at + 1 < input.size(); ++at) {
    const void* const found = std::memchr(input.data() + at, 0xff, input.size() - at);
    if (found == nullptr) return input.size();
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - input.data());
    if (at + 1 < input.size() && std::memcmp(input.data() + at - 2, kEmptyStored.data(), 4) == 0) {
      return at + 2;
    }
  }
  return input.size();
}

#ifdef WARPDRIVE_HAVE_ISAL
std::optional<size_t> DecodeBlocks(std::span<const uint8_t> input, size_t most, Block* output) {
  const std::unique_ptr<InflateBlocks> blocks(new (std::nothrow) InflateBlocks);
  if (blocks == nullptr) return std::nullopt;
  blocks->Start({}, 0, 0);
  size_t size = std::min(most, kExpansionGuess * input.size());
  *output = BlockPool::Instance().Take(size);
  size_t made = 0;
  while (*output) {
    std::span<uint8_t> room(output->data() + made, size - made);
    const InflateBlocks::Stop stop = blocks->Run(&input, &room);
    made = size - room.size();
    if (stop == InflateBlocks::Stop::kNeedInput) {
      if (!input.empty() || !blocks->AtBlockStart()) return std::nullopt;
      return made;
    }
    if (stop != InflateBlocks::Stop::kOutputFull || size == most) return std::nullopt;
    size = std::min(most, 4 * size);
    Block larger = BlockPool::Instance().Take(size);
    if (!larger) return std::nullopt;
    std::memcpy(larger.data(), output->data(), made);
    *output = std::move(larger);
  }
  return std::nullopt;
}
#else
std::optional<size_t> DecodeBlocks(std::span<const uint8_t>, size_t, Block*) {
  return std::nullopt;
}
#endif

}  // namespace warpdrive::software
