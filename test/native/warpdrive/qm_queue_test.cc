#include "warpdrive/hisilicon/qm_queue.h"

#include <doctest/doctest.h>

#include <cstring>
#include <deque>
#include <set>
#include <vector>

#include "support/random.h"
#include "warpdrive/hisilicon/zip_sqe.h"

namespace warpdrive::test {
namespace {

using hisilicon::Doorbell;
using hisilicon::DoorbellCommand;
using hisilicon::QmQueue;
using hisilicon::QmState;
using hisilicon::Sqe;

/// Keeps every store: a doorbell must be one of 64 bits.
class BellRecorder final : public Mmio {
 public:
  uint32_t Read32(size_t) override { return 0; }
  void Write32(size_t, uint32_t) override { FAIL("a doorbell in two halves"); }
  void Write64(size_t offset, uint64_t value) override {
    CHECK(offset == 0x1000);
    bells.push_back(value);
  }
  void Write128(size_t, std::span<const uint8_t, 16>) override { FAIL("no mailbox here"); }
  size_t size() const override { return 0x2000; }
  std::vector<uint64_t> bells;
};

/// A queue pair whose device is the test.
struct Rig {
  Rig(uint32_t sq_depth, uint32_t cq_depth, int protocol = 2)
      : sq(size_t{sq_depth} * 16), cq(size_t{cq_depth} * 2) {
    rings.sq = reinterpret_cast<uint8_t*>(sq.data());
    rings.cq = reinterpret_cast<uint8_t*>(cq.data());
    rings.sq_depth = sq_depth;
    rings.cq_depth = cq_depth;
    rings.sqe_size = 128;
    rings.queue_number = 5;
    rings.protocol = protocol;
    rings.doorbell = &bell;
    rings.doorbell_offset = 0x1000;
    rings.stop_send = &stop_send;
    rings.stop_receive = &stop_receive;
  }

  /// Completes slot `index`.
  void Complete(uint32_t index) {
    uint8_t* entry = rings.cq + size_t{cq_tail} * 16;
    const auto slot = static_cast<uint16_t>(index);
    std::memcpy(entry + 8, &slot, 2);
    const uint16_t word = phase | 0x0FF0;  // status bits mean nothing
    std::memcpy(entry + 14, &word, 2);
    if (++cq_tail == rings.cq_depth) {
      cq_tail = 0;
      phase ^= 1;
    }
  }
  Sqe Numbered(uint32_t tag) {
    Sqe sqe;
    sqe.dw[13] = tag;
    sqe.dw[0] = ~tag;
    return sqe;
  }

  std::vector<uint64_t> sq;
  std::vector<uint64_t> cq;
  BellRecorder bell;
  uint32_t stop_send = 0;
  uint32_t stop_receive = 0;
  QueueRings rings;
  uint32_t cq_tail = 0;
  uint16_t phase = 1;
};

}  // namespace

TEST_CASE("qm: doorbell words as published") {
  const auto sq = [](uint16_t tail, int protocol) {
    return Encode(Doorbell{.command = DoorbellCommand::kSq, .queue = 5, .index = tail}, protocol);
  };
  const auto cq = [](bool event, int protocol) {
    return Encode(Doorbell{.command = DoorbellCommand::kCq, .queue = 5, .index = 1, .event = event},
                  protocol);
  };
  CHECK(sq(1, 1) == 0x0000000100000005);
  CHECK(sq(1023, 1) == 0x000003FF00000005);
  CHECK(cq(false, 1) == 0x0000000100010005);
  CHECK(cq(true, 1) == 0x0001000100010005);
  for (const int protocol : {2, 3}) {
    CHECK(sq(1, protocol) == 0x0000000100000005);
    CHECK(sq(1023, protocol) == 0x000003FF00000005);
    CHECK(cq(false, protocol) == 0x0000000100001005);
    CHECK(cq(true, protocol) == 0x0001000100001005);
    CHECK(
        Encode(
            Doorbell{.command = DoorbellCommand::kSq, .queue = 0x3FF, .index = 2, .random = 0xBEEF},
            protocol) == 0x00000002BEEF03FF);
  }
  CHECK(Encode(Doorbell{.queue = 4095, .random = 0xBEEF}, 1) == 4095);
}

TEST_CASE("qm: rings that cannot be driven are refused by name") {
  const auto refusal = [](auto change) {
    Rig rig(8, 8);
    change(rig);
    const Outcome outcome = QmQueue::Check(rig.rings);
    return outcome.ok() ? std::string() : outcome.error().message;
  };
  CHECK(refusal([](Rig&) {}).empty());
  CHECK(refusal([](Rig& rig) { rig.rings.protocol = 0; }).find("version 0") != std::string::npos);
  CHECK(refusal([](Rig& rig) { rig.rings.protocol = 4; }).find("version 4") != std::string::npos);
  CHECK(refusal([](Rig& rig) { rig.rings.sqe_size = 64; }).find("64") != std::string::npos);
  CHECK(refusal([](Rig& rig) { rig.rings.sq_depth = 1; }).find("1 entries") != std::string::npos);
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.cq_depth = 0; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.cq_depth = 65537; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.queue_number = 1024; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.sq = nullptr; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.cq += 2; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.doorbell = nullptr; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.doorbell_offset = 0x1ffc; }).empty());
  CHECK_FALSE(refusal([](Rig& rig) { rig.rings.doorbell_offset = 0x2000; }).empty());
}

