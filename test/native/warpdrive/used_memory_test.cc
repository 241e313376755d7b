#include "warpdrive/hisilicon/used_memory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <thread>

#include "support/random.h"
#include "warpdrive/hisilicon/staging.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using hisilicon::Staging;
using hisilicon::UsedMemory;
using model::Generation;

struct Arena {
  SvaMapper mapper;
  std::unique_ptr<DmaPool> pool = DmaPool::Create(&mapper, 1u << 20).Take();
};

bool AllZero(const uint8_t* data, size_t size) {
  return std::all_of(data, data + size, [](uint8_t byte) { return byte == 0; });
}

DmaBlock Spoiled(DmaPool& pool, size_t size) {
  DmaBlock block = pool.Take(size);
  REQUIRE(block);
  CHECK(AllZero(block.data(), size));
  std::memset(block.data(), 0xAA, size);
  return block;
}

std::vector<uint8_t> Noise(size_t size, Random& random) {
  std::vector<uint8_t> data(size);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random.Next());
  return data;
}

}  // namespace

TEST_CASE("used memory: waits until it is shared and somebody has time, up to a limit") {
  Arena arena;
  UsedMemory used(256u << 10);
  for (int i = 0; i < 3; ++i) used.Add(Spoiled(*arena.pool, 64u << 10), 64u << 10);
  CHECK(used.Due());
  CHECK(used.waiting() == 192u << 10);
  CHECK_FALSE(used.ClearOne());
  used.Share();
  CHECK_FALSE(used.Due());
  CHECK(used.ClearOne());
  CHECK(arena.pool->in_use() == 128u << 10);
  used.Add(Spoiled(*arena.pool, 128u << 10), 128u << 10);
  CHECK(arena.pool->in_use() == 256u << 10);
  // No more than the limit: this one is cleared at once.
  used.Add(Spoiled(*arena.pool, 64), 64);
  CHECK(arena.pool->in_use() == 256u << 10);
  CHECK(used.ClearAll());
  CHECK_FALSE(used.ClearAll());
  CHECK(used.waiting() == 0);
  CHECK(arena.pool->in_use() == 0);
  const DmaBlock all = arena.pool->Take(1u << 20);
  CHECK(AllZero(all.data(), all.size()));
}

TEST_CASE("used memory: contexts that were cleared are kept for those who ask, up to a limit") {
  constexpr size_t kBlock = 64u << 10;
  Arena arena;
  UsedMemory used(1u << 20, kBlock, 2 * kBlock);
  CHECK_FALSE(used.TakeClean());
  for (int i = 0; i < 4; ++i) used.Add(Spoiled(*arena.pool, kBlock), kBlock);
  used.Add(Spoiled(*arena.pool, 128), 128);
  used.Share();
  CHECK_FALSE(used.TakeClean());  // nobody has cleared any
  while (used.ClearOne()) {
  }
  CHECK(used.waiting() == 0);
  CHECK(arena.pool->in_use() == 2 * kBlock);  // the others went back
  DmaBlock block = used.TakeClean();
  REQUIRE(block);
  CHECK(block.size() == kBlock);
  CHECK(AllZero(block.data(), kBlock));
  std::memset(block.data(), 0xAA, kBlock);
  used.Add(std::move(block), kBlock);
  used.Share();
  CHECK(used.ClearOne());
  block = used.TakeClean();
  REQUIRE(block);
  CHECK(AllZero(block.data(), kBlock));

  SUBCASE("given up") { used.GiveUp(); }
  SUBCASE("asked for all") { CHECK(used.ClearAll()); }
  CHECK(arena.pool->in_use() == kBlock);
  CHECK_FALSE(used.TakeClean());
  // What is cleared after that goes back too.
  used.Add(std::move(block), 1);
  used.Share();
  used.GiveUp();
  CHECK(used.ClearOne());
  CHECK(arena.pool->in_use() == 0);
  CHECK_FALSE(used.ClearAll());
}

