#include "software/codecs/plan.h"

#include <algorithm>
#include <array>

namespace warpdrive::software {
namespace {

// libdeflate compresses a block's history along with it, which takes 3 % of the time in blocks of
// this size. A stream begins with smaller ones, so that a short one keeps more than one core busy.
constexpr uint32_t kGraftedBlock = 1u << 20;
constexpr uint32_t kFirstBlock = 256u << 10;
// ISA-L and zlib take a history as it is, so small blocks cost nothing.
constexpr uint32_t kHistoryBlock = 256u << 10;
// Up to this size zlib has compressed a block behind history before libdeflate gets to it.
constexpr uint32_t kShortBlock = 64u << 10;

// ISA-L 2 for level 1: size 0.999 of zlib's at 480 MB/s. ISA-L 3 runs at 155 MB/s where there is no
// AVX-512, slower than libdeflate 1 and larger.
constexpr int kIsalLevel = 2;

// libdeflate's for zlib's levels 0 to 9. Level 1 is for builds without ISA-L.
constexpr std::array<int8_t, 10> kLibdeflateLevels = {0, 1, 2, 3, 4, 5, 6, 7, 8, 8};

BlockPlan ZlibPlan(int level) {
  return {.codec = CodecKind::kZlib,
          .codec_level = level,
          .block_size = kHistoryBlock,
          .first_block = kHistoryBlock,
          .uses_history = level != 0};
}

BlockPlan FastestPlan(int level) {
  if (level == 1 && HasCodec(CodecKind::kIsal)) {
    return {.codec = CodecKind::kIsal,
            .codec_level = kIsalLevel,
            .block_size = kHistoryBlock,
            .first_block = kHistoryBlock,
            .uses_history = true};
  }
  if (HasCodec(CodecKind::kLibdeflate)) {
    return {.codec = CodecKind::kLibdeflate,
            .codec_level = kLibdeflateLevels[level],
            .block_size = kGraftedBlock,
            .first_block = kFirstBlock,
            .uses_history = true};
  }
  return ZlibPlan(level);
}

}  // namespace

BlockPlan PlanFor(const StreamParams& params) {
  const int level = std::clamp<int>(params.level, 0, 9);
  // mem_level has no say in the choice: it asks for less memory per stream, and block codecs keep
  // none. zlib gets it all the same, because there it shapes the output too.
  const bool only_zlib = level == 0 || params.strategy != 0 || params.window_bits < 15;
  return only_zlib ? ZlibPlan(level) : FastestPlan(level);
}

BlockPlan PlanForBlock(const StreamParams& params, uint32_t input_size, uint32_t history_size) {
  BlockPlan plan = PlanFor(params);
  if (plan.codec == CodecKind::kLibdeflate && history_size > 0 && input_size <= kShortBlock) {
    plan.codec = CodecKind::kZlib;
    plan.codec_level = std::clamp<int>(params.level, 0, 9);
  }
  return plan;
}

}  // namespace warpdrive::software