TEST_CASE("qm: depth - 1 descriptors fit, one doorbell tells of all, at the ring's end too") {
  Rig rig(8, 8);
  QmQueue queue(rig.rings);
  uint32_t tag = 100;
  uint32_t slot;
  Sqe sqe;
  for (int lap = 0; lap < 20; ++lap) {
    const uint32_t start = queue.tail();
    CHECK(queue.Room() == 7);
    for (uint32_t i = 0; i < 7; ++i) queue.Push(rig.Numbered(tag + i), 13);
    CHECK(queue.Room() == 0);
    CHECK(queue.outstanding() == 7);
    rig.bell.bells.clear();
    queue.RingDoorbell();
    queue.RingDoorbell();  // nothing new: no store
    REQUIRE(rig.bell.bells.size() == 1);
    CHECK(rig.bell.bells[0] == (uint64_t{(start + 7) % 8} << 32 | 5));
    CHECK_FALSE(queue.HasCompletion());
    for (uint32_t i = 0; i < 7; ++i) rig.Complete((start + i) % 8);
    for (uint32_t i = 0; i < 7; ++i) {
      REQUIRE(queue.HasCompletion());
      REQUIRE(queue.Pop(&slot, &sqe));
      CHECK(slot == (start + i) % 8);
      CHECK(sqe.dw[13] == tag + i);
      CHECK(sqe.dw[0] == ~(tag + i));
    }
    CHECK_FALSE(queue.Pop(&slot, &sqe));
    queue.ReleaseCompletions(false);
    queue.ReleaseCompletions(false);
    REQUIRE(rig.bell.bells.size() == 2);
    CHECK(rig.bell.bells[1] == (uint64_t{rig.cq_tail} << 32 | 0x1005));
    tag += 7;
  }
}

TEST_CASE("qm: events are asked for once, and taken back with the next release") {
  Rig rig(8, 8);
  QmQueue queue(rig.rings);
  queue.ReleaseCompletions(true);
  queue.ReleaseCompletions(true);
  REQUIRE(rig.bell.bells.size() == 1);
  CHECK(rig.bell.bells[0] == 0x0001000000001005);
  queue.ReleaseCompletions(false);
  REQUIRE(rig.bell.bells.size() == 2);
  CHECK(rig.bell.bells[1] == 0x0000000000001005);
}

TEST_CASE("qm: a shallower completion ring bounds what is outstanding") {
  Rig rig(16, 4);
  QmQueue queue(rig.rings);
  CHECK(queue.Room() == 3);
  queue.Push(rig.Numbered(1), 13);
  CHECK(queue.Room() == 2);
}

