#include "software/codecs/plan.h"

#include <algorithm>
#include <array>

namespace warpdrive::software {
namespace {

// libdeflate blocks know nothing of each other, so they have to be large: 1 MiB costs 0.5 % of size
// at level 6, 256 KiB 2 %.
constexpr uint32_t kIndependentBlock = 1u << 20;
// With history the block size costs next to nothing (256 KiB: ISA-L 0 %, zlib 0.03 %), and smaller
// blocks keep more cores busy.
constexpr uint32_t kHistoryBlock = 256u << 10;

// ISA-L 2 for level 1: size 0.999 of zlib's at 480 MB/s. ISA-L 3 runs at 155 MB/s where there is no
// AVX-512, slower than libdeflate 1 and larger.
constexpr int kIsalLevel = 2;

// For zlib levels 0-9 the fastest libdeflate level whose size is not above zlib's: the copy of
// Node 20, whole streams of five Silesia files, against libdeflate in blocks. Sizes are 0.996,
// 0.994, 0.989, 0.987, 1.006, 1.001, 0.999 and 0.999 of zlib's at levels 2-9. Level 6 is let pass
// with 0.6 % because libdeflate 7 (0.995) takes 40 % longer. Level 1 is for builds without ISA-L
// (0.961).
constexpr std::array<int8_t, 10> kLibdeflateLevels = {0, 1, 1, 2, 4, 6, 6, 7, 8, 9};

BlockPlan ZlibPlan(int level) {
  return {.codec = CodecKind::kZlib,
          .codec_level = level,
          .block_size = kHistoryBlock,
          .uses_history = level != 0};
}

BlockPlan FastestPlan(int level) {
  if (level == 1 && HasCodec(CodecKind::kIsal)) {
    return {.codec = CodecKind::kIsal,
            .codec_level = kIsalLevel,
            .block_size = kHistoryBlock,
            .uses_history = true};
  }
  if (HasCodec(CodecKind::kLibdeflate)) {
    return {.codec = CodecKind::kLibdeflate,
            .codec_level = kLibdeflateLevels[level],
            .block_size = kIndependentBlock,
            .uses_history = false};
  }
  return ZlibPlan(level);
}

}  // namespace

BlockPlan PlanFor(const StreamParams& params, uint32_t history_size) {
  const int level = std::clamp<int>(params.level, 0, 9);
  // mem_level has no say in the choice: it asks for less memory per stream, and block codecs keep
  // none. zlib gets it all the same, because there it shapes the output too.
  const bool only_zlib = level == 0 || params.strategy != 0 || params.window_bits < 15;
  BlockPlan plan = only_zlib ? ZlibPlan(level) : FastestPlan(level);
  if (history_size > 0 && !plan.uses_history && level != 0) {
    const uint32_t block_size = plan.block_size;
    plan = ZlibPlan(level);
    plan.block_size = block_size;
  }
  return plan;
}

}  // namespace warpdrive::software