TEST_CASE("used memory: cleared by another thread while the owner adds, and asks for all") {
  Arena arena;
  UsedMemory used(512u << 10, 32u << 10, 256u << 10);
  std::atomic<bool> quit{false};
  std::thread watch([&] {
    while (!quit.load()) used.ClearOne();
  });
  for (int i = 0; i < 2000; ++i) {
    DmaBlock block = used.TakeClean();
    if (!block) block = arena.pool->Take(32u << 10);
    if (!block) {
      // What the other thread has in its hands is waited for, so there is room now.
      REQUIRE(used.ClearAll());
      block = arena.pool->Take(32u << 10);
    }
    REQUIRE(block);
    CHECK(AllZero(block.data(), block.size()));
    std::memset(block.data(), 0xAA, block.size());
    used.Add(std::move(block), 32u << 10);
    if (i % 5 == 0) used.Share();
  }
  quit.store(true);
  watch.join();
  used.ClearAll();
  CHECK(arena.pool->in_use() == 0);
}

TEST_CASE("staging: what a request finds are zeros, but for what its input takes the place of") {
  Random random;
  Arena arena;
  UsedMemory used(1u << 20);
  Staging staging(arena.pool.get());
  const uint32_t sizes[] = {0, 1, 63, 64, 1000, 5000};
  for (int i = 0; i < 5000; ++i) {
    const auto input = sizes[random.Below(6)] + static_cast<uint32_t>(random.Below(4));
    const uint32_t output = 1 + sizes[random.Below(6)];
    DmaBlock block = staging.Take(input, output);
    REQUIRE(block);
    const uint32_t before = Staging::RoundUp(input);
    REQUIRE(block.size() == before + Staging::RoundUp(output));
    REQUIRE(AllZero(block.data() + input, block.size() - input));
    std::memset(block.data(), 0xAA, input);
    const auto produced = static_cast<uint32_t>(random.Below(output + 1));
    std::memset(block.data() + before, 0xBB, produced);
    staging.Keep(std::move(block), input, produced);
    if (random.Below(20) == 0) {
      staging.GiveUp(&used);
      used.ClearAll();
      CHECK(arena.pool->in_use() == 0);
    }
  }
}

TEST_CASE("zip device: nothing of a stream is left in memory when there is nothing to do") {
  Random random;
  for (const bool sva : {false, true}) {
    model::Options options = Immediate(Generation::kHip09);
    ZipRig rig(options, sva, 4u << 20);
    for (const bool watched : {false, true}) {
      const auto queue = rig.Open(watched ? QueueOptions{.notify = [](void*) {}} : QueueOptions{});
      DmaPool& pool = rig.device().qm().pool();
      const size_t idle = pool.in_use();
      std::deque<Block> blocks;
      for (int round = 0; round < 20; ++round) {
        std::vector<Request> batch;
        for (size_t i = 1 + random.Below(8); i != 0; --i) {
          const Flush flush = random.Chance(2) ? Flush::kSync : Flush::kFinish;
          const size_t size = random.Chance(2) ? 8192 : 1 + random.Below(30000);
          blocks.emplace_back(Format::kGzip, flush, Noise(size, random), blocks.size());
          batch.push_back(blocks.back().request);
        }
        size_t sent = 0;
        while (sent < batch.size()) {
          const size_t count = queue->Send(std::span(batch).subspan(sent));
          REQUIRE(count != 0);
          sent += count;
          std::array<Completion, 8> completions;
          const size_t got = queue->Receive(completions);
          for (size_t i = 0; i < got; ++i) blocks[completions[i].tag].CheckDone(completions[i]);
        }
      }
      CHECK(queue->Arm());
      for (int ms = 0; ms < 10'000 && pool.in_use() != idle; ++ms) usleep(1000);
      CHECK(pool.in_use() == idle);
    }
    rig.CheckClean();
  }
}

}  // namespace warpdrive::test