TEST_CASE("qm: any order of completion, any depth, many laps; a slot is not used before its turn") {
  Random random;
  for (int round = 0; round < 40; ++round) {
    Rig rig(static_cast<uint32_t>(random.Between(2, 9)),
            static_cast<uint32_t>(random.Between(2, 9)), static_cast<int>(random.Between(1, 3)));
    QmQueue queue(rig.rings);
    std::vector<std::pair<uint32_t, uint32_t>> running;  // slot, tag
    std::deque<uint32_t> expected;                       // tags in order of completion
    uint32_t tag = 0;
    for (int step = 0; step < 2000; ++step) {
      if (random.Chance(2) && queue.Room() != 0) {
        const uint32_t slot = queue.tail();
        for (const auto& other : running) CHECK(other.first != slot);
        running.emplace_back(slot, ++tag);
        queue.Push(rig.Numbered(tag), 13);
        queue.RingDoorbell();
      } else if (random.Chance(2) && !running.empty()) {
        const size_t which = random.Below(running.size());
        expected.push_back(running[which].second);
        rig.Complete(running[which].first);
        running.erase(running.begin() + static_cast<ptrdiff_t>(which));
      } else {
        uint32_t slot;
        Sqe sqe;
        const bool found = queue.Pop(&slot, &sqe);
        REQUIRE(found == !expected.empty());
        if (!found) continue;
        CHECK(sqe.dw[13] == expected.front());
        expected.pop_front();
        queue.ReleaseCompletions(random.Chance(2));
      }
    }
    CHECK(queue.state() == QmState::kRunning);
  }
}

TEST_CASE("qm: a completion that names no outstanding request ends the queue") {
  for (const uint32_t index : {0u, 3u, 7u, 8u, 0xFFFFu}) {
    Rig rig(8, 8);
    QmQueue queue(rig.rings);
    queue.Push(rig.Numbered(1), 13);
    queue.Push(rig.Numbered(2), 13);
    queue.RingDoorbell();
    uint32_t slot;
    Sqe sqe;
    if (index == 0) {  // twice
      rig.Complete(0);
      REQUIRE(queue.Pop(&slot, &sqe));
    }
    rig.Complete(index);
    CHECK_FALSE(queue.Pop(&slot, &sqe));
    CHECK(queue.state() == QmState::kProtocol);
    CHECK(queue.problem().find("slot " + std::to_string(index)) != std::string::npos);
    const size_t bells = rig.bell.bells.size();
    queue.Push(rig.Numbered(3), 13);
    queue.RingDoorbell();
    queue.ReleaseCompletions(true);
    CHECK(rig.bell.bells.size() == bells);
    CHECK_FALSE(queue.HasCompletion());
  }
}

TEST_CASE("qm: a descriptor that comes back with another tag ends the queue") {
  for (const uint32_t word : {13u, 26u}) {
    Rig rig(8, 8);
    QmQueue queue(rig.rings);
    Sqe sqe;
    sqe.dw[word] = 77;
    queue.Push(sqe, word);
    queue.RingDoorbell();
    const uint32_t other = 78;
    std::memcpy(rig.rings.sq + 4 * word, &other, 4);
    rig.Complete(0);
    uint32_t slot;
    CHECK_FALSE(queue.Pop(&slot, &sqe));
    CHECK(queue.state() == QmState::kProtocol);
  }
}

TEST_CASE("qm: after the kernel's stop words nothing is rung") {
  for (const bool receive : {false, true}) {
    Rig rig(8, 8);
    QmQueue queue(rig.rings);
    queue.Push(rig.Numbered(1), 13);
    CHECK_FALSE(queue.StopSeen());
    (receive ? rig.stop_receive : rig.stop_send) = 1;
    CHECK(queue.StopSeen());
    queue.RingDoorbell();
    CHECK(queue.state() == QmState::kStopped);
    rig.Complete(0);
    uint32_t slot;
    Sqe sqe;
    CHECK_FALSE(queue.Pop(&slot, &sqe));
    CHECK(rig.bell.bells.empty());
    CHECK(queue.outstanding() == 1);
  }
}

}  // namespace warpdrive::test
