#include "warpdrive/hisilicon/zip_device.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <utility>

#include "model/registers.h"
#include "support/data.h"
#include "support/random.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using model::Generation;

constexpr Generation kGenerations[] = {Generation::kV1, Generation::kHip08, Generation::kHip09};
constexpr Format kFormats[] = {Format::kRaw, Format::kZlib, Format::kGzip};

std::vector<uint8_t> SomeData(size_t size, Random& random) {
  std::vector<uint8_t> data(size);
  const size_t kind = random.Below(3);
  for (size_t i = 0; i < size; ++i) {
    data[i] = kind == 0   ? static_cast<uint8_t>(random.Next())
              : kind == 1 ? static_cast<uint8_t>("the quick brown fox "[i % 20])
                          : static_cast<uint8_t>(random.Below(4) + i / 1000);
  }
  return data;
}

struct Bells {
  size_t sq = 0;
  size_t cq = 0;
};

/// SQ and CQ doorbells among the stores since the last ClearRecords().
Bells CountBells(model::ZipFunction& function, Generation generation) {
  Bells bells;
  for (const model::Store& store : function.stores()) {
    const bool place = generation == Generation::kV1 ? store.offset == model::reg::kDoorbellV1
                                                     : store.offset % 0x10000 == 0x1000;
    if (!place) continue;
    CHECK(store.size == 8);
    const uint64_t command =
        generation == Generation::kV1 ? store.word() >> 16 & 0xFFFF : store.word() >> 12 & 0xF;
    ++(command == 0 ? bells.sq : bells.cq);
  }
  return bells;
}

}  // namespace

TEST_CASE("zip device: blocks of every format, size and generation, mapped and in place") {
  Random random;
  for (const Generation generation : kGenerations) {
    for (const bool sva : {false, true}) {
      ZipRig rig(Immediate(generation), sva);
      const auto queue = rig.Open();
      for (const Format format : kFormats) {
        for (const Flush flush : {Flush::kSync, Flush::kFinish}) {
          for (const size_t size : {0, 1, 17, 200, 8192, 131072}) {
            const Block block(format, flush, SomeData(size, random), random.Next());
            const bool supported = flush == Flush::kFinish || generation != Generation::kV1;
            CHECK(rig.zip().Supports(block.request) == supported);
            REQUIRE(queue->Send({&block.request, 1}) == 1);
            const auto done = Collect(*queue, 1);
            REQUIRE(done.size() == 1);
            if (supported) {
              block.CheckDone(done.begin()->second);
            } else {
              CHECK(done.begin()->second.status == Status::kUnsupported);
            }
          }
        }
      }
      rig.CheckClean();
    }
  }
}

TEST_CASE("zip device: what it cannot do it says") {
  ZipRig v2(Immediate(Generation::kHip08));
  ZipRig v3(Immediate(Generation::kHip09));
  const auto supports = [](ZipRig& rig, auto change) {
    Request request;
    request.flush = Flush::kSync;
    request.params.format = Format::kGzip;
    request.input_size = 1000;
    change(request);
    return rig.zip().Supports(request);
  };
  CHECK(supports(v2, [](Request&) {}));
  CHECK_FALSE(supports(v2, [](Request& request) { request.flush = Flush::kPartial; }));
  CHECK_FALSE(supports(v2, [](Request& request) { request.flush = Flush::kNone; }));
  CHECK_FALSE(supports(v2, [](Request& request) { request.params.strategy = 2; }));
  CHECK_FALSE(supports(v2, [](Request& request) { request.params.window_bits = 14; }));
  CHECK(supports(v3, [](Request& request) { request.params.window_bits = 12; }));
  CHECK_FALSE(supports(v3, [](Request& request) { request.params.window_bits = 11; }));
  CHECK_FALSE(supports(v3, [](Request& request) { request.input_size = kMaxBlockSize + 1; }));
  CHECK(v2.zip().MakeDeflateContext({}, {}) == nullptr);
  CHECK(v2.zip().Info().kind == "hisi_zip-v2");
  CHECK(v3.zip().Info().kind == "hisi_zip-v3");
  CHECK_FALSE(v3.zip().Info().shared_doorbell);
}

