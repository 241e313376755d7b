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

uint16_t Word(uint8_t command) { return static_cast<uint16_t>(command | 1u << 13); }

void StoreMessage(ZipFunction* function, uint16_t control, uint16_t queue, uint64_t address) {
  uint8_t message[16] = {};
  std::memcpy(message, &control, 2);
  std::memcpy(message + 2, &queue, 2);
  std::memcpy(message + 4, &address, 8);
  function->Write(2, reg::kMailbox, message, sizeof(message));
}

template <typename Number>
void Put(SharedMemory* memory, size_t offset, Number value) {
  std::memcpy(memory->data() + offset, &value, sizeof(value));
}

}  // namespace

TEST_CASE("mailbox: VFT query tells the function's queues") {
  Options options = Of(Generation::kHip08);
  options.queue_base = 0x3c0;
  options.queue_count = 29;
  Bench bench(options);
  REQUIRE(bench.kernel.Mailbox(MailboxCommand::kVft, true, 0, 0) == MailboxStatus::kOk);
  const uint64_t value = bench.function.Read32(2, reg::kMailbox + 4) |
                         static_cast<uint64_t>(bench.function.Read32(2, reg::kMailbox + 8)) << 32;
  CHECK((value >> 28 & 0xffff) == 0x3c0);
  CHECK((value >> 45 & 0x3ff) + 1 == 29);
  CHECK(bench.kernel.Mailbox(MailboxCommand::kVft, false, 0, 0) == MailboxStatus::kBadCommand);
  Bench v1(Of(Generation::kV1));
  CHECK(v1.kernel.Mailbox(MailboxCommand::kVft, true, 0, 0) == MailboxStatus::kBadCommand);
}

TEST_CASE("mailbox: only one 16-byte store counts") {
  Bench bench(Of(Generation::kHip08), 16, false);
  uint8_t message[16] = {};
  const uint16_t control = Word(6) | 1u << 14;
  std::memcpy(message, &control, 2);
  for (const size_t width : {1, 2, 4, 8}) {
    bench.function.ClearRecords();
    for (size_t at = 0; at < 16; at += width) {
      bench.function.Write(2, reg::kMailbox + at, message + at, width);
    }
    CHECK(bench.function.counters().refused == 16 / width);
    CHECK(bench.Has(Reason::kAccessWidth));
    CHECK((bench.function.Read32(2, reg::kMailbox) & 0xff) != 6);
  }
  bench.function.Write(2, reg::kMailbox, message, 16);
  CHECK((bench.function.Read32(2, reg::kMailbox) & 0xff) == 6);
}

TEST_CASE("mailbox: two halves count only with the option, in order, with nothing between") {
  Options options = Of(Generation::kHip08);
  options.split_mailbox = true;
  Bench bench(options, 16, false);
  uint8_t message[16] = {};
  const uint16_t control = Word(6) | 1u << 14;
  std::memcpy(message, &control, 2);
  bench.function.ClearRecords();
  bench.function.Write(2, reg::kMailbox, message, 8);
  CHECK((bench.function.Read32(2, reg::kMailbox) >> 13 & 1) == 1);  // busy until the other half
  bench.function.Write(2, reg::kMailbox + 8, message + 8, 8);
  CHECK((bench.function.Read32(2, reg::kMailbox) >> 13 & 1) == 0);
  CHECK(bench.function.Read32(2, reg::kMailbox + 8) != 0);
  REQUIRE(bench.function.violations().size() == 1);
  CHECK(bench.function.violations()[0].reason == Reason::kSplitMailbox);
  CHECK_FALSE(bench.function.violations()[0].refused);

  bench.function.ClearRecords();
  bench.function.Write(2, reg::kMailbox + 8, message + 8, 8);  // upper half alone
  CHECK(bench.function.counters().refused == 1);
  bench.function.Write(2, reg::kMailbox, message, 8);
  bench.function.Write32(2, reg::kEqMask, 1);  // something between
  CHECK(bench.function.counters().refused == 2);
  bench.function.Write(2, reg::kMailbox + 8, message + 8, 8);
  CHECK(bench.function.counters().refused == 3);
  bench.function.Write(2, reg::kMailbox, message, 8);
  bench.function.Write(2, reg::kMailbox, message, 8);  // lower half again: starts anew
  CHECK(bench.function.counters().refused == 4);
  bench.function.Write(2, reg::kMailbox + 8, message + 8, 8);
  CHECK(bench.function.counters().refused == 4);
  bench.function.Write(2, reg::kMailbox, message, 16);  // whole stores still count
  CHECK(bench.function.counters().refused == 4);
}

