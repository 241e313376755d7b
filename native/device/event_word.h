// A word that threads sleep on: the doorbell's other half.
#pragma once

#include <atomic>
#include <cstdint>

namespace warpdrive {

/// Eventcount on one 32-bit word: futex on Linux, std::atomic::wait elsewhere. Signal() costs no
/// system call while nobody sleeps.
class EventWord {
 public:
  /// The value to hand to Wait() later: read it, look for work, then sleep on it.
  uint32_t Current() const { return value_.load(std::memory_order_seq_cst); }

  /// Publishes that there is something new and wakes up to `count` sleepers.
  void Signal(uint32_t count);

  /// Sleeps until the value is no longer `seen`, or `timeout_ms` passed (0 = no limit).
  /// May return early. @return false on time-out
  bool Wait(uint32_t seen, uint32_t timeout_ms);

 private:
  std::atomic<uint32_t> value_{0};
  std::atomic<uint32_t> sleepers_{0};
};

/// Tells the CPU that this is a spin loop.
inline void CpuRelax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace warpdrive
