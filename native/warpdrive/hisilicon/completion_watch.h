// The thread that wakes the owner of a queue when a completion comes.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "device/event_word.h"
#include "warpdrive/fd.h"
#include "warpdrive/hisilicon/completion_sleep.h"

namespace warpdrive::hisilicon {

/// One per queue object, since WAIT is a call that sleeps for one queue alone. While the owner is
/// not armed, and while nothing is outstanding, it sleeps on a futex; the owner wakes it when it
/// arms, which it does once per batch at most. It only looks: rings and doorbells are the owner's.
/// What it does besides is to clear used memory.
class CompletionWatch {
 public:
  using Notify = void (*)(void* context);

  /// `targets` outlive the watch. nullptr if the system gave no thread.
  static std::unique_ptr<CompletionWatch> Start(std::vector<WaitTarget> targets, Notify notify,
                                                void* context);
  /// Joins the thread: afterwards notify() is not called and no queue is looked at. In a child made
  /// by fork() there is no thread, and nothing to do.
  ~CompletionWatch();

  /// One notify() when a queue has its batch; `gather_ns` after the first completion, if the batch
  /// has not come by then; or at `deadline_ns` (NowNs()): then the owner has to look why there is
  /// none. The owner looks for completions after this once more.
  void Arm(int64_t deadline_ns, int64_t gather_ns);
  void Disarm();
  /// Memory waits to be cleared.
  void Tidy() { word_.Signal(1); }

 private:
  CompletionWatch(std::vector<WaitTarget> targets, UniqueFd wake, Notify notify, void* context);
  static void* Main(void* self);
  void Run();
  void WatchOnce();

  const std::vector<WaitTarget> targets_;
  const pid_t pid_;
  const UniqueFd wake_;  ///< ends a nap at the end; a child's copy would end the parent's
  const Notify notify_;
  void* const context_;
  EventWord word_;
  // The owner sets one of these and then signals the word; the watch takes the word's value and
  // then looks at these. So it sees the flag, or does not fall asleep. Release and acquire would
  // do; once per sleep the stronger order costs nothing.
  std::atomic<bool> armed_{false};
  std::atomic<bool> quit_{false};
  std::atomic<int64_t> deadline_ns_{0};  ///< relaxed: published by armed_
  std::atomic<int64_t> gather_ns_{0};    ///< as this
  pthread_t thread_{};
};

}  // namespace warpdrive::hisilicon
