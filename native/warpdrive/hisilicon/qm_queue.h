// The ring protocol of the HiSilicon queue manager over a TransportQueue: one queue pair.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "warpdrive/hisilicon/qm_protocol.h"
#include "warpdrive/transport.h"

namespace warpdrive::hisilicon {

/// A descriptor, as 32 little-endian words.
struct alignas(8) Sqe {
  std::array<uint32_t, kSqeBytes / 4> dw{};
};
static_assert(sizeof(Sqe) == kSqeBytes);

enum class QmState : uint8_t {
  kRunning,
  kStopped,   ///< the kernel disabled the queue (its stop words), or Fail() was called
  kProtocol,  ///< the device wrote something impossible; `problem()` says what
};

/// Nothing that the device writes is used as an index before it was checked, and a descriptor is
/// looked at only in the private copy that Pop() makes. A queue that went wrong stays so.
///
/// One thread, except where noted.
class QmQueue {
 public:
  /// Whether rings of this shape can be driven; Error names the value that cannot be.
  static Outcome Check(const QueueRings& rings);

  /// `rings` passed Check() and outlives this.
  explicit QmQueue(const QueueRings& rings);

  /// Descriptors that Push() would take. One slot stays free: a doorbell with an unchanged index
  /// means "nothing new".
  uint32_t Room() const;
  /// Slot that the next Push() will fill.
  uint32_t tail() const { return tail_; }
  /// Copies a descriptor into the ring. Room() must not be 0. The device sees it at the next
  /// RingDoorbell(). `tag_word`: the index of the descriptor's tag, which must come back unchanged.
  void Push(const Sqe& sqe, uint32_t tag_word);
  /// Makes what was pushed since the last call known to the device: one barrier, one 64-bit store.
  /// Does nothing if the queue is not running.
  void RingDoorbell();

  /// Takes the next completion, in the order in which the device wrote them. @return whether there
  /// was one; `*slot` is the slot given to Push(), `*sqe` what is in it now
  bool Pop(uint32_t* slot, Sqe* sqe);
  /// Gives the device the completion entries back that were popped since the last call; with
  /// `event` the kernel wakes sleepers at the next completion. One 64-bit store, none if there is
  /// nothing to say.
  void ReleaseCompletions(bool event);

  /// True if Pop() would find something. Any thread. False once the queue failed: then its memory
  /// may be gone.
  bool HasCompletion() const { return HasCompletions(1); }
  /// Completions that are worth waking a sleeper for, 1 to the depth of the CQ.
  void SetBatch(uint32_t count) { batch_.store(count, std::memory_order_relaxed); }
  /// True if as many are there. Any thread.
  bool HasBatch() const { return HasCompletions(batch_.load(std::memory_order_relaxed)); }
  /// True if the kernel set a stop word: state() will tell. Any thread.
  bool StopSeen() const;
  /// Descriptors that the device has not completed. Any thread.
  uint32_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }

  /// Looks at the kernel's stop words.
  QmState state();
  const std::string& problem() const { return problem_; }
  /// From now on the rings and doorbells are not touched.
  void Fail(QmState state, std::string problem);

 private:
  struct Slot {
    uint32_t tag = 0;
    uint8_t tag_word = 0;
    bool busy = false;
  };

  bool HasCompletions(uint32_t count) const;
  void Ring(DoorbellCommand command, uint32_t index, bool event);
  uint32_t Advance(uint32_t index, uint32_t depth) const {
    return index + 1 == depth ? 0 : index + 1;
  }

  const QueueRings& rings_;
  const uint32_t limit_;  ///< descriptors that may be outstanding
  std::vector<Slot> slots_;
  uint32_t tail_ = 0;
  uint32_t oldest_ = 0;  ///< first slot that is not free, if oldest_ != tail_
  uint32_t rung_ = 0;    ///< tail that the device knows
  uint32_t popped_ = 0;  ///< completions not released yet
  bool armed_ = false;   ///< the last CQ doorbell asked for an event
  QmState state_ = QmState::kRunning;
  std::string problem_;
  // The owner writes these; another thread reads them for hints (is it worth to wake the owner?),
  // and reads nothing else on the strength of them. So relaxed is enough: one word each, that is
  // never half old. Head and phase share one, since each makes no sense with an old other.
  /// CQ head in the low half, expected phase in bit 16: for HasCompletion() of another thread.
  std::atomic<uint32_t> cursor_{1u << 16};
  std::atomic<uint32_t> outstanding_{0};
  std::atomic<uint32_t> batch_{1};   ///< relaxed: a hint, and any value of it is within the ring
  std::atomic<bool> running_{true};  ///< state_ == kRunning
};

}  // namespace warpdrive::hisilicon