TEST_CASE("zip device: a small window is kept to") {
  Random random;
  ZipRig rig(Immediate(Generation::kHip09));
  const auto queue = rig.Open();
  std::vector<uint8_t> data = SomeData(6000, random);
  data.insert(data.end(), data.begin(), data.end());
  Block block(Format::kRaw, Flush::kFinish, std::move(data), 1);
  block.request.params.window_bits = 12;
  REQUIRE(queue->Send({&block.request, 1}) == 1);
  block.CheckDone(Collect(*queue, 1).begin()->second);
  rig.CheckClean();
}

TEST_CASE("zip device: a batch is one doorbell, and so is the taking of it") {
  Random random;
  for (const Generation generation : kGenerations) {
    ZipRig rig(Immediate(generation));
    const auto queue = rig.Open();
    std::deque<Block> blocks;
    std::vector<Request> requests;
    for (uint64_t tag = 0; tag < 64; ++tag) {
      blocks.emplace_back(Format::kGzip, Flush::kFinish, SomeData(8192, random), tag);
      requests.push_back(blocks.back().request);
    }
    rig.function().ClearRecords();
    REQUIRE(queue->Send(requests) == 64);
    CHECK(CountBells(rig.function(), generation).sq == 1);
    std::array<Completion, 64> completions;
    REQUIRE(queue->Receive(completions) == 64);
    const Bells bells = CountBells(rig.function(), generation);
    CHECK(bells.sq == 1);
    CHECK(bells.cq == 1);
    for (const Completion& completion : completions) blocks[completion.tag].CheckDone(completion);
    CHECK(queue->Receive(completions) == 0);
    CHECK(CountBells(rig.function(), generation).cq == 1);
    rig.CheckClean();
  }
}

TEST_CASE("zip device: small rings wrap, hundreds of requests in random batches") {
  Random random;
  for (const bool sva : {false, true}) {
    model::Options options = Immediate(Generation::kHip09);
    options.sq_depth = 8;
    options.cq_depth = 8;
    ZipRig rig(options, sva, 4u << 20);
    const auto queue = rig.Open();
    CHECK(queue->Room() == 7);
    std::deque<Block> blocks;
    size_t done = 0;
    while (done < 300) {
      std::vector<Request> batch;
      const size_t first = blocks.size();
      for (size_t i = random.Below(10); i != 0; --i) {
        const Flush flush = random.Chance(2) ? Flush::kSync : Flush::kFinish;
        blocks.emplace_back(kFormats[random.Below(3)], flush, SomeData(random.Below(3000), random),
                            first + batch.size());
        batch.push_back(blocks.back().request);
      }
      const size_t sent = queue->Send(batch);
      while (blocks.size() > first + sent) blocks.pop_back();
      for (const auto& [tag, completion] : Collect(*queue, sent)) {
        blocks[tag].CheckDone(completion);
        ++done;
      }
    }
    rig.CheckClean();
  }
}

