#include "warpdrive/hisilicon/qm_queue.h"

#include <algorithm>
#include <utility>

#include "warpdrive/hisilicon/barrier.h"

namespace warpdrive::hisilicon {
namespace {

// The device writes the rings, and so does the kernel the stop words, behind the compiler's back:
// volatile makes each access one that happens, once, and of its width. Their order is barrier.h's.
template <typename T>
T Load(const void* address) {
#if defined(__SANITIZE_THREAD__)
  // It knows no order but that of atomics, and the device is a thread there.
  return __atomic_load_n(static_cast<const T*>(address), __ATOMIC_ACQUIRE);
#else
  return *static_cast<const volatile T*>(address);
#endif
}

void CopyToRing(const Sqe& sqe, uint8_t* slot) {
  auto* to = reinterpret_cast<volatile uint64_t*>(slot);
  for (uint32_t i = 0; i < kSqeBytes / 8; ++i) {
    to[i] = uint64_t{sqe.dw[2 * i]} | uint64_t{sqe.dw[2 * i + 1]} << 32;
  }
}

// Each word is read once: what was checked is what is used.
void CopyFromRing(const uint8_t* slot, Sqe* sqe) {
  const auto* from = reinterpret_cast<const volatile uint64_t*>(slot);
  for (uint32_t i = 0; i < kSqeBytes / 8; ++i) {
    const uint64_t word = from[i];
    sqe->dw[2 * i] = static_cast<uint32_t>(word);
    sqe->dw[2 * i + 1] = static_cast<uint32_t>(word >> 32);
  }
}

constexpr uint32_t kIndexMask = 0xFFFF;

constexpr uint32_t Phase(uint32_t cursor) { return cursor >> 16; }

Error Impossible(const std::string& what) {
  return {ErrorCode::kProtocol, 0, what + "; this queue cannot be driven"};
}

}  // namespace

Outcome QmQueue::Check(const QueueRings& rings) {
  if (rings.protocol < 1 || rings.protocol > 3) {
    return Impossible("queue protocol version " + std::to_string(rings.protocol));
  }
  if (rings.sqe_size != kSqeBytes) {
    return Impossible("descriptors of " + std::to_string(rings.sqe_size) + " bytes instead of " +
                      std::to_string(kSqeBytes));
  }
  for (const uint32_t depth : {rings.sq_depth, rings.cq_depth}) {
    if (depth < 2 || depth > kMaxDepth) {
      return Impossible("a ring of " + std::to_string(depth) + " entries");
    }
  }
  if (rings.queue_number >= QueueLimit(rings.protocol)) {
    return Impossible("queue number " + std::to_string(rings.queue_number));
  }
  const auto misaligned = [](const void* address, uintptr_t alignment) {
    return address == nullptr || reinterpret_cast<uintptr_t>(address) % alignment != 0;
  };
  if (misaligned(rings.sq, 8) || misaligned(rings.cq, 8)) return Impossible("a misaligned ring");
  if (rings.doorbell == nullptr || rings.doorbell_offset % 8 != 0 || rings.doorbell->size() < 8 ||
      rings.doorbell_offset > rings.doorbell->size() - 8) {
    return Impossible("a doorbell at " + std::to_string(rings.doorbell_offset) +
                      " outside its registers");
  }
  for (const uint32_t* stop : {rings.stop_send, rings.stop_receive}) {
    if (stop != nullptr && misaligned(stop, 4)) return Impossible("a misaligned stop word");
  }
  return {};
}

QmQueue::QmQueue(const QueueRings& rings)
    : rings_(rings),
      // depth - 1 so that tail == head is unambiguous; and never more than the CQ can hold.
      limit_(std::min(rings.sq_depth, rings.cq_depth) - 1),
      slots_(rings.sq_depth) {}

uint32_t QmQueue::Room() const {
  // Completions may come out of order. A slot is free again when it and all before it completed:
  // then the ring between oldest_ and tail_ is all that the device may still look at.
  const uint32_t spanned = tail_ - oldest_ + (tail_ < oldest_ ? rings_.sq_depth : 0);
  return std::min(rings_.sq_depth - 1 - spanned, limit_ - outstanding());
}

void QmQueue::Push(const Sqe& sqe, uint32_t tag_word) {
  CopyToRing(sqe, rings_.sq + size_t{tail_} * kSqeBytes);
  slots_[tail_] = {sqe.dw[tag_word], static_cast<uint8_t>(tag_word), true};
  tail_ = Advance(tail_, rings_.sq_depth);
  outstanding_.store(outstanding() + 1, std::memory_order_relaxed);
}

void QmQueue::Ring(DoorbellCommand command, uint32_t index, bool event) {
  const Doorbell bell{.command = command,
                      .queue = rings_.queue_number,
                      .index = static_cast<uint16_t>(index),
                      .random = rings_.doorbell_random,
                      .event = event};
  rings_.doorbell->Write64(rings_.doorbell_offset, Encode(bell, rings_.protocol));
}

void QmQueue::RingDoorbell() {
  if (rung_ == tail_ || state() != QmState::kRunning) return;
  BarrierBeforeSubmit();  // descriptors and data before the doorbell, the stop word too
  Ring(DoorbellCommand::kSq, tail_, false);
  rung_ = tail_;
}

// The device writes entries in order, so the last of `count` vouches for those before it.
bool QmQueue::HasCompletions(uint32_t count) const {
  if (!running_.load(std::memory_order_relaxed)) return false;
  const uint32_t cursor = cursor_.load(std::memory_order_relaxed);
  uint32_t index = (cursor & kIndexMask) + count - 1;
  const bool next_lap = index >= rings_.cq_depth;
  if (next_lap) index -= rings_.cq_depth;
  const uint8_t* entry = rings_.cq + size_t{index} * kCqeBytes;
  // No barrier: nothing else is read on the strength of this. Pop() looks again, with one.
  return (Load<uint16_t>(entry + kCqePhase) & 1u) == (Phase(cursor) ^ (next_lap ? 1u : 0u));
}

bool QmQueue::Pop(uint32_t* slot, Sqe* sqe) {
  if (!HasCompletion()) return false;
  BarrierAfterPhase();  // the phase before what it vouches for
  const uint32_t cursor = cursor_.load(std::memory_order_relaxed);
  const uint32_t head = cursor & kIndexMask;
  const uint32_t index = Load<uint16_t>(rings_.cq + size_t{head} * kCqeBytes + kCqeSqHead);
  if (index >= rings_.sq_depth || !slots_[index].busy) {
    Fail(QmState::kProtocol,
         "a completion names slot " + std::to_string(index) + ", which has no request outstanding");
    return false;
  }
  Slot& taken = slots_[index];
  CopyFromRing(rings_.sq + size_t{index} * kSqeBytes, sqe);
  if (sqe->dw[taken.tag_word] != taken.tag) {
    Fail(QmState::kProtocol, "the descriptor in slot " + std::to_string(index) +
                                 " came back with another request's tag");
    return false;
  }
  taken.busy = false;
  while (oldest_ != tail_ && !slots_[oldest_].busy) oldest_ = Advance(oldest_, rings_.sq_depth);
  const uint32_t next = Advance(head, rings_.cq_depth);
  // The phase flips each lap: entries of the last lap never look new.
  cursor_.store(next | (Phase(cursor) ^ (next == 0 ? 1u : 0u)) << 16, std::memory_order_relaxed);
  outstanding_.store(outstanding() - 1, std::memory_order_relaxed);
  ++popped_;
  *slot = index;
  return true;
}

void QmQueue::ReleaseCompletions(bool event) {
  // Each CQ doorbell writes the queue's event flag, so one more is due when that has to change.
  if (popped_ == 0 && event == armed_) return;
  if (state() != QmState::kRunning) return;
  BarrierBeforeRelease();  // entries and the stop word are read before the device may go on
  Ring(DoorbellCommand::kCq, cursor_.load(std::memory_order_relaxed) & kIndexMask, event);
  if (event) BarrierAfterArm();  // the doorbell before the caller's last look at the CQ
  popped_ = 0;
  armed_ = event;
}

bool QmQueue::StopSeen() const {
  if (!running_.load(std::memory_order_relaxed)) return false;
  return (rings_.stop_send != nullptr && Load<uint32_t>(rings_.stop_send) != 0) ||
         (rings_.stop_receive != nullptr && Load<uint32_t>(rings_.stop_receive) != 0);
}

QmState QmQueue::state() {
  if (StopSeen()) Fail(QmState::kStopped, "the kernel stopped the queue: reset or hardware error");
  return state_;
}

void QmQueue::Fail(QmState state, std::string problem) {
  if (state_ != QmState::kRunning) return;
  state_ = state;
  problem_ = std::move(problem);
  running_.store(false, std::memory_order_relaxed);
}

}  // namespace warpdrive::hisilicon
