#include "device/event_word.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#else
#include <chrono>
#include <thread>
#endif

namespace warpdrive {

// Signal: value, then sleepers. Wait: sleepers, then value. Both sequentially consistent, so at
// least one side sees the other and no wake-up is lost.

#if defined(__linux__)

namespace {

int Futex(std::atomic<uint32_t>* word, int operation, uint32_t value, const timespec* timeout) {
  static_assert(sizeof(*word) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  return static_cast<int>(syscall(SYS_futex, reinterpret_cast<uint32_t*>(word),
                                  operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr, 0));
}

}  // namespace

void EventWord::Signal(uint32_t count) {
  value_.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0) Futex(&value_, FUTEX_WAKE, count, nullptr);
}

bool EventWord::Wait(uint32_t seen, uint32_t timeout_ms) {
  timespec timeout{static_cast<time_t>(timeout_ms / 1000),
                   static_cast<long>(timeout_ms % 1000) * 1000000L};
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  const int result = Futex(&value_, FUTEX_WAIT, seen, timeout_ms == 0 ? nullptr : &timeout);
  const bool timed_out = result != 0 && errno == ETIMEDOUT;
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  return !timed_out;
}

#else

void EventWord::Signal(uint32_t count) {
  value_.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  if (count == 1) {
    value_.notify_one();
  } else {
    value_.notify_all();
  }
}

bool EventWord::Wait(uint32_t seen, uint32_t timeout_ms) {
  if (timeout_ms != 0) {
    // std::atomic has no timed wait; the few callers with a limit can poll.
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (Current() == seen) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  value_.wait(seen, std::memory_order_seq_cst);
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  return true;
}

#endif

}  // namespace warpdrive
