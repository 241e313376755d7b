#include "software/codecs/plan.h"

#include <doctest/doctest.h>

namespace warpdrive::test {
namespace {

using software::BlockPlan;
using software::CodecKind;
using software::PlanFor;

StreamParams Params(int level, int window_bits = 15, int mem_level = 8, int strategy = 0) {
  return {.format = Format::kGzip,
          .level = static_cast<int8_t>(level),
          .window_bits = static_cast<uint8_t>(window_bits),
          .mem_level = static_cast<uint8_t>(mem_level),
          .strategy = static_cast<uint8_t>(strategy)};
}

bool Same(const BlockPlan& a, const BlockPlan& b) {
  return a.codec == b.codec && a.codec_level == b.codec_level && a.block_size == b.block_size &&
         a.uses_history == b.uses_history;
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
    for (uint32_t history_size : {0u, 1u, kMaxHistory}) {
      const BlockPlan plan = PlanFor(params, history_size);
      CHECK(software::HasCodec(plan.codec));
      CHECK(plan.block_size >= 64u << 10);
      CHECK(plan.block_size <= kMaxRequestBytes);
    }
  });
}

TEST_CASE("plan: a dictionary changes neither the block size nor is it left unused") {
  ForAllParams([](const StreamParams& params) {
    const BlockPlan plain = PlanFor(params, 0);
    const BlockPlan with_dictionary = PlanFor(params, 100);
    CHECK(with_dictionary.block_size == plain.block_size);
    CHECK(with_dictionary.uses_history == (params.level != 0));
    if (plain.uses_history) CHECK(Same(with_dictionary, plain));
  });
}

TEST_CASE("plan: what only zlib can do is done by zlib at the same level") {
  ForAllParams([](const StreamParams& params) {
    if (params.level != 0 && params.window_bits == 15 && params.strategy == 0) return;
    const BlockPlan plan = PlanFor(params, 0);
    CHECK(plan.codec == CodecKind::kZlib);
    CHECK(plan.codec_level == params.level);
    CHECK(plan.uses_history == (params.level != 0));
  });
}

TEST_CASE("plan: the memory level does not change it") {
  ForAllParams([](const StreamParams& params) {
    StreamParams usual = params;
    usual.mem_level = 8;
    CHECK(Same(PlanFor(params, 0), PlanFor(usual, 0)));
  });
}

TEST_CASE("plan: the fastest codec for the first level, never a lower level for a higher one") {
  const CodecKind fastest = software::HasCodec(CodecKind::kIsal)         ? CodecKind::kIsal
                            : software::HasCodec(CodecKind::kLibdeflate) ? CodecKind::kLibdeflate
                                                                         : CodecKind::kZlib;
  CHECK(PlanFor(Params(1), 0).codec == fastest);
  for (int level = 2; level <= 9; level++) {
    const BlockPlan plan = PlanFor(Params(level), 0);
    const bool libdeflate = software::HasCodec(CodecKind::kLibdeflate);
    CHECK(plan.codec == (libdeflate ? CodecKind::kLibdeflate : CodecKind::kZlib));
    if (level > 2) CHECK(plan.codec_level >= PlanFor(Params(level - 1), 0).codec_level);
  }
}

TEST_CASE("plan: levels outside zlib's are the nearest that there is") {
  CHECK(Same(PlanFor(Params(-5), 0), PlanFor(Params(0), 0)));
  CHECK(Same(PlanFor(Params(12), 0), PlanFor(Params(9), 0)));
}

}  // namespace warpdrive::test