TEST_CASE("mailbox: what a message may not say") {
  Bench bench(Of(Generation::kHip08));
  ZipFunction& function = bench.function;
  const uint64_t scratch = bench.kernel.scratch()->iova();
  const auto status = [&] { return function.Read32(2, reg::kMailbox) >> 9 & 0xf; };
  const auto last = [&] { return function.violations().back().reason; };

  StoreMessage(&function, 6 | 1u << 14, 0, 0);  // busy bit missing: not a command at all
  CHECK(last() == Reason::kMailboxMalformed);
  StoreMessage(&function, Word(0) | 1u << 15, 0, scratch);
  CHECK(last() == Reason::kMailboxMalformed);
  CHECK(status() != 0);
  StoreMessage(&function, Word(0) | 3u << 9, 0, scratch);
  CHECK(last() == Reason::kMailboxMalformed);
  uint8_t message[16] = {};
  const uint16_t control = Word(0);
  std::memcpy(message, &control, 2);
  message[12] = 1;
  function.Write(2, reg::kMailbox, message, sizeof(message));
  CHECK(last() == Reason::kMailboxMalformed);
  StoreMessage(&function, Word(7), 0, scratch);
  CHECK(last() == Reason::kMailboxCommand);
  StoreMessage(&function, Word(8), 0, 0);  // STOP_QP: V3 only
  CHECK(last() == Reason::kMailboxCommand);
  StoreMessage(&function, Word(0), 16, scratch);
  CHECK(last() == Reason::kMailboxQueue);
  StoreMessage(&function, Word(2), 1, scratch);
  CHECK(last() == Reason::kMailboxQueue);
  StoreMessage(&function, Word(4), 1, scratch);
  CHECK(last() == Reason::kMailboxQueue);
  StoreMessage(&function, Word(0), 0, scratch + 8);
  CHECK(last() == Reason::kMailboxDma);
  StoreMessage(&function, Word(0), 0, 0);
  CHECK(last() == Reason::kMailboxDma);
  StoreMessage(&function, Word(1), 0, 0x40);
  CHECK(last() == Reason::kMailboxDma);
  StoreMessage(&function, Word(5), 0, 0x40);
  CHECK(last() == Reason::kMailboxDma);
  CHECK(status() == static_cast<uint32_t>(MailboxStatus::kBadAddress));
  CHECK(function.counters().refused == 13);
}

TEST_CASE("mailbox: queue contexts need event queues and tables first") {
  MappedBus bus;
  Options options;
  ZipFunction function(options, &bus);
  KernelSide kernel(&function, &bus);
  const uint16_t command = 6;
  function.WriteConfig(4, &command, sizeof(command));
  SharedMemory block(&bus, 4096), ring(&bus, 1 << 18);
  Put<uint64_t>(&block, 4, ring.iova());
  Put<uint32_t>(&block, 12, 0x73ff);
  Put<uint16_t>(&block, 26, 0x0010);
  CHECK(kernel.Mailbox(MailboxCommand::kSqc, false, 0, block.iova()) == MailboxStatus::kNotReady);
  REQUIRE(kernel.BringUp());
  CHECK(kernel.Mailbox(MailboxCommand::kSqc, false, 0, block.iova()) == MailboxStatus::kOk);
}

TEST_CASE("mailbox: contexts with impossible contents") {
  Bench bench(Of(Generation::kHip08), 1024);
  SharedMemory block(&bench.bus, 4096);
  const uint64_t ring = bench.queue(0).sq.iova();
  const auto write = [&](MailboxCommand command) {
    return bench.kernel.Mailbox(command, false, 0, block.iova());
  };
  // The worked values of the ZIP on V2: depth 1024, 128-byte descriptors.
  const auto good_sqc = [&] {
    std::memset(block.data(), 0, 32);
    Put<uint64_t>(&block, 4, ring);
    Put<uint32_t>(&block, 12, 0x73ff);
    Put<uint16_t>(&block, 26, 0x0110);
  };
  const auto good_cqc = [&] {
    std::memset(block.data(), 0, 32);
    Put<uint64_t>(&block, 4, bench.queue(0).cq.iova());
    Put<uint32_t>(&block, 12, 0x43ff);
    Put<uint32_t>(&block, 24, 3);
  };
  good_sqc();
  CHECK(write(MailboxCommand::kSqc) == MailboxStatus::kOk);
  good_cqc();
  CHECK(write(MailboxCommand::kCqc) == MailboxStatus::kOk);
  const auto bad_sqc = [&](auto change) {
    good_sqc();
    change();
    CHECK(write(MailboxCommand::kSqc) == MailboxStatus::kBadContext);
  };
  bad_sqc([&] { Put<uint32_t>(&block, 12, 0x63ff); });   // 64-byte descriptors
  bad_sqc([&] { Put<uint32_t>(&block, 12, 0x7000); });   // depth 1
  bad_sqc([&] { Put<uint32_t>(&block, 12, 0x7400); });   // depth 1025
  bad_sqc([&] { Put<uint64_t>(&block, 4, 0); });         // no ring
  bad_sqc([&] { Put<uint64_t>(&block, 4, ring + 4); });  // misaligned
  bad_sqc([&] { Put<uint16_t>(&block, 26, 0x0210); });   // no such direction
  bad_sqc([&] { Put<uint16_t>(&block, 26, 0x8010); });   // reserved
  bad_sqc([&] { Put<uint16_t>(&block, 24, 3); });        // another queue's CQ
  bad_sqc([&] { Put<uint16_t>(&block, 20, 7); });        // PASID without SVA
  bad_sqc([&] { Put<uint16_t>(&block, 0, 1); });         // does not start at 0
  const auto bad_cqc = [&](auto change) {
    good_cqc();
    change();
    CHECK(write(MailboxCommand::kCqc) == MailboxStatus::kBadContext);
  };
  bad_cqc([&] { Put<uint32_t>(&block, 24, 2); });       // phase 0
  bad_cqc([&] { Put<uint32_t>(&block, 24, 7); });       // reserved
  bad_cqc([&] { Put<uint32_t>(&block, 12, 0x73ff); });  // 128-byte completions
  bad_cqc([&] { Put<uint16_t>(&block, 22, 1); });       // PASID
  for (const Violation& violation : bench.function.violations()) {
    CHECK(violation.reason == Reason::kContext);
  }
  std::memset(block.data(), 0, 32);
  Put<uint64_t>(&block, 4, ring);
  Put<uint32_t>(&block, 24, 2047);  // phase missing
  CHECK(write(MailboxCommand::kEqc) == MailboxStatus::kBadContext);
  Put<uint32_t>(&block, 24, 2048 | 1u << 16);  // deeper than the function
  CHECK(write(MailboxCommand::kEqc) == MailboxStatus::kBadContext);
}

