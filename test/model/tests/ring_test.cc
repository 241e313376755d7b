#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>

#include "bench.h"

namespace warpdrive::model {
namespace {

uint32_t EventAt(SharedMemory* ring, uint32_t slot) {
  uint32_t entry;
  std::memcpy(&entry, ring->data() + 4 * slot, 4);
  return entry;
}

}  // namespace

TEST_CASE("ring: phase turns with each lap, completions come in order") {
  Bench bench(Options{}, 4);
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  uint32_t expected = 0;
  for (int lap = 0; lap < 10; ++lap) {
    for (int i = 0; i < 3; ++i) bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
    CHECK(bench.function.Run() == 3);
    Cqe cqe;
    Sqe done;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(bench.Take(kCompressQueue, &cqe, &done));
      CHECK(cqe.sq_head == expected++ % 4);
      CHECK(cqe.sq_num == kCompressQueue);
      CHECK(cqe.status == 0);
    }
    CHECK_FALSE(bench.Take(kCompressQueue, &cqe, &done));
  }
  CHECK(bench.function.counters().sq_bells == 10);
  CHECK(bench.function.counters().descriptors == 30);
  CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
}

TEST_CASE("ring: queues take turns") {
  Bench bench(Options{});
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  for (int i = 0; i < 4; ++i) {
    bench.Put(kCompressQueue, sqe);
    bench.Put(kDecompressQueue, sqe);
  }
  bench.RingSq(kCompressQueue);
  bench.RingSq(kDecompressQueue);
  bench.function.Run(4);
  CHECK(bench.queue(kCompressQueue).At(1).phase);
  CHECK(bench.queue(kDecompressQueue).At(1).phase);
  CHECK_FALSE(bench.queue(kCompressQueue).At(2).phase);
  CHECK(bench.function.HasWork());
  CHECK(bench.function.Run() == 4);
  CHECK_FALSE(bench.function.HasWork());
}

TEST_CASE("ring: a completion without a free slot disables the queue and says so") {
  Bench bench(Options{}, 4);
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  // Never a CQ doorbell: after four completions the fifth finds no slot.
  for (int i = 0; i < 5; ++i) {
    bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
    bench.function.Run();
  }
  CHECK(bench.Has(Reason::kCqOverflow));
  CHECK(bench.function.counters().completions == 4);
  CHECK(EventAt(bench.kernel.aeq(), 0) == (1u << 16 | 0u << 17 | kCompressQueue));
  bench.RingSq(kCompressQueue);
  CHECK(bench.Has(Reason::kDoorbellNotStarted));
}

TEST_CASE("ring: events only for armed queues, interrupts only unmasked and once a doorbell") {
  std::vector<unsigned> vectors;
  Options options;
  options.on_msi = [&vectors](unsigned vector) { vectors.push_back(vector); };
  Bench bench(options, 16, true, true);
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  const auto submit = [&](uint16_t queue) {
    bench.Put(queue, sqe);
    bench.RingSq(queue);
    bench.function.Run();
  };
  submit(kCompressQueue);
  CHECK(vectors == std::vector<unsigned>{0});
  CHECK(EventAt(bench.kernel.eq(), 0) == (1u << 16 | kCompressQueue));
  submit(kCompressQueue);  // armed for one only
  CHECK(bench.function.counters().events == 1);
  submit(kDecompressQueue);  // an event, but no interrupt before the EQ doorbell
  CHECK(bench.function.counters().events == 2);
  CHECK(vectors.size() == 1);
  bench.kernel.Ring(Bell::kEq, 0, 1);  // one taken, one left: interrupt again
  CHECK(vectors.size() == 2);
  bench.kernel.Ring(Bell::kEq, 0, 2);
  CHECK(vectors.size() == 2);
  CHECK(bench.function.Read32(2, reg::kEqSource) == 0);
  // Arming does not look back; masked events wait for the mask to go.
  Cqe cqe;
  Sqe done;
  bench.function.Write32(2, reg::kEqMask, 1);
  REQUIRE(bench.Take(kCompressQueue, &cqe, &done, true));
  CHECK(bench.function.counters().events == 2);
  submit(kCompressQueue);
  CHECK(bench.function.counters().events == 3);
  CHECK(vectors.size() == 2);
  bench.function.Write32(2, reg::kEqMask, 0);
  CHECK(vectors.size() == 3);
  CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
}

TEST_CASE("ring: an event queue that nobody empties stops everything") {
  Options options;
  options.eq_depth = 4;
  std::vector<unsigned> vectors;
  options.on_msi = [&vectors](unsigned vector) { vectors.push_back(vector); };
  Bench bench(options, 16, true, true);
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  for (int i = 0; i < 5; ++i) {
    bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
    bench.function.Run();
    Cqe cqe;
    Sqe done;
    bench.Take(kCompressQueue, &cqe, &done, true);
  }
  CHECK(bench.Has(Reason::kEqOverflow));
  CHECK((EventAt(bench.kernel.aeq(), 0) >> 17 & 0xf) == 1);
  CHECK(vectors == std::vector<unsigned>{0, 1});
  bench.RingSq(kDecompressQueue);
  CHECK(bench.Has(Reason::kDoorbellNotStarted));
}

