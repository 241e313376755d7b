#include "software/codecs/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "device/device.h"

namespace warpdrive::test {
namespace {

using software::BlockPlan;
using software::CodecKind;
using software::EndShare;
using software::PlanFor;
using software::PlanForBlock;

StreamParams Params(int level, int window_bits = 15, int mem_level = 8, int strategy = 0) {
  return {.format = Format::kGzip,
          .level = static_cast<int8_t>(level),
          .window_bits = static_cast<uint8_t>(window_bits),
          .mem_level = static_cast<uint8_t>(mem_level),
          .strategy = static_cast<uint8_t>(strategy)};
}

bool Same(const BlockPlan& a, const BlockPlan& b) {
  return a.codec == b.codec && a.codec_level == b.codec_level && a.block_size == b.block_size &&
         a.first_block == b.first_block && a.uses_history == b.uses_history &&
         a.end_level == b.end_level &&
         std::ranges::equal(a.ends, b.ends, [](const EndShare& one, const EndShare& other) {
           return one.gain == other.gain && one.saved == other.saved &&
                  one.quarters == other.quarters;
         });
}

template <typename Check>
void ForAllParams(Check check) {
  for (int level = 0; level <= 9; level++) {
    for (int window_bits = 8; window_bits <= 15; window_bits++) {
      for (int mem_level = 1; mem_level <= 9; mem_level++) {
        for (int strategy = 0; strategy <= 4; strategy++) {
          CAPTURE(level);
          CAPTURE(window_bits);
          CAPTURE(mem_level);
          CAPTURE(strategy);
          check(Params(level, window_bits, mem_level, strategy));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("plan: names a codec that is there, and blocks that a request can carry") {
  ForAllParams([](const StreamParams& params) {
    const BlockPlan plan = PlanFor(params);
    CHECK(software::HasCodec(plan.codec));
    CHECK(plan.first_block >= 64u << 10);
    CHECK(plan.first_block <= plan.block_size);
    CHECK(plan.block_size <= kMaxBlockSize);
    const auto& [first, second] = plan.ends;
    CHECK(first.quarters <= 4);
    CHECK(second.quarters <= 4);
    // The executor takes the second share where it is reached, and looks for none without a first.
    if (second.quarters != 0) CHECK((plan.has_end() && second.gain > first.gain));
    CHECK(!second.unconditional());
    if (plan.has_end()) CHECK(software::HasCodec(plan.end_codec));
    for (uint32_t history_size : {0u, 1u, kMaxHistory}) {
      CHECK(software::HasCodec(PlanForBlock(params, 1, history_size).codec));
    }
  });
}

TEST_CASE("plan: history is used, and changes no more than the codec of a short block") {
  ForAllParams([](const StreamParams& params) {
    const BlockPlan plan = PlanFor(params);
    CHECK(plan.uses_history == (params.level != 0));
    CHECK(Same(PlanForBlock(params, plan.block_size, kMaxHistory), plan));
    CHECK(Same(PlanForBlock(params, plan.block_size, 0), plan));
    const BlockPlan small = PlanForBlock(params, 56, 0);
    CHECK(small.codec == plan.codec);
    CHECK(small.codec_level <= plan.codec_level);
    CHECK(small.block_size == plan.block_size);
    // libdeflate would store it.
    CHECK(PlanForBlock(params, 55, 0).codec != CodecKind::kLibdeflate);
    const BlockPlan tail = PlanForBlock(params, 1, kMaxHistory);
    CHECK(tail.block_size == plan.block_size);
    CHECK(tail.first_block == plan.first_block);
    CHECK(tail.uses_history == plan.uses_history);
    // libdeflate would compress all of the history again.
    CHECK(tail.codec != CodecKind::kLibdeflate);
    if (plan.codec == CodecKind::kLibdeflate) CHECK(!tail.has_end());
  });
}

TEST_CASE("plan: what only zlib can do is done by zlib at the same level") {
  ForAllParams([](const StreamParams& params) {
    if (params.level != 0 && params.window_bits == 15 && params.strategy == 0) return;
    const BlockPlan plan = PlanFor(params);
    CHECK(plan.codec == CodecKind::kZlib);
    CHECK(plan.codec_level == params.level);
    CHECK(plan.uses_history == (params.level != 0));
  });
}

TEST_CASE("plan: the memory level does not change it") {
  ForAllParams([](const StreamParams& params) {
    StreamParams usual = params;
    usual.mem_level = 8;
    CHECK(Same(PlanFor(params), PlanFor(usual)));
  });
}

TEST_CASE("plan: the fastest codec for the first level, never a lower level for a higher one") {
  const CodecKind fastest = software::HasCodec(CodecKind::kIsal)         ? CodecKind::kIsal
                            : software::HasCodec(CodecKind::kLibdeflate) ? CodecKind::kLibdeflate
                                                                         : CodecKind::kZlib;
  CHECK(PlanFor(Params(1)).codec == fastest);
  for (int level = 2; level <= 9; level++) {
    const BlockPlan plan = PlanFor(Params(level));
    const bool libdeflate = software::HasCodec(CodecKind::kLibdeflate);
    CHECK(plan.codec == (libdeflate ? CodecKind::kLibdeflate : CodecKind::kZlib));
    if (level > 2) CHECK(plan.codec_level >= PlanFor(Params(level - 1)).codec_level);
  }
}

TEST_CASE("plan: levels outside zlib's are the nearest that there is") {
  CHECK(Same(PlanFor(Params(-5)), PlanFor(Params(0))));
  CHECK(Same(PlanFor(Params(12)), PlanFor(Params(9))));
}

}  // namespace warpdrive::test