TEST_CASE("zip device: a full pool takes less at a time, and what never fits is not taken") {
  Random random;
  model::Options options;
  ZipRig rig(options, false, 1u << 20);
  const auto queue = rig.Open();
  std::deque<Block> blocks;
  std::vector<Request> requests;
  for (uint64_t tag = 0; tag < 20; ++tag) {
    blocks.emplace_back(Format::kZlib, Flush::kFinish, SomeData(100'000, random), tag);
    requests.push_back(blocks.back().request);
  }
  size_t sent = queue->Send(requests);
  CHECK(sent > 0);
  CHECK(sent < 6);
  size_t done = 0;
  while (done < 20) {
    rig.function().Run();
    const auto completions = Collect(*queue, sent - done);
    REQUIRE(!completions.empty());
    for (const auto& [tag, completion] : completions) blocks[tag].CheckDone(completion);
    done += completions.size();
    sent += queue->Send(std::span(requests).subspan(sent));
  }
  const Block large(Format::kZlib, Flush::kFinish, SomeData(2u << 20, random), 99);
  REQUIRE(queue->Send({&large.request, 1}) == 1);
  CHECK(Collect(*queue, 1).begin()->second.status == Status::kUnsupported);
  rig.CheckClean();
}

TEST_CASE("zip device: less output space than the worst case is enough where the data allows") {
  Random random;
  for (const bool sva : {false, true}) {
    ZipRig rig(Immediate(Generation::kHip08), sva);
    const auto queue = rig.Open();
    const std::vector<uint8_t> zeros(50'000);
    const Block fits(Format::kGzip, Flush::kSync, zeros, 1, 5000);
    REQUIRE(queue->Send({&fits.request, 1}) == 1);
    fits.CheckDone(Collect(*queue, 1).begin()->second);
    std::vector<uint8_t> noise(50'000);
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random.Next());
    const Block tight(Format::kGzip, Flush::kSync, noise, 2, 5000);
    REQUIRE(queue->Send({&tight.request, 1}) == 1);
    CHECK(Collect(*queue, 1).begin()->second.status == Status::kOutputTooSmall);
    rig.CheckClean();
  }
}

TEST_CASE("zip device: a thread of the device, notifications once per batch, 64 in flight") {
  Random random;
  for (const bool sva : {false, true}) {
    model::Options options;
    options.generation = Generation::kHip09;
    ZipRig rig(options, sva);
    std::atomic<uint32_t> notified{0};
    std::deque<Block> blocks;
    const auto queue = rig.Open(
        {.notify = [](void* count) { static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1); },
         .notify_context = &notified});
    rig.function().StartThread();
    for (uint64_t tag = 0; tag < 400; ++tag) {
      blocks.emplace_back(Format::kGzip, tag % 2 == 0 ? Flush::kSync : Flush::kFinish,
                          SomeData(4096, random), tag);
    }
    size_t sent = 0;
    size_t done = 0;
    uint32_t armings = 0;
    std::array<Completion, 64> completions;
    while (done < blocks.size()) {
      while (sent < blocks.size() && sent - done < 64) {
        REQUIRE(queue->Send({&blocks[sent].request, 1}) == 1);
        ++sent;
      }
      const size_t got = queue->Receive(completions);
      for (size_t i = 0; i < got; ++i) blocks[completions[i].tag].CheckDone(completions[i]);
      done += got;
      if (got != 0) continue;
      const uint32_t before = notified.load();
      ++armings;
      if (!queue->Arm()) continue;
      // Asleep, as the JavaScript thread would be: only a notification wakes it. (One may be left
      // of an arming that was taken back.)
      for (int ms = 0; ms < 20'000 && notified.load() == before; ++ms) usleep(1000);
      REQUIRE(notified.load() > before);
    }
    CHECK(notified.load() <= armings);
    rig.function().StopThread();
    rig.CheckClean();
  }
}

TEST_CASE("zip device: armed while idle, it notifies of what is sent later") {
  ZipRig rig(Immediate(Generation::kHip08));
  std::atomic<uint32_t> notified{0};
  const auto queue = rig.Open(
      {.notify = [](void* count) { static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1); },
       .notify_context = &notified});
  CHECK(queue->Arm());
  const Block empty(Format::kZlib, Flush::kFinish, {}, 1);
  const Block block(Format::kZlib, Flush::kFinish, {1, 2, 3}, 2);
  for (const Block* sent : {&empty, &block}) {
    const uint32_t before = notified.load();
    REQUIRE(queue->Arm());
    REQUIRE(queue->Send({&sent->request, 1}) == 1);
    for (int ms = 0; ms < 10'000 && notified.load() == before; ++ms) usleep(1000);
    CHECK(notified.load() == before + 1);
    sent->CheckDone(Collect(*queue, 1).begin()->second);
  }
}

TEST_CASE("zip device: in a forked child nothing is rung, and everything fails over") {
  Random random;
  model::Options options;
  ZipRig rig(options);
  const auto queue = rig.Open();
  const Block before(Format::kZlib, Flush::kFinish, SomeData(1000, random), 1);
  REQUIRE(queue->Send({&before.request, 1}) == 1);
  const size_t stores = rig.function().stores().size();
  const pid_t child = fork();
  if (child == 0) {
    const Block after(Format::kZlib, Flush::kFinish, {}, 2);
    std::array<Completion, 4> completions;
    bool good = queue->Receive(completions) == 1 && completions[0].tag == 1 &&
                completions[0].status == Status::kDeviceError && !queue->alive();
    good &= queue->Send({&after.request, 1}) == 1 && queue->Receive(completions) == 1 &&
            completions[0].status == Status::kDeviceError;
    good &= rig.function().stores().size() == stores;
    _exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  rig.function().Run();
  before.CheckDone(Collect(*queue, 1).begin()->second);
}

}  // namespace warpdrive::test
