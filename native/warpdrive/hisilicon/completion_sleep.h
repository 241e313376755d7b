// How to wait for a completion without burning a CPU.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "warpdrive/hisilicon/qm_queue.h"
#include "warpdrive/hisilicon/used_memory.h"
#include "warpdrive/transport.h"

namespace warpdrive::hisilicon {

/// A monotonic clock, in nanoseconds. A vDSO call: no system call.
int64_t NowNs();

/// Whether a kernel's WAIT ends when a completion comes. The first spimdev driver's never does, and
/// its time-outs are multiples of a tick of 1 to 10 ms: there naps find completions sooner.
/// Thread-safe.
class WakeRecord {
 public:
  /// `ready`: a completion was there when the wait ended.
  void Note(WaitEnd end, bool ready) {
    if (end == WaitEnd::kWoken) missed_.store(0, std::memory_order_relaxed);
    if (end == WaitEnd::kTimeout && ready) missed_.fetch_add(1, std::memory_order_relaxed);
  }
  bool Wakes() const { return missed_.load(std::memory_order_relaxed) < kMisses; }

 private:
  /// Missed in a row: a completion may also come just when the time is up.
  static constexpr uint32_t kMisses = 4;
  // Relaxed: a late look costs a wait more or less.
  std::atomic<uint32_t> missed_{0};
};

/// A queue pair as a waiting thread sees it.
struct WaitTarget {
  TransportQueue* transport;
  const QmQueue* queue;
  UsedMemory* used;  ///< to be cleared when there is time
  WakeRecord* wakes;
};

/// Spins, then sleeps in ever longer naps. Not every kernel wakes a sleeper when a completion
/// comes (the first spimdev driver never does, uacce before Linux 5.14 neither), so each nap ends
/// by itself, and the first ones are no longer than what was waited for already: the wait is at
/// most twice as long as a short request took, or a little longer than a long one.
class CompletionSleep {
 public:
  /// `wake_fd`: ends a nap when it polls readable; -1 = none.
  CompletionSleep(std::span<const WaitTarget> targets, int wake_fd)
      : targets_(targets), wake_fd_(wake_fd) {}

  /// True if a queue has a completion, or was stopped.
  bool Ready() const;
  /// Clears one block of those that wait for it. @return false if none does
  bool ClearOne() const;
  /// True if a queue has as many as are worth waking anybody for, or was stopped.
  bool HasBatch() const;
  /// Looks for some 20 us. @return whether Ready(), or HasBatch() if `batch`
  bool Spin(bool batch) const;
  /// Sleeps once; not beyond `until_ns`. A kernel's WAIT does not hear `wake_fd`, and is asked for
  /// one tick of its clock. @return false if the kernel says that a device is gone
  bool Nap(int64_t until_ns);
  /// Sleeps for `ns`, whatever the queues' descriptors say: they may report completions that are
  /// there already.
  void Pause(int64_t ns) const;

 private:
  /// The queue that WAIT can be used for; nullptr if there is none.
  const WaitTarget* ToWaitFor() const;

  static constexpr int64_t kFirstNapNs = 50'000;
  static constexpr int64_t kLongestNapNs = 1'000'000;
  static constexpr int64_t kLongestNapWithEventsNs = 4'000'000;

  std::span<const WaitTarget> targets_;
  int wake_fd_;
  int64_t nap_ns_ = kFirstNapNs;
};

}  // namespace warpdrive::hisilicon
