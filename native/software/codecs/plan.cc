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

// What stands for a level of zlib where both libraries are there: the fastest for which no file
// gets larger than zlib's by more than 0.5 % (levels 1 and 9: 0). `npm run calibrate` prints the
// table that this was chosen from: five Silesia files, JSON, HTML, logs and binary records.
struct Setting {
  int8_t level;
  int8_t end_level = 0;
  std::array<EndShare, 2> ends = {};
};
constexpr std::array<Setting, 10> kLibdeflate = {{
    {0},
    {1},
    {1, 2, {{{4, 30}}}},     // XML needs 2
    {2, 3, {{{4, 22}}}},     // XML needs 3
    {4},                     // 3 is hardly faster
    {5, 6, {{{2}}}},         // 5 alone: 1.5 % too large on Polish text
    {6, 7, {{{4, 0, 27}}}},  // Polish text needs 7
    {6, 7, {{{4, 3}}}},      // prose, HTML and databases can do with 6
    {7, 8, {{{2, 6}}}},      // databases can do with 7
    {7, 8, {{{3, 4}, {4, 11}}}},
}};

// Level 1: ISA-L 2 is twice as fast as libdeflate 1 and up to 1 % larger than zlib 1 (XML 4 %);
// a quarter by libdeflate makes up for that, and all of it on XML. Not ISA-L 3: it is no faster
// than libdeflate 1, and without AVX-512 half as fast.
constexpr int kIsalLevel = 2;
constexpr int kIsalEndLevel = 1;
constexpr std::array<EndShare, 2> kIsalEnds = {{{1}, {4, 54}}};

// In small streams lower levels of libdeflate make do: in streams of 4 to 100 KiB their sizes are
// at most 0.96, 0.99, 0.99, 1.00, 0.98, 0.97, 0.98 and 0.98 of zlib's at levels 2 to 9, in the mean
// over JSON, HTML, logs and five Silesia files.
constexpr uint32_t kSmallStream = 128u << 10;
constexpr std::array<int8_t, 10> kSmallStreamLevels = {0, 1, 1, 1, 2, 4, 5, 6, 6, 6};
// In the smallest ones clearing libdeflate's tables takes most of the time; level 1 has the least.
// 0.97 of zlib's size at levels 2 and 3, 1.00 to 1.01 at 4 to 6, 0.99 above.
constexpr uint32_t kTinyStream = 1024;
constexpr std::array<int8_t, 10> kTinyStreamLevels = {0, 1, 1, 1, 1, 1, 1, 5, 5, 5};

// Below that libdeflate stores what it is given, from level to level a little less of it.
constexpr uint32_t kLeastForLibdeflate = 56;

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
            .block_size = HasCodec(CodecKind::kLibdeflate) ? kGraftedBlock : kHistoryBlock,
            .first_block = kFirstBlock,
            .uses_history = true,
            .end_level = kIsalEndLevel,
            .ends = HasCodec(CodecKind::kLibdeflate) ? kIsalEnds : std::array<EndShare, 2>{}};
  }
  if (HasCodec(CodecKind::kLibdeflate)) {
    const Setting& setting = kLibdeflate[level];
    return {.codec = CodecKind::kLibdeflate,
            .codec_level = setting.level,
            .block_size = kGraftedBlock,
            .first_block = kFirstBlock,
            .uses_history = true,
            .end_level = setting.end_level,
            .ends = setting.ends};
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
  if (plan.codec != CodecKind::kLibdeflate) return plan;
  if (input_size < (history_size > 0 ? kShortBlock + 1 : kLeastForLibdeflate)) {
    plan.codec = CodecKind::kZlib;
    plan.codec_level = std::clamp<int>(params.level, 0, 9);
    plan.ends = {};
  } else if (history_size == 0 && input_size <= kSmallStream) {
    const auto& levels = input_size <= kTinyStream ? kTinyStreamLevels : kSmallStreamLevels;
    plan.codec_level = levels[std::clamp<int>(params.level, 0, 9)];
    plan.ends = {};
  }
  return plan;
}

}  // namespace warpdrive::software