TEST_CASE("ring: rings that are not mapped disable their queue only") {
  Bench bench(Options{});
  const Sqe sqe = bench.Stateless(request::kZlib, Text(500), 4096);
  bench.Put(kCompressQueue, sqe);
  bench.bus.Unmap(bench.queue(kCompressQueue).cq.iova(), 4096);
  bench.RingSq(kCompressQueue);
  bench.function.Run();
  CHECK(bench.Has(Reason::kRingDma));
  CHECK(bench.Do(kDecompressQueue, sqe).dw[3] != 0xffffffff);
  bench.bus.Unmap(bench.queue(kDecompressQueue).sq.iova(), 4096);
  bench.RingSq(kDecompressQueue);
  bench.kernel.Ring(Bell::kSq, kDecompressQueue, 5);
  CHECK(bench.function.Run() == 0);
}

TEST_CASE("ring: descriptors may run inside the doorbell") {
  Options options;
  options.run_on_doorbell = true;
  Bench bench(options);
  bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(500), 4096));
  bench.RingSq(kCompressQueue);
  CHECK(bench.queue(kCompressQueue).At(0).phase);
}

TEST_CASE("thread: two hosts, one device thread, all of it seen in order") {
  std::atomic<int> interrupts{0};
  Options options;
  options.on_msi = [&interrupts](unsigned) { ++interrupts; };
  Bench bench(options, 8, true, true);
  const std::vector<uint8_t> text = Text(2000);
  const Sqe compress = bench.Stateless(request::kZlib, text, 4096);
  std::vector<uint8_t> body = ZlibCompress(text, 15);
  body.erase(body.begin(), body.begin() + 2);
  Sqe decompress = compress;
  std::memcpy(bench.in.data() + 100000, body.data(), body.size());
  decompress.dw[4] = static_cast<uint32_t>(body.size());
  decompress.dw[18] += 100000;
  decompress.dw[20] += 100000;
  bench.function.StartThread();
  const auto host = [&bench](uint16_t number, const Sqe& sqe) {
    HostQueue& queue = bench.queue(number);
    for (int i = 0; i < 300; ++i) {
      std::memcpy(queue.sq.data() + size_t{kSqeSize} * queue.tail, sqe.dw.data(), kSqeSize);
      queue.tail = (queue.tail + 1) % queue.depth;
      bench.RingSq(number);
      const auto* phase =
          reinterpret_cast<const uint16_t*>(queue.cq.data() + size_t{kCqeSize} * queue.head + 14);
      while ((__atomic_load_n(phase, __ATOMIC_ACQUIRE) & 1) != (queue.phase ? 1 : 0)) {
        std::this_thread::yield();
      }
      Cqe cqe;
      Sqe done;
      if (!bench.Take(number, &cqe, &done, true) || done.dw[3] != 0) return i;
    }
    return 300;
  };
  int compressed = 0;
  std::thread other([&] { compressed = host(kCompressQueue, compress); });
  const int decompressed = host(kDecompressQueue, decompress);
  other.join();
  bench.function.StopThread();
  CHECK(compressed == 300);
  CHECK(decompressed == 300);
  CHECK(bench.function.counters().completions == 600);
  CHECK(interrupts >= 1);
  CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
}

TEST_CASE("thread: reset, stop and removal while descriptors run") {
  for (const int what : {0, 1, 2, 3}) {
    Options options;
    options.generation = Generation::kHip09;
    Bench bench(options, 64);
    const Sqe sqe = bench.Stateless(request::kRaw, Text(300000), 400000);
    for (int i = 0; i < 40; ++i) bench.Put(kCompressQueue, sqe);
    bench.function.StartThread();
    bench.RingSq(kCompressQueue);
    while (bench.function.counters().descriptors == 0) std::this_thread::yield();
    if (what == 0) bench.function.Reset();
    if (what == 1) bench.function.ControllerReset();
    if (what == 2) bench.function.Remove();
    if (what == 3) bench.kernel.StopQueue(kCompressQueue);
    // From here on nothing touches the rings: memory may go.
    const uint64_t completions = bench.function.counters().completions;
    std::memset(bench.queue(kCompressQueue).cq.data(), 0, 1024);
    bench.function.StopThread();
    CHECK(bench.function.counters().completions == completions);
    CHECK(bench.queue(kCompressQueue).At(0).phase == false);
    if (what == 3) CHECK(completions == 40);
  }
}

}  // namespace warpdrive::model
