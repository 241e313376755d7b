#include <doctest/doctest.h>

#include <cstring>

#include "bench.h"

namespace warpdrive::model {
namespace {

Options Of(Generation generation) {
  Options options;
  options.generation = generation;
  return options;
}

}  // namespace

TEST_CASE("doorbell: the published words, at the place of each generation") {
  const struct {
    Generation generation;
    bool isolation;
    int bar;
    uint64_t offset;
    uint64_t sq, cq, cq_event;
  } cases[] = {{Generation::kV1, false, 2, 0x340, 0x100000005, 0x100010005, 0x1000100010005},
               {Generation::kHip08, false, 2, 0x1000, 0x100000005, 0x100001005, 0x1000100001005},
               {Generation::kHip09, false, 2, 0x1000, 0x100000005, 0x100001005, 0x1000100001005},
               {Generation::kHip09, true, 4, 0x51000, 0x100000005, 0x100001005, 0x1000100001005}};
  for (const auto& c : cases) {
    CAPTURE(c.offset);
    Options options = Of(c.generation);
    options.doorbell_isolation = c.isolation;
    Bench bench(options);
    HostQueue host(&bench.bus, 16);
    REQUIRE(bench.kernel.StartQueue(5, false, host.sq.iova(), 16, host.cq.iova(), 16, false));
    const Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
    std::memcpy(host.sq.data(), sqe.dw.data(), kSqeSize);
    std::memcpy(host.sq.data() + kSqeSize, sqe.dw.data(), kSqeSize);
    bench.function.Write64(c.bar, c.offset, c.sq);
    CHECK(bench.function.Run() == 1);
    CHECK(host.At(0).phase);
    CHECK(host.At(0).sq_num == 5);
    bench.function.Write64(c.bar, c.offset, c.cq);
    CHECK(bench.function.counters().cq_bells == 1);
    bench.function.Write64(c.bar, c.offset, c.cq_event);
    // Armed now: the next completion makes an event.
    bench.function.Write64(c.bar, c.offset, c.sq + 0x100000000);
    CHECK(bench.function.Run() == 1);
    CHECK(bench.function.counters().events == 1);
    uint32_t event;
    std::memcpy(&event, bench.kernel.eq()->data(), 4);
    CHECK(event == (5u | 1u << 16));
    CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
  }
}

TEST_CASE("doorbell: any other width is ignored and recorded") {
  for (const Generation generation : {Generation::kV1, Generation::kHip08, Generation::kHip09}) {
    Bench bench(Of(generation));
    bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096));
    const int bar = generation == Generation::kHip09 ? 4 : 2;
    const uint64_t offset = generation == Generation::kV1 ? 0x340 : 0x1000;
    const uint64_t word = 0x100000000;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&word);
    for (const size_t width : {1, 2, 4}) {
      bench.function.ClearRecords();
      for (size_t at = 0; at < 8; at += width) {
        bench.function.Write(bar, offset + at, bytes + at, width);
      }
      CHECK(bench.function.counters().refused == 8 / width);
      CHECK(bench.Has(Reason::kAccessWidth));
      CHECK(bench.function.Run() == 0);
    }
    const uint8_t wide[16] = {0, 0, 0, 0, 1};
    bench.function.Write(bar, offset, wide, 16);
    CHECK(bench.function.Run() == 0);
    bench.function.Write64(bar, offset, word);
    CHECK(bench.function.Run() == 1);
  }
}