TEST_CASE("mailbox: contexts read back show where the rings are") {
  Bench bench(Of(Generation::kHip08));
  SharedMemory block(&bench.bus, 4096);
  const auto half = [&](size_t offset) {
    uint16_t value;
    std::memcpy(&value, block.data() + offset, 2);
    return value;
  };
  const Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
  for (int i = 0; i < 3; ++i) bench.Put(kCompressQueue, sqe);
  bench.RingSq(kCompressQueue);
  bench.function.Run(1);
  REQUIRE(bench.kernel.Mailbox(MailboxCommand::kSqc, true, 0, block.iova()) == MailboxStatus::kOk);
  CHECK(half(0) == 1);
  CHECK(half(2) == 3);
  CHECK(half(12) == (15 | 7 << 12));
  REQUIRE(bench.kernel.Mailbox(MailboxCommand::kCqc, true, 0, block.iova()) == MailboxStatus::kOk);
  CHECK(half(2) == 1);
  // Drained: tails and wrap bits agree, also behind a lap.
  for (int i = 0; i < 14; ++i) {
    bench.function.Run();
    Cqe cqe;
    Sqe done;
    while (bench.Take(kCompressQueue, &cqe, &done)) {
    }
    bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
  }
  bench.function.Run();
  bench.kernel.Mailbox(MailboxCommand::kSqc, true, 0, block.iova());
  const uint16_t tail = half(2), wrap = half(22) & 0x40;
  bench.kernel.Mailbox(MailboxCommand::kCqc, true, 0, block.iova());
  CHECK(tail == 1);
  CHECK(wrap == 0x40);
  CHECK(half(2) == tail);
  CHECK((half(22) & 0x40) == wrap);
  CHECK((half(24) & 1) == 0);  // phase of the second lap
}

TEST_CASE("mailbox: STOP_QP drains or drops, and stops for good") {
  for (const bool drains : {true, false}) {
    Options options = Of(Generation::kHip09);
    options.stop_qp_drains = drains;
    Bench bench(options);
    const Sqe sqe = bench.Stateless(request::kRaw, Text(1000), 4096);
    for (int i = 0; i < 5; ++i) bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
    bench.function.Run(2);
    CHECK(bench.kernel.Mailbox(MailboxCommand::kStopQp, false, 0, 0) == MailboxStatus::kOk);
    bench.function.Run();
    CHECK(bench.function.counters().completions == (drains ? 5 : 2));
    bench.Put(kCompressQueue, sqe);
    bench.RingSq(kCompressQueue);
    CHECK(bench.Has(Reason::kDoorbellNotStarted));
    CHECK(bench.function.Run() == 0);
    CHECK(bench.kernel.Mailbox(MailboxCommand::kStopQp, false, 9, 0) == MailboxStatus::kBadQueue);
    // The other queue goes on.
    CHECK(bench.kernel.StopQueue(kDecompressQueue));
  }
}

TEST_CASE("mailbox: faults") {
  Bench bench(Of(Generation::kHip08));
  bench.function.Inject({FaultKind::kMailboxStatus, 5});
  CHECK(bench.kernel.Mailbox(MailboxCommand::kVft, true, 0, 0) == static_cast<MailboxStatus>(5));
  CHECK(bench.kernel.Mailbox(MailboxCommand::kVft, true, 0, 0) == MailboxStatus::kOk);
  bench.function.Inject({FaultKind::kMailboxBusy, 3});
  StoreMessage(&bench.function, Word(6) | 1u << 14, 0, 0);
  for (int i = 0; i < 3; ++i) {
    CHECK((bench.function.Read32(2, reg::kMailbox) >> 13 & 1) == 1);
    if (i > 0) continue;
    StoreMessage(&bench.function, Word(6) | 1u << 14, 0, 0);  // must wait
    CHECK(bench.function.violations().back().reason == Reason::kMailboxMalformed);
  }
  CHECK((bench.function.Read32(2, reg::kMailbox) >> 13 & 1) == 0);
}

}  // namespace warpdrive::model
