// How long a queue of the ZIP engine waits for a request before it is taken for hung.
#include <doctest/doctest.h>

#include "warpdrive/hisilicon/zip_lane.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using hisilicon::NowNs;
using hisilicon::ZipLane;

constexpr int64_t kMsNs = 1'000'000;

}  // namespace

TEST_CASE("zip patience: a millisecond per so many bytes of the largest request is added") {
  model::Options options;  // executes nothing by itself
  options.generation = model::Generation::kHip08;
  for (const uint32_t size : {500u, 200'000u}) {
    CAPTURE(size);
    ZipRig rig(options);
    auto opened = rig.transport().OpenQueue(Direction::kCompress);
    REQUIRE(opened.ok());
    auto pair = opened.Take();
    const hisilicon::ZipTarget target{.protocol = pair->rings().protocol, .pool = &pair->pool()};
    ZipLane lane(std::move(pair), target, {.base_ms = 1000, .bytes_per_ms = 100});
    const Block small(Format::kGzip, Flush::kFinish, std::vector<uint8_t>(400, 'a'), 1);
    const Block block(Format::kGzip, Flush::kFinish, std::vector<uint8_t>(size, 'b'), 2);
    Completion completion;
    const int64_t before = NowNs();
    for (const Block* one : {&block, &small}) {
      REQUIRE(lane.Submit(one->request, &completion) == ZipLane::Taken::kSubmitted);
    }
    lane.Kick();
    const int64_t after = NowNs();
    const int64_t patience = (1000 + size / 100) * kMsNs;
    CHECK(lane.DeadlineNs() >= before + patience);
    CHECK(lane.DeadlineNs() <= after + patience);
    // The base alone is over long ago, if it is a large one.
    lane.CheckHealth(before + patience - kMsNs);
    CHECK(lane.running());
    CHECK(lane.outstanding() == 2);
    lane.CheckHealth(after + patience);
    CHECK_FALSE(lane.running());
    CHECK(lane.problem().find("no completion for") != std::string::npos);
    Completion failed[4];
    REQUIRE(lane.Collect(failed) == 2);
    for (int i = 0; i < 2; ++i) CHECK(failed[i].status == Status::kDeviceError);
  }
}

}  // namespace warpdrive::test
