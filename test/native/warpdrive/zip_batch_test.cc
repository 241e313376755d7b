// How many completions the owner of a queue is woken for, and so how many requests follow with one
// doorbell.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>

#include "model/registers.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using model::Generation;

std::vector<uint8_t> Text(size_t size) {
  std::vector<uint8_t> data(size);
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>("warp and weft "[i * i % 14]);
  return data;
}

size_t SqBells(model::ZipFunction& function) {
  size_t bells = 0;
  for (const model::Store& store : function.stores()) {
    if (store.offset % 0x10000 == 0x1000 && (store.word() >> 12 & 0xF) == 0) ++bells;
  }
  return bells;
}

/// A model that executes one request for each Run(1), on rings that wrap often.
model::Options StepByStep() {
  model::Options options;
  options.generation = Generation::kHip09;
  options.sq_depth = 100;
  options.cq_depth = 90;
  return options;
}

struct Load {
  size_t requests = 0;
  size_t wakes = 0;   ///< Arm() said that there is something to take
  size_t waited = 0;  ///< most completions at a time that were there and not worth it
};

/// Keeps `width` requests in flight, as an owner does who looks only when Arm() says so.
Load Drive(ZipRig& rig, Queue& queue, size_t width, size_t total) {
  std::deque<Block> blocks;
  for (size_t i = 0; i < width; ++i) {
    blocks.emplace_back(Format::kGzip, i % 2 == 0 ? Flush::kSync : Flush::kFinish, Text(8192), i);
  }
  std::vector<Request> next;
  for (const Block& block : blocks) next.push_back(block.request);
  Load load;
  std::array<Completion, 64> completions;
  size_t done = 0;
  size_t waiting = 0;
  while (done < total) {
    REQUIRE(queue.Send(next) == next.size());
    load.requests += next.size();
    next.clear();
    while (queue.Arm()) {
      load.waited = std::max(load.waited, waiting);
      REQUIRE(rig.function().Run(1) == 1);
      ++waiting;
    }
    ++load.wakes;
    waiting = 0;
    size_t got;
    while ((got = queue.Receive(completions)) != 0) {
      done += got;
      for (size_t i = 0; i < got; ++i) {
        const Block& block = blocks[completions[i].tag];
        block.CheckDone(completions[i]);
        if (load.requests + next.size() < total) next.push_back(block.request);
      }
    }
  }
  return load;
}

}  // namespace

TEST_CASE("zip batch: 64 in flight, completed one by one, make 16 requests per doorbell") {
  ZipRig rig(StepByStep());
  const auto queue = rig.Open();
  rig.function().ClearRecords();
  const Load load = Drive(rig, *queue, 64, 2000);
  CHECK(load.requests == 2000);
  CHECK(load.requests >= 16 * SqBells(rig.function()));
  // The engine is never left without work for it.
  CHECK(load.waited < 64 / 2);
  rig.CheckClean();
}

TEST_CASE("zip batch: nobody waits for others where few are in flight") {
  ZipRig rig(StepByStep());
  const auto queue = rig.Open();
  for (const size_t width : {1, 2, 5}) {
    const Load load = Drive(rig, *queue, width, 100);
    CHECK(load.wakes == 100);
    CHECK(load.waited == 0);
  }
  rig.CheckClean();
}

TEST_CASE("zip batch: a notification comes with the batch, or when it takes too long") {
  ZipRig rig(StepByStep());
  std::atomic<uint32_t> notified{0};
  const auto queue = rig.Open(
      {.notify = [](void* count) { static_cast<std::atomic<uint32_t>*>(count)->fetch_add(1); },
       .notify_context = &notified});
  const auto wait = [&](uint32_t count) {
    for (int ms = 0; ms < 10'000 && notified.load() < count; ++ms) usleep(1000);
    CHECK(notified.load() == count);
  };
  std::deque<Block> blocks;
  std::vector<Request> requests;
  for (size_t i = 0; i < 64; ++i) {
    blocks.emplace_back(Format::kGzip, Flush::kFinish, Text(500), i);
    requests.push_back(blocks.back().request);
  }
  REQUIRE(queue->Send(requests) == 64);
  REQUIRE(queue->Arm());
  usleep(30'000);
  CHECK(notified.load() == 0);
  // The engine hangs amid the batch: what is done is not kept back for long.
  REQUIRE(rig.function().Run(5) == 5);
  wait(1);
  std::array<Completion, 64> completions;
  CHECK(queue->Receive(completions) == 5);
  REQUIRE(queue->Arm());
  REQUIRE(rig.function().Run(40) == 40);
  wait(2);
  CHECK(queue->Receive(completions) == 40);
  // The last ones of a burst come one by one.
  REQUIRE(queue->Arm());
  rig.function().Run();
  wait(3);
  CHECK(queue->Receive(completions) == 19);
}

}  // namespace warpdrive::test
