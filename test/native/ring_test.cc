#include "device/ring.h"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "support/random.h"

namespace warpdrive::test {
namespace {

Request Numbered(uint64_t tag) {
  Request request;
  request.tag = tag;
  request.input_size = 100;
  request.output_size = 200;
  return request;
}

Completion Done(uint64_t tag) {
  return {.tag = tag, .status = Status::kOk, .consumed = 1, .produced = 2, .checksum = 3};
}

}  // namespace

TEST_CASE("ring: a request comes through with all its fields") {
  uint8_t bytes[4] = {};
  const Request sent{.tag = 0x0123456789abcdef,
                     .operation = Operation::kDecompress,
                     .flush = Flush::kFull,
                     .params = {.format = Format::kAuto,
                                .level = 9,
                                .window_bits = 13,
                                .mem_level = 7,
                                .strategy = 3},
                     .input = bytes,
                     .input_size = 1,
                     .history = bytes + 1,
                     .history_size = 2,
                     .output = bytes + 2,
                     .output_size = 3,
                     .context = reinterpret_cast<StreamContext*>(bytes),
                     .canceled = true};
  ring::Memory memory(4);
  ring::Host host(&memory);
  ring::Target target(&memory);
  host.Push(sent);
  Request seen;
  uint16_t index = 0;
  CHECK_FALSE(target.Claim(&seen, &index));  // not before the doorbell
  host.RingDoorbell();
  REQUIRE(target.Claim(&seen, &index));
  CHECK(seen.tag == sent.tag);
  CHECK(seen.operation == sent.operation);
  CHECK(seen.flush == sent.flush);
  CHECK(seen.params.format == sent.params.format);
  CHECK(seen.params.level == sent.params.level);
  CHECK(seen.params.window_bits == sent.params.window_bits);
  CHECK(seen.params.mem_level == sent.params.mem_level);
  CHECK(seen.params.strategy == sent.params.strategy);
  CHECK(seen.input == sent.input);
  CHECK(seen.input_size == sent.input_size);
  CHECK(seen.history == sent.history);
  CHECK(seen.history_size == sent.history_size);
  CHECK(seen.output == sent.output);
  CHECK(seen.output_size == sent.output_size);
  CHECK(seen.context == sent.context);
  CHECK(seen.canceled == sent.canceled);
}

TEST_CASE("ring: an entry is canceled until it is claimed, and no other with it") {
  ring::Memory memory(4);
  ring::Host host(&memory);
  ring::Target target(&memory);
  Request seen;
  Completion completion;
  uint16_t index = 0;
  for (uint64_t lap = 0; lap < 5; ++lap) {
    for (uint64_t i = 1; i <= 3; ++i) host.Push(Numbered(10 * lap + i));
    host.RingDoorbell();
    REQUIRE(target.Claim(&seen, &index));
    target.Post(Done(seen.tag), index);
    host.Cancel(10 * lap + 1);  // completed, and not taken yet
    host.Cancel(10 * lap + 2);
    host.Cancel(777);
    for (uint64_t i = 2; i <= 3; ++i) {
      REQUIRE(target.Claim(&seen, &index));
      CHECK(seen.tag == 10 * lap + i);
      CHECK(seen.canceled == (i == 2));
      target.Post({.tag = seen.tag, .status = Status::kCanceled}, index);
    }
    while (host.Pop(&completion)) {
    }
    CHECK(host.outstanding() == 0);
  }
  CHECK(host.protocol_errors() == 0);
}

TEST_CASE("ring: depth - 1 entries fit, in any order of completion, over many laps") {
  Random random;
  ring::Memory memory(8);
  ring::Host host(&memory);
  ring::Target target(&memory);
  std::vector<std::pair<uint64_t, uint16_t>> running;
  uint64_t sent = 0;
  std::vector<bool> seen(5000);
  uint64_t received = 0;
  while (received < seen.size()) {
    while (host.Room() > 0 && sent < seen.size() && !random.Chance(4)) host.Push(Numbered(sent++));
    host.RingDoorbell();
    CHECK(host.outstanding() <= 7);
    Request request;
    uint16_t index = 0;
    while (target.Claim(&request, &index)) running.emplace_back(request.tag, index);
    while (!running.empty() && !random.Chance(3)) {
      const size_t pick = random.Below(running.size());
      target.Post(Done(running[pick].first), running[pick].second);
      running.erase(running.begin() + static_cast<ptrdiff_t>(pick));
    }
    Completion completion;
    while (host.Pop(&completion)) {
      REQUIRE(completion.tag < seen.size());
      CHECK_FALSE(seen[completion.tag]);
      seen[completion.tag] = true;
      CHECK(completion.produced == 2);
      ++received;
    }
  }
  CHECK(host.protocol_errors() == 0);
  CHECK(host.outstanding() == 0);
}

TEST_CASE("ring: a slow request keeps its slot, whatever the others do") {
  ring::Memory memory(4);
  ring::Host host(&memory);
  ring::Target target(&memory);
  Request request;
  uint16_t slow = 0;
  uint16_t index = 0;
  host.Push(Numbered(0));
  host.RingDoorbell();
  REQUIRE(target.Claim(&request, &slow));
  Completion completion;
  for (uint64_t tag = 1; tag <= 2; ++tag) {
    host.Push(Numbered(tag));
    host.RingDoorbell();
    REQUIRE(target.Claim(&request, &index));
    target.Post(Done(tag), index);
    REQUIRE(host.Pop(&completion));
  }
  CHECK(host.Room() == 0);
  CHECK(memory.sqe(0).tag == 0);
  target.Post(Done(0), slow);
  REQUIRE(host.Pop(&completion));
  CHECK(host.Room() == 3);
}

TEST_CASE("ring: completions that cannot be true") {
  ring::Memory memory(4);
  ring::Host host(&memory);
  ring::Target target(&memory);
  Completion completion;
  Request request;
  uint16_t index = 0;
  host.Push(Numbered(7));
  host.RingDoorbell();
  REQUIRE(target.Claim(&request, &index));

  target.Post(Done(7), 3);      // a slot with nothing in it
  target.Post(Done(8), index);  // another request's tag
  CHECK_FALSE(host.Pop(&completion));
  CHECK(host.protocol_errors() == 2);

  SUBCASE("more consumed than was given") { target.Post({.tag = 7, .consumed = 101}, index); }
  SUBCASE("more produced than there was room for") {
    target.Post({.tag = 7, .produced = 201}, index);
  }
  SUBCASE("a status that does not exist") {
    target.Post({.tag = 7, .status = static_cast<Status>(77)}, index);
  }
  REQUIRE(host.Pop(&completion));
  CHECK(completion.tag == 7);
  CHECK(completion.status == Status::kDeviceError);
  CHECK(completion.consumed == 0);
  CHECK(completion.produced == 0);
  CHECK(host.outstanding() == 0);
}

TEST_CASE("ring: a completion that comes twice counts once") {
  ring::Memory memory(4);
  ring::Host host(&memory);
  ring::Target target(&memory);
  Completion completion;
  Request request;
  uint16_t index = 0;
  host.Push(Numbered(1));
  host.RingDoorbell();
  REQUIRE(target.Claim(&request, &index));
  target.Post(Done(1), index);
  target.Post(Done(1), index);
  CHECK(host.Pop(&completion));
  CHECK_FALSE(host.Pop(&completion));
  CHECK(host.protocol_errors() == 1);
}

TEST_CASE("ring: several threads claim and post; nothing is lost or seen twice") {
  constexpr uint64_t kRequests = 40000;
  ring::Memory memory(64);
  ring::Host host(&memory);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      ring::Target target(&memory);
      Request request;
      uint16_t index = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        if (target.Claim(&request, &index)) {
          target.Post(Done(request.tag), index);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<bool> seen(kRequests);
  uint64_t sent = 0;
  uint64_t received = 0;
  while (received < kRequests) {
    while (host.Room() > 0 && sent < kRequests) host.Push(Numbered(sent++));
    host.RingDoorbell();
    host.Cancel(sent - 1);  // while the others may be at it
    Completion completion;
    bool any = false;
    while (host.Pop(&completion)) {
      any = true;
      if (seen[completion.tag]) FAIL("seen twice");
      seen[completion.tag] = true;
      ++received;
    }
    if (!any) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(host.protocol_errors() == 0);
}

}  // namespace warpdrive::test
