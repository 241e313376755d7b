#include <doctest/doctest.h>

#include <cstring>

#include "bench.h"

namespace warpdrive::model {
namespace {

/// One compression with the fault in force; CQE and SQE as the host finds them.
struct Hit {
  explicit Hit(const Fault& fault, const Options& options = {}) : bench(options) {
    bench.function.Inject(fault);
    bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096));
    bench.RingSq(kCompressQueue);
    bench.function.Run();
    completed = bench.Take(kCompressQueue, &cqe, &sqe);
  }
  bool Next() {
    return bench.Do(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096)).dw[3] == 0;
  }

  Bench bench;
  Cqe cqe{};
  Sqe sqe;
  bool completed;
};

}  // namespace

TEST_CASE("fault: each kind changes what it says, once") {
  CHECK_FALSE(Hit({FaultKind::kLose}).completed);
  CHECK(Hit({FaultKind::kStatus, 0x0f}).sqe.dw[3] == 0x0f);
  CHECK(Hit({FaultKind::kConsumed, 77}).sqe.dw[0] == 77);
  CHECK(Hit({FaultKind::kProduced, 0xffffffff}).sqe.dw[1] == 0xffffffff);
  CHECK(Hit({FaultKind::kTag, 1}).sqe.dw[13] == (0x7a67 ^ 1));
  CHECK(Hit({FaultKind::kSqHead, 9999}).cqe.sq_head == 9999);
  CHECK(Hit({FaultKind::kSqNum, 3}).cqe.sq_num == 3);
  CHECK_FALSE(Hit({FaultKind::kPhase}).completed);
  CHECK(Hit({FaultKind::kCqeStatus, 5}).cqe.status == 5);
  CHECK(Hit({FaultKind::kMutateSqe, 0xdead, 18}).sqe.dw[18] == 0xdead);
  Hit hit({FaultKind::kStatus, 0x0f});
  CHECK(hit.Next());
  Hit t3({FaultKind::kTag, 1}, [] {
    Options options;
    options.generation = Generation::kHip09;
    return options;
  }());
  CHECK(t3.sqe.dw[26] == (0x7a67 ^ 1));
}

TEST_CASE("fault: corrupted output looks whole and is not") {
  Hit hit({FaultKind::kCorruptOutput});
  CHECK(hit.sqe.dw[3] == 0);
  std::vector<uint8_t> whole = StreamHeader(request::kZlib);
  const std::vector<uint8_t> out = hit.bench.Output(hit.sqe);
  whole.insert(whole.end(), out.begin(), out.end());
  CHECK(ZlibDecompress(whole, 15) != Text(1000));
}

TEST_CASE("fault: an engine that leaves the mapped memory is stopped there, and says so") {
  for (const FaultKind kind : {FaultKind::kWildSource, FaultKind::kWildTarget}) {
    Hit hit({kind, 0x100000});
    CHECK(hit.completed);
    CHECK(hit.sqe.dw[3] == status::kDmaFault);
    const std::vector<Violation> violations = hit.bench.function.violations();
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].reason == Reason::kSqeDma);
    CHECK(hit.Next());
  }
}

TEST_CASE("fault: delayed completions are overtaken, duplicates come twice") {
  Bench bench(Options{});
  bench.function.Inject({FaultKind::kDelay, 2});
  const Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
  bench.Put(kCompressQueue, sqe);
  bench.Put(kCompressQueue, sqe);
  bench.RingSq(kCompressQueue);
  bench.function.Run();
  Cqe cqe;
  Sqe done;
  REQUIRE(bench.Take(kCompressQueue, &cqe, &done));
  CHECK(cqe.sq_head == 1);
  CHECK_FALSE(bench.Take(kCompressQueue, &cqe, &done));
  CHECK(bench.function.HasWork());
  bench.function.Run();
  CHECK_FALSE(bench.Take(kCompressQueue, &cqe, &done));
  bench.function.Run();
  REQUIRE(bench.Take(kCompressQueue, &cqe, &done));
  CHECK(cqe.sq_head == 0);
  CHECK_FALSE(bench.function.HasWork());

  bench.function.Inject({FaultKind::kDuplicate});
  bench.Put(kCompressQueue, sqe);
  bench.RingSq(kCompressQueue);
  bench.function.Run();
  for (int i = 0; i < 2; ++i) {
    REQUIRE(bench.Take(kCompressQueue, &cqe, &done));
    CHECK(cqe.sq_head == 2);
  }
}

