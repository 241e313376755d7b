// Where a queue's owner and its watch sleep when the kernel has a WAIT, as spimdev's has.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>

#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

/// Executes a request when Run(1) says so, and not before.
model::Options Held() {
  model::Options options;
  options.generation = model::Generation::kHip08;
  return options;
}

/// A kernel's WAIT.
struct Kernel {
  std::atomic<uint32_t> waits{0};
  std::atomic<uint32_t> longest_ms{0};
  /// The first wait in which a request may complete; 0 = none, as it is after that.
  std::atomic<uint32_t> complete_at{0};
  std::atomic<WaitEnd> end{WaitEnd::kTimeout};
  std::atomic<uint32_t> notified{0};

  void Install(ZipRig& rig) {
    rig.transport().WaitsBy([this, &rig](uint32_t timeout_ms) {
      if (timeout_ms > longest_ms.load()) longest_ms.store(timeout_ms);
      const uint32_t at = complete_at.load();
      if (waits.fetch_add(1) + 1 >= at && at != 0) {
        complete_at = 0;
        CHECK(rig.function().Run(1) == 1);
      }
      usleep(1000);
      return end.load();
    });
  }
  QueueOptions Notifying() {
    return {.notify = [](void* count) { static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1); },
            .notify_context = &notified};
  }
};

Block Small(uint64_t tag) {
  return Block(Format::kGzip, Flush::kFinish, std::vector<uint8_t>(500, 'w'), tag);
}

/// Until `value` is `least`; what never comes is noticed by the caller's CHECK.
void Until(const std::atomic<uint32_t>& value, uint32_t least) {
  for (int ms = 0; ms < 20'000 && value.load() < least; ++ms) usleep(1000);
  REQUIRE(value.load() >= least);
}

}  // namespace

TEST_CASE("zip wait: the owner sleeps in WAIT, which the completion ends") {
  ZipRig rig(Held());
  Kernel kernel;
  kernel.complete_at = 3;
  kernel.end = WaitEnd::kWoken;
  kernel.Install(rig);
  const auto queue = rig.Open();
  Block block = Small(1);
  REQUIRE(queue->Send({&block.request, 1}) == 1);
  CHECK(queue->Wait(0));
  CHECK(kernel.waits == 3);
  // Nobody hears of anything else meanwhile.
  CHECK(kernel.longest_ms == 1);
  block.CheckDone(Collect(*queue, 1).at(1));
  rig.CheckClean();
}

TEST_CASE("zip wait: the watch sleeps in WAIT, and closes amid it") {
  ZipRig rig(Held());
  Kernel kernel;
  kernel.Install(rig);
  Block block = Small(1);
  auto queue = rig.Open(kernel.Notifying());
  REQUIRE(queue->Send({&block.request, 1}) == 1);
  REQUIRE(queue->Arm());
  SUBCASE("a completion is notified") {
    Until(kernel.waits, 3);
    CHECK(kernel.notified == 0);
    kernel.complete_at = kernel.waits.load() + 2;
    Until(kernel.notified, 1);
    block.CheckDone(Collect(*queue, 1).at(1));
  }
  SUBCASE("a new request leaves it in WAIT") {
    Until(kernel.waits, 3);
    Block other = Small(2);
    REQUIRE(queue->Send({&other.request, 1}) == 1);
    REQUIRE(queue->Arm());
    Until(kernel.waits, kernel.waits.load() + 3);
    REQUIRE(rig.function().Run(2) == 2);
    Until(kernel.notified, 1);
    const auto done = Collect(*queue, 2);
    block.CheckDone(done.at(1));
    other.CheckDone(done.at(2));
  }
  SUBCASE("the queue is closed") {
    Until(kernel.waits, 3);
    REQUIRE(rig.function().Run(1) == 1);
  }
  queue.reset();
  CHECK(kernel.longest_ms == 1);
  rig.CheckClean();
}

TEST_CASE("zip wait: a WAIT that no completion ends is given up for naps") {
  ZipRig rig(Held());
  Kernel kernel;
  kernel.Install(rig);
  const auto queue = rig.Open();
  constexpr uint32_t kMisses = 4;
  for (uint32_t missed = 1; missed <= kMisses; ++missed) {
    Block block = Small(missed);
    REQUIRE(queue->Send({&block.request, 1}) == 1);
    kernel.complete_at = kernel.waits + 1;
    CHECK(queue->Wait(0));
    CHECK(kernel.waits == missed);
    block.CheckDone(Collect(*queue, 1).at(missed));
  }
  Block block = Small(99);
  REQUIRE(queue->Send({&block.request, 1}) == 1);
  CHECK_FALSE(queue->Wait(50));
  CHECK(kernel.waits == kMisses);
  REQUIRE(rig.function().Run(1) == 1);
  CHECK(queue->Wait(0));
  block.CheckDone(Collect(*queue, 1).at(99));
}

TEST_CASE("zip wait: one that wakes now and then is kept") {
  ZipRig rig(Held());
  Kernel kernel;
  kernel.Install(rig);
  const auto queue = rig.Open();
  for (uint32_t round = 1; round <= 12; ++round) {
    kernel.end = round % 4 == 0 ? WaitEnd::kWoken : WaitEnd::kTimeout;
    Block block = Small(round);
    REQUIRE(queue->Send({&block.request, 1}) == 1);
    kernel.complete_at = kernel.waits + 1;
    CHECK(queue->Wait(0));
    CHECK(kernel.waits == round);
    block.CheckDone(Collect(*queue, 1).at(round));
  }
}

TEST_CASE("zip wait: the owner hears at once of a device that WAIT says is gone") {
  ZipRig rig(Held(), false, 4u << 20, 1'000'000);  // no request is ever late
  Kernel kernel;
  kernel.end = WaitEnd::kGone;
  kernel.Install(rig);
  Block block = Small(1);
  const auto queue = rig.Open(kernel.Notifying());
  REQUIRE(queue->Send({&block.request, 1}) == 1);
  REQUIRE(queue->Arm());
  Until(kernel.notified, 1);
  CHECK(kernel.waits == 1);
  REQUIRE(rig.function().Run(1) == 1);
  block.CheckDone(Collect(*queue, 1).at(1));
}

TEST_CASE("zip wait: with both directions busy neither is waited for alone") {
  ZipRig rig(Held());
  Kernel kernel;
  kernel.Install(rig);
  const auto queue = rig.Open();
  StreamParams params;
  params.format = Format::kZlib;
  const auto context = rig.zip().MakeInflateContext(params, {});
  REQUIRE(context);
  const std::vector<uint8_t> packed = {0x78, 0x9c, 0x4b, 0x04, 0x00, 0x00, 0x62, 0x00, 0x62};
  std::vector<uint8_t> output(16);
  Request unpack;
  unpack.tag = 2;
  unpack.operation = Operation::kDecompress;
  unpack.params = params;
  unpack.context = context.get();
  unpack.flush = Flush::kFinish;
  unpack.input = packed.data();
  unpack.input_size = static_cast<uint32_t>(packed.size());
  unpack.output = output.data();
  unpack.output_size = static_cast<uint32_t>(output.size());
  Block block = Small(1);
  const std::array<Request, 2> both = {block.request, unpack};
  REQUIRE(queue->Send(both) == 2);
  CHECK_FALSE(queue->Wait(50));
  CHECK(kernel.waits == 0);
  rig.function().Run();
  const auto done = Collect(*queue, 2);
  block.CheckDone(done.at(1));
  CHECK(done.at(2).status == Status::kStreamEnd);
  CHECK(output[0] == 'a');
}

}  // namespace warpdrive::test
