#include "warpdrive/hisilicon/completion_watch.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace warpdrive::hisilicon {

CompletionWatch::CompletionWatch(std::vector<WaitTarget> targets, UniqueFd wake, Notify notify,
                                 void* context)
    : targets_(std::move(targets)), wake_(std::move(wake)), notify_(notify), context_(context) {}

std::unique_ptr<CompletionWatch> CompletionWatch::Start(std::vector<WaitTarget> targets,
                                                        Notify notify, void* context) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return nullptr;
  std::unique_ptr<CompletionWatch> watch(
      new CompletionWatch(std::move(targets), std::move(wake), notify, context));
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&watch->thread_, nullptr, Main, watch.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    watch->quit_.store(true);  // nothing to join
    return nullptr;
  }
  return watch;
}

CompletionWatch::~CompletionWatch() {
  if (quit_.exchange(true)) return;
  const uint64_t one = 1;
  static_cast<void>(write(wake_.get(), &one, sizeof(one)));
  word_.Signal(1);
  pthread_join(thread_, nullptr);
}

void CompletionWatch::Arm(int64_t deadline_ns) {
  deadline_ns_.store(deadline_ns, std::memory_order_relaxed);
  armed_.store(true, std::memory_order_seq_cst);
  word_.Signal(1);
}

void CompletionWatch::Disarm() { armed_.store(false, std::memory_order_seq_cst); }

void* CompletionWatch::Main(void* self) {
  static_cast<CompletionWatch*>(self)->Run();
  return nullptr;
}

void CompletionWatch::Run() {
  while (!quit_.load(std::memory_order_seq_cst)) {
    const uint32_t seen = word_.Current();
    if (armed_.load(std::memory_order_seq_cst)) {
      WatchOnce();
    } else if (!quit_.load(std::memory_order_seq_cst)) {
      word_.Wait(seen, 0);
    }
  }
}

// Until there is a completion, the deadline, or nobody who wants to know.
void CompletionWatch::WatchOnce() {
  CompletionSleep sleep(targets_, wake_.get());
  bool due = sleep.Spin();
  while (!due) {
    if (!armed_.load(std::memory_order_seq_cst) || quit_.load(std::memory_order_seq_cst)) return;
    const int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
    const bool alive = sleep.Nap(deadline);
    due = !alive || sleep.Ready() || NowNs() >= deadline;
  }
  if (armed_.exchange(false, std::memory_order_seq_cst)) notify_(context_);
}

}  // namespace warpdrive::hisilicon
