// A device that lies, hangs or goes: no completion is lost, none comes twice, nothing is read or
// written outside the buffers (run with SAN=address), and what is called done can be decoded.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <set>
#include <thread>

#include "support/random.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using model::FaultKind;
using model::Generation;

std::vector<uint8_t> Text(size_t size) {
  std::vector<uint8_t> data(size);
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>("failover "[i % 9] + i / 700);
  return data;
}

/// Sends all blocks, receives until all are answered, or the queue died with the rest: memory that
/// the device may still write. @return by status
std::map<Status, size_t> RunAll(Queue& queue, std::deque<Block>& blocks, bool check_output) {
  size_t sent = 0;
  std::set<uint64_t> seen;
  std::map<Status, size_t> statuses;
  std::array<Completion, 16> completions;
  while (seen.size() < blocks.size()) {
    while (sent < blocks.size() && queue.Send({&blocks[sent].request, 1}) == 1) ++sent;
    const size_t got = queue.Receive(completions);
    for (size_t i = 0; i < got; ++i) {
      const Completion& completion = completions[i];
      REQUIRE(completion.tag < sent);
      REQUIRE(seen.insert(completion.tag).second);
      ++statuses[completion.status];
      const Request& request = blocks[completion.tag].request;
      CHECK(completion.consumed <= request.input_size);
      CHECK(completion.produced <= request.output_size);
      if (completion.status == Status::kOk && check_output) {
        blocks[completion.tag].CheckDone(completion);
      }
    }
    if (got != 0 || seen.size() == blocks.size() || queue.Wait(10'000)) continue;
    REQUIRE_FALSE(queue.alive());
    break;
  }
  return statuses;
}

std::deque<Block> Blocks(size_t count) {
  std::deque<Block> blocks;
  constexpr Format kFormats[] = {Format::kRaw, Format::kZlib, Format::kGzip};
  for (uint64_t tag = 0; tag < count; ++tag) {
    blocks.emplace_back(kFormats[tag % 3], tag % 2 == 0 ? Flush::kSync : Flush::kFinish,
                        Text(300 + 10 * tag), tag);
  }
  return blocks;
}

}  // namespace

TEST_CASE("zip faults: an error status of one request is that request's alone") {
  for (const uint32_t status : {0x0Eu, 0x0Fu, 0x10u, 0x12u, 0x13u, 0x01u, 0xFFu}) {
    ZipRig rig(Immediate(Generation::kHip08));
    const auto queue = rig.Open();
    rig.function().Inject({.kind = FaultKind::kStatus, .value = status, .after = 3, .count = 2});
    auto blocks = Blocks(12);
    const auto statuses = RunAll(*queue, blocks, true);
    CHECK(statuses.at(Status::kDeviceError) == 2);
    CHECK(statuses.at(Status::kOk) == 10);
    CHECK(queue->alive());
  }
}

TEST_CASE("zip faults: impossible lengths are a device error") {
  for (const FaultKind kind : {FaultKind::kConsumed, FaultKind::kProduced}) {
    for (const uint32_t value : {0u, 1u, 3u, 299u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
      ZipRig rig(Immediate(Generation::kHip08), true);
      const auto queue = rig.Open();
      rig.function().Inject({.kind = kind, .value = value, .count = 4});
      auto blocks = Blocks(10);
      CHECK(RunAll(*queue, blocks, true).at(Status::kDeviceError) == 4);
    }
  }
}

TEST_CASE("zip faults: a completion that belongs to nobody ends the queue, and nothing is lost") {
  for (const FaultKind kind : {FaultKind::kTag, FaultKind::kSqHead, FaultKind::kDuplicate}) {
    ZipRig rig(Immediate(Generation::kHip09));
    const auto queue = rig.Open();
    rig.function().Inject({.kind = kind, .value = 0x8001, .after = 4});
    auto blocks = Blocks(12);
    const auto statuses = RunAll(*queue, blocks, true);
    CHECK(statuses.count(Status::kDeviceError) == 1);
    CHECK_FALSE(queue->alive());
  }
}

TEST_CASE("zip faults: fields that mean nothing are not looked at") {
  for (const FaultKind kind : {FaultKind::kSqNum, FaultKind::kCqeStatus}) {
    ZipRig rig(Immediate(Generation::kHip09));
    const auto queue = rig.Open();
    rig.function().Inject({.kind = kind, .value = 0x2AAA, .count = 100});
    auto blocks = Blocks(12);
    CHECK(RunAll(*queue, blocks, true).at(Status::kOk) == 12);
    CHECK(queue->alive());
  }
}

TEST_CASE("zip faults: a hung device is given up in time, its memory only when it was stopped") {
  for (const FaultKind kind : {FaultKind::kHang, FaultKind::kLose, FaultKind::kPhase}) {
    for (const bool stoppable : {true, false}) {
      ZipRig rig(Immediate(Generation::kHip09), false, 8u << 20, 30);
      if (!stoppable) rig.transport().CannotStop();
      auto queue = rig.Open();
      const size_t at_rest = rig.device().qm().pool().in_use();
      rig.function().Inject({.kind = kind, .after = 5, .count = 1000});
      auto blocks = Blocks(8);
      const auto begin = std::chrono::steady_clock::now();
      const auto statuses = RunAll(*queue, blocks, true);
      const auto took = std::chrono::steady_clock::now() - begin;
      CHECK(statuses.at(Status::kDeviceError) == 3);
      CHECK(took >= std::chrono::milliseconds(30));
      CHECK_FALSE(queue->alive());
      const size_t in_use = rig.device().qm().pool().in_use();
      CHECK((stoppable ? in_use == at_rest : in_use > at_rest));
      queue.reset();
    }
  }
}

TEST_CASE("zip faults: what lies in callers' memory is theirs again only when the device let go") {
  ZipRig rig(Immediate(Generation::kHip09), true, 8u << 20, 30);
  rig.transport().CannotStop();
  auto queue = rig.Open();
  rig.function().Inject({.kind = FaultKind::kHang, .after = 5, .count = 1000});
  auto blocks = Blocks(8);
  const auto statuses = RunAll(*queue, blocks, true);
  CHECK(statuses.size() == 1);
  CHECK(statuses.at(Status::kOk) == 5);
  CHECK_FALSE(queue->alive());
  // Later ones never reach the device.
  const Block late(Format::kGzip, Flush::kFinish, Text(100), 100);
  REQUIRE(queue->Send({&late.request, 1}) == 1);
  CHECK(Collect(*queue, 1).at(100).status == Status::kDeviceError);
}

TEST_CASE("zip faults: the owner that sleeps is told of a hung device") {
  model::Options options;
  ZipRig rig(options, false, 8u << 20, 50);
  std::atomic<uint32_t> notified{0};
  const auto queue = rig.Open(
      {.notify = [](void* count) { static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1); },
       .notify_context = &notified});
  auto blocks = Blocks(1);
  REQUIRE(queue->Send({&blocks[0].request, 1}) == 1);
  REQUIRE(queue->Arm());
  for (int ms = 0; ms < 10'000 && notified.load() == 0; ++ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(notified.load() == 1);
  std::array<Completion, 1> completion;
  REQUIRE(queue->Receive(completion) == 1);
  CHECK(completion[0].status == Status::kDeviceError);
}

TEST_CASE("zip faults: reset and removal in mid-work") {
  for (const FaultKind kind : {FaultKind::kReset, FaultKind::kRemove}) {
    ZipRig rig(Immediate(Generation::kHip08), false, 8u << 20, 100);
    const auto queue = rig.Open();
    rig.function().Inject({.kind = kind, .after = 6});
    auto blocks = Blocks(20);
    const auto statuses = RunAll(*queue, blocks, true);
    CHECK(statuses.at(Status::kOk) + statuses.at(Status::kDeviceError) == 20);
    CHECK_FALSE(queue->alive());
  }
}

TEST_CASE("zip faults: a queue closes though its device does nothing") {
  for (const Generation generation : {Generation::kHip08, Generation::kHip09}) {
    model::Options options;
    options.generation = generation;
    ZipRig rig(options, false, 8u << 20, 30);
    auto blocks = Blocks(5);
    auto queue = rig.Open();
    const size_t at_rest = rig.device().qm().pool().in_use();
    for (Block& block : blocks) REQUIRE(queue->Send({&block.request, 1}) == 1);
    queue.reset();
    if (generation == Generation::kHip09) {  // can be stopped
      CHECK(rig.function().Run() == 0);
      CHECK(rig.device().qm().Healthy());
    } else {
      // What it still does it does to memory that nobody else gets, until the function is reset.
      CHECK(rig.function().Run() == 5);
      CHECK_FALSE(rig.device().qm().Healthy());
      CHECK(rig.device().qm().pool().in_use() >= at_rest);
    }
  }
}

TEST_CASE("zip faults: any descriptor and completion field may have any value") {
  Random random;
  for (int round = 0; round < 50; ++round) {
    const auto generation = random.Chance(2) ? Generation::kHip08 : Generation::kHip09;
    model::Options options = Immediate(generation);
    options.seed = random.Next();
    if (generation == Generation::kHip09 && random.Chance(2)) options.sq_depth = 8;
    ZipRig rig(options, random.Chance(2), 4u << 20, 20);
    const auto queue = rig.Open();
    constexpr FaultKind kKinds[] = {FaultKind::kRandomSqe, FaultKind::kRandomCqe,
                                    FaultKind::kMutateSqe, FaultKind::kDelay,
                                    FaultKind::kDuplicate, FaultKind::kPhase};
    for (size_t faults = random.Between(1, 3); faults != 0; --faults) {
      rig.function().Inject({.kind = kKinds[random.Below(6)],
                             .value = static_cast<uint32_t>(random.Next()),
                             .dword = static_cast<uint32_t>(random.Below(32)),
                             .after = random.Below(10),
                             .count = 1000,
                             .one_in = static_cast<uint32_t>(random.Between(1, 6))});
    }
    auto blocks = Blocks(40);
    RunAll(*queue, blocks, false);
  }
}

TEST_CASE("zip faults: every word of the write-back, with values at the edges") {
  for (uint32_t dword = 0; dword < 32; ++dword) {
    for (const uint32_t value : {0u, 1u, 0x00800000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
      ZipRig rig(Immediate(dword % 2 == 0 ? Generation::kHip08 : Generation::kHip09), true,
                 2u << 20, 20);
      const auto queue = rig.Open();
      rig.function().Inject(
          {.kind = FaultKind::kMutateSqe, .value = value, .dword = dword, .count = 1000});
      auto blocks = Blocks(6);
      RunAll(*queue, blocks, false);
    }
  }
}

}  // namespace warpdrive::test