TEST_CASE("doorbell: wrong place, command, queue, index, random word") {
  Bench bench(Of(Generation::kHip08));
  ZipFunction& function = bench.function;
  const auto refused = [&](uint64_t offset, uint64_t word, Reason reason) {
    const uint64_t before = function.counters().refused;
    function.Write64(2, offset, word);
    CHECK(function.counters().refused == before + 1);
    CHECK(function.violations().back().reason == reason);
  };
  refused(0x2000, 0x100000000, Reason::kDoorbellPlace);  // SQ at the event queues' place
  refused(0x1000, 0x2000, Reason::kDoorbellPlace);       // EQ at the queues' place
  refused(0x1000, 0x4000, Reason::kDoorbellCommand);
  refused(0x1000, 0x100000010, Reason::kDoorbellQueue);  // queue 16 of 16
  refused(0x1000, 0x100000005, Reason::kDoorbellNotStarted);
  refused(0x1000, 0x1000000000, Reason::kDoorbellIndex);       // index 16 of 16
  refused(0x1000, 0x100010000, Reason::kDoorbellRandom);       // random word 1, context has 0
  refused(0x1000, 0x1000100000000, Reason::kDoorbellCommand);  // priority on an SQ
  refused(0x1000, 0x100001000, Reason::kDoorbellOverrun);      // CQ head where nothing was written
  refused(0x2000, 0x0000000100002000, Reason::kDoorbellOverrun);  // EQ head likewise
  refused(0x2000, 0xffff00002000, Reason::kDoorbellIndex);
  refused(0x340, 0x100000000, Reason::kAccessWidth);  // V1's place is a register hole here
  CHECK(function.Run() == 0);
}

TEST_CASE("doorbell: an isolated page serves its own queue only") {
  Bench bench(Of(Generation::kHip09));
  ZipFunction& function = bench.function;
  bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096));
  function.Write64(4, kDoorbellPage + reg::kDoorbell, 0x100000000);  // queue 0 in page 1
  CHECK(function.violations().back().reason == Reason::kDoorbellQueue);
  function.Write64(2, reg::kDoorbell, 0x100000000);  // the shared place is closed
  CHECK(function.violations().back().reason == Reason::kDoorbellPlace);
  function.Write64(4, 0, 0x100000000);
  CHECK(function.violations().back().reason == Reason::kDoorbellPlace);
  function.Write64(4, reg::kDoorbell, 0x2000);  // EQ
  CHECK(function.violations().back().reason == Reason::kDoorbellPlace);
  CHECK(function.Run() == 0);
  function.Write64(4, reg::kDoorbell, 0x100000000);
  CHECK(function.Run() == 1);
}

TEST_CASE("doorbell: a random word in the context must be in every doorbell") {
  Bench bench(Of(Generation::kHip08), 16, false);
  SharedMemory block(&bench.bus, 4096);
  const auto context = [&](uint64_t ring, uint32_t dw3) {
    std::memset(block.data(), 0, 32);
    std::memcpy(block.data() + 4, &ring, 8);
    std::memcpy(block.data() + 12, &dw3, 4);
    const uint16_t random = 0xbeef;
    std::memcpy(block.data() + 16, &random, 2);
  };
  context(bench.queue(0).sq.iova(), 0x700f);
  block.data()[26] = 0x10;
  REQUIRE(bench.kernel.Mailbox(MailboxCommand::kSqc, false, 0, block.iova()) == MailboxStatus::kOk);
  context(bench.queue(0).cq.iova(), 0x400f);
  block.data()[24] = 1;
  REQUIRE(bench.kernel.Mailbox(MailboxCommand::kCqc, false, 0, block.iova()) == MailboxStatus::kOk);
  bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096));
  bench.function.Write64(2, reg::kDoorbell, 0x100000000);
  CHECK(bench.Has(Reason::kDoorbellRandom));
  CHECK(bench.function.Run() == 0);
  bench.function.Write64(2, reg::kDoorbell, 0x1beef0000);
  CHECK(bench.function.Run() == 1);
}

TEST_CASE("doorbell: at most depth - 1 descriptors, an unchanged tail is nothing") {
  Bench bench(Of(Generation::kHip08));
  const Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
  for (int i = 0; i < 15; ++i) bench.Put(kCompressQueue, sqe);
  bench.RingSq(kCompressQueue);
  bench.RingSq(kCompressQueue);
  CHECK(bench.function.counters().sq_bells == 1);
  CHECK(bench.function.violations().empty());
  bench.kernel.Ring(Bell::kSq, kCompressQueue, 3);  // 15 outstanding, 4 more
  CHECK(bench.Has(Reason::kDoorbellOverrun));
  CHECK(bench.function.Run() == 15);
}

}  // namespace warpdrive::model