TEST_CASE("fault: after, count, queue and one in so many") {
  Bench bench(Options{});
  const Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
  bench.function.Inject({FaultKind::kStatus, 0x0f, 0, kCompressQueue, 2, 3});
  CHECK(bench.Do(kDecompressQueue, sqe).dw[3] != 0x0f);
  for (int i = 0; i < 8; ++i) {
    const bool hit = i >= 2 && i < 5;
    CHECK((bench.Do(kCompressQueue, sqe).dw[3] == 0x0f) == hit);
  }
  const auto pattern = [&sqe](uint64_t seed) {
    Options options;
    options.seed = seed;
    Bench other(options);
    other.function.Inject({FaultKind::kStatus, 0x0f, 0, -1, 0, 1000, 3});
    std::vector<bool> hits;
    for (int i = 0; i < 60; ++i) {
      const Sqe request = other.Stateless(request::kZlib, Text(100), 4096);
      hits.push_back(other.Do(kCompressQueue, request).dw[3] == 0x0f);
    }
    return hits;
  };
  const std::vector<bool> first = pattern(5);
  CHECK(first == pattern(5));
  CHECK(first != pattern(6));
  bench.function.Inject({FaultKind::kStatus, 0x0f, 0, -1, 0, 100});
  bench.function.ClearFaults();
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == 0);
}

TEST_CASE("fault: hang, reset with stop flags, removal") {
  Hit hang({FaultKind::kHang});
  CHECK_FALSE(hang.completed);
  CHECK_FALSE(hang.Next());
  CHECK_FALSE(hang.bench.function.HasWork());

  std::vector<std::pair<bool, bool>> flags;
  Options options;
  options.on_stop = [&flags](bool tx, bool rx) { flags.emplace_back(tx, rx); };
  Hit reset({FaultKind::kReset}, options);
  CHECK_FALSE(reset.completed);
  CHECK(flags == std::vector<std::pair<bool, bool>>{{true, false}, {true, true}});
  CHECK_FALSE(reset.Next());
  CHECK(reset.bench.Has(Reason::kDoorbellNotStarted));
  CHECK(reset.bench.kernel.BringUp());
  flags.clear();
  reset.bench.function.ControllerReset();
  CHECK(flags.size() == 2);

  Hit removed({FaultKind::kRemove});
  CHECK_FALSE(removed.completed);
  uint32_t identity;
  removed.bench.function.ReadConfig(0, &identity, sizeof(identity));
  CHECK(identity == 0xffffffff);
  CHECK(removed.bench.function.Read32(2, reg::kMailbox) == 0xffffffff);
  removed.bench.function.Reset();
  CHECK(removed.bench.function.Read32(2, reg::kMailbox) == 0xffffffff);
}

TEST_CASE("fault: random write-back is repeatable and stays in the descriptor") {
  const auto run = [](FaultKind kind, uint64_t seed) {
    Options options;
    options.seed = seed;
    Bench bench(options);
    bench.function.Inject({kind, 0, 0, -1, 0, 1000});
    std::vector<uint32_t> words;
    for (int i = 0; i < 20; ++i) {
      bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(100), 4096));
      bench.RingSq(kCompressQueue);
      bench.function.Run();
      const HostQueue& queue = bench.queue(kCompressQueue);
      const size_t slot = i % 16;
      Sqe sqe;
      std::memcpy(sqe.dw.data(), queue.sq.data() + kSqeSize * slot, kSqeSize);
      for (const int index : {0, 1, 3}) words.push_back(sqe.dw[index]);
      words.push_back(queue.At(slot).sq_head);
      bench.kernel.Ring(Bell::kCq, kCompressQueue, static_cast<uint16_t>((i + 1) % 16));
    }
    return words;
  };
  for (const FaultKind kind : {FaultKind::kRandomSqe, FaultKind::kRandomCqe}) {
    CHECK(run(kind, 1) == run(kind, 1));
    CHECK(run(kind, 1) != run(kind, 2));
  }
}

TEST_CASE("fault: names") {
  for (int i = 0; i <= static_cast<int>(FaultKind::kMailboxBusy); ++i) {
    const auto kind = static_cast<FaultKind>(i);
    CHECK(FaultKindByName(FaultKindName(kind)) == kind);
  }
  CHECK_FALSE(FaultKindByName("nonsense"));
}

}  // namespace warpdrive::model
