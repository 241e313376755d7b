#include <doctest/doctest.h>

#include "bench.h"

namespace warpdrive::model {
namespace {

uint32_t Config(ZipFunction* function, uint32_t offset, size_t size) {
  uint32_t value = 0;
  function->ReadConfig(offset, &value, size);
  return value;
}

Options Of(Generation generation) {
  Options options;
  options.generation = generation;
  return options;
}

}  // namespace

TEST_CASE("config: identity of every generation") {
  const struct {
    Generation generation;
    uint32_t revision;
    uint32_t vectors_log2;
  } cases[] = {
      {Generation::kV1, 0x20, 0}, {Generation::kHip08, 0x21, 1}, {Generation::kHip09, 0x30, 2}};
  for (const auto& c : cases) {
    MappedBus bus;
    ZipFunction function(Of(c.generation), &bus);
    CHECK(Config(&function, 0, 4) == 0xa25119e5);
    CHECK(Config(&function, 8, 1) == c.revision);
    CHECK(Config(&function, 9, 2) == 0);
    CHECK(Config(&function, 0xb, 1) == 0x12);
    // The capability list: PCI Express with FLR, then MSI.
    CHECK((Config(&function, 6, 2) & 0x10) != 0);
    const uint32_t express = Config(&function, 0x34, 1);
    CHECK(Config(&function, express, 1) == 0x10);
    CHECK((Config(&function, express + 4, 4) >> 28 & 1) == 1);
    const uint32_t msi = Config(&function, express + 1, 1);
    CHECK(Config(&function, msi, 2) == 5);
    CHECK((Config(&function, msi + 2, 2) >> 1 & 7) == c.vectors_log2);
  }
  Options pf;
  pf.virtual_function = false;
  MappedBus bus;
  ZipFunction function(pf, &bus);
  CHECK(Config(&function, 2, 2) == 0xa250);
}

TEST_CASE("config: BARs answer the sizing write, identity does not change") {
  MappedBus bus;
  Options options = Of(Generation::kHip09);
  options.queue_count = 5;
  ZipFunction function(options, &bus);
  CHECK(function.BarSize(0) == 0);
  CHECK(function.BarSize(2) == 0x10000);
  CHECK(function.BarSize(4) == 0x80000);  // 5 pages, up to a power of two
  const uint32_t ones = 0xffffffff;
  for (const uint32_t offset : {0x00u, 0x10u, 0x18u, 0x1cu, 0x20u}) {
    function.WriteConfig(offset, &ones, sizeof(ones));
  }
  CHECK(Config(&function, 0x00, 4) == 0xa25119e5);
  CHECK(Config(&function, 0x10, 4) == 0);
  CHECK(Config(&function, 0x18, 4) == 0xffff000c);
  CHECK(Config(&function, 0x1c, 4) == 0xffffffff);
  CHECK(Config(&function, 0x20, 4) == 0xfff8000c);
  CHECK(Config(&function, 4096, 4) == 0xffffffff);
  uint8_t edge[8];
  function.ReadConfig(4092, edge, sizeof(edge));
  CHECK(edge[3] == 0);
  CHECK(edge[4] == 0xff);
  MappedBus other;
  ZipFunction shared(Of(Generation::kHip08), &other);
  CHECK(shared.BarSize(4) == 0);
}

TEST_CASE("config: nothing works before memory and bus master are enabled") {
  MappedBus bus;
  ZipFunction function(Of(Generation::kHip08), &bus);
  CHECK(function.Read32(2, reg::kEqMask) == 0xffffffff);
  function.Write32(2, reg::kEqMask, 0);
  uint16_t command = 2;
  function.WriteConfig(4, &command, sizeof(command));
  CHECK(function.Read32(2, reg::kEqMask) == 1);
  REQUIRE(function.violations().size() == 2);
  CHECK(function.violations()[0].reason == Reason::kMemoryDisabled);

  SharedMemory memory(&bus, 4096);
  KernelSide kernel(&function, &bus);
  CHECK(kernel.Mailbox(MailboxCommand::kSqcTable, false, 0, memory.iova()) != MailboxStatus::kOk);
  CHECK(function.violations()[2].reason == Reason::kBusMasterDisabled);
  command = 6;
  function.WriteConfig(4, &command, sizeof(command));
  CHECK(kernel.Mailbox(MailboxCommand::kSqcTable, false, 0, memory.iova()) == MailboxStatus::kOk);
}

TEST_CASE("config: function-level reset by the PCI Express capability") {
  Bench bench(Of(Generation::kHip09));
  REQUIRE(bench.function.Read32(2, reg::kVfState) == 0);
  const uint16_t flr = 0x8000;
  bench.function.WriteConfig(0x48, &flr, sizeof(flr));
  CHECK(Config(&bench.function, 0x48, 2) == 0);  // clears itself
  CHECK(Config(&bench.function, 4, 2) == 0);
  const uint16_t command = 6;
  bench.function.WriteConfig(4, &command, sizeof(command));
  CHECK(bench.function.Read32(2, reg::kVfState) == 1);
  CHECK(bench.function.Read32(2, reg::kEqMask) == 1);
  bench.kernel.Ring(Bell::kSq, 0, 1);
  CHECK(bench.Has(Reason::kDoorbellNotStarted));
  // And everything can be set up again.
  CHECK(bench.kernel.BringUp());
}

TEST_CASE("registers: capabilities of V3, none before") {
  MappedBus bus;
  ZipFunction v3(Of(Generation::kHip09), &bus);
  ZipFunction v2(Of(Generation::kHip08), &bus);
  const uint16_t command = 6;
  v3.WriteConfig(4, &command, sizeof(command));
  v2.WriteConfig(4, &command, sizeof(command));
  CHECK((v3.Read32(2, reg::kCapFunction) >> 9 & 1) == 1);
  CHECK(v3.Read32(2, reg::kCapEventDepths) == (2048u | 1024u << 16));
  CHECK(v3.Read32(2, reg::kCapQueueDepths) == (1024u | 1024u << 16));
  CHECK(v3.Read32(2, reg::kCapIrqCount) == (4u << 16 | 3));
  CHECK(v3.Read32(2, reg::kCapAlgorithms) == 0x3f);
  CHECK(v3.Read32(2, reg::kCapCoreAlgorithms) == 0x15);
  CHECK(v3.Read32(2, reg::kCapCoreAlgorithms + 16) == 0x2a);
  CHECK(v3.Read32(2, reg::kIsolation) == 1);
  for (const uint32_t offset : {reg::kCapFunction, reg::kCapQueueDepths, reg::kCapAlgorithms}) {
    CHECK(v2.Read32(2, offset) == 0);
  }
  CHECK(v2.Read32(2, reg::kIsolation) == 0);
  // Narrow and wide loads see the same bytes.
  uint16_t half;
  v3.Read(2, reg::kCapEventDepths + 2, &half, sizeof(half));
  CHECK(half == 1024);
  uint64_t wide;
  v3.Read(2, reg::kCapEventDepths - 4, &wide, sizeof(wide));
  CHECK((wide >> 32) == (2048u | 1024u << 16));
}

TEST_CASE("registers: stores that silicon does not take") {
  Bench bench(Of(Generation::kHip08));
  ZipFunction& function = bench.function;
  const auto last = [&] { return function.violations().back().reason; };
  function.Write32(2, 0x5000, 1);
  CHECK(last() == Reason::kUnknownRegister);
  function.Write32(2, reg::kVfState, 0);  // V3 only
  CHECK(last() == Reason::kUnknownRegister);
  function.Write32(2, reg::kEqMask, 7);
  CHECK(last() == Reason::kRegisterValue);
  const uint8_t byte = 1;
  function.Write(2, reg::kEqMask, &byte, 1);
  CHECK(last() == Reason::kAccessWidth);
  function.Write32(2, reg::kEqMask + 2, 0);
  CHECK(last() == Reason::kAccessWidth);
  function.Write32(2, kBar2Size, 0);
  CHECK(last() == Reason::kAccessWidth);
  function.Write32(0, 0, 0);
  CHECK(last() == Reason::kAccessWidth);
  function.Write64(4, reg::kDoorbell, 0);  // no BAR4 without isolation
  CHECK(last() == Reason::kAccessWidth);
  CHECK(function.counters().refused == 8);
  uint8_t three[3];
  function.Read(2, 0, three, 3);
  CHECK(last() == Reason::kAccessWidth);
  function.Write32(2, reg::kWritebackStart, 1);
  CHECK(function.Read32(2, reg::kWritebackDone) == 1);
}

TEST_CASE("registers: every store is recorded, with width, order and value") {
  Bench bench(Of(Generation::kHip08), 16, false);
  bench.function.ClearRecords();
  const uint8_t mailbox[16] = {1, 2, 3};
  bench.function.Write(2, reg::kMailbox, mailbox, sizeof(mailbox));
  bench.function.Write64(2, reg::kDoorbell, 0x0102030405060708);
  bench.function.Write32(2, reg::kEqMask, 1);
  const std::vector<Store> stores = bench.function.stores();
  REQUIRE(stores.size() == 3);
  CHECK(stores[0].size == 16);
  CHECK(stores[0].offset == reg::kMailbox);
  CHECK(stores[0].value[2] == 3);
  CHECK(stores[1].size == 8);
  CHECK(stores[1].word() == 0x0102030405060708);
  CHECK(stores[1].sequence == stores[0].sequence + 1);
  CHECK(stores[2].size == 4);
  CHECK(stores[2].bar == 2);
  CHECK(bench.function.counters().stores == 3);
}

}  // namespace warpdrive::model
