#include "warpdrive/hisilicon/completion_watch.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace warpdrive::hisilicon {
namespace {

/// How often the watch looks while it waits for more completions, at most, and how seldom.
constexpr int64_t kGatherLooks = 16;
constexpr int64_t kShortestPauseNs = 20'000;

}  // namespace

CompletionWatch::CompletionWatch(std::vector<WaitTarget> targets, UniqueFd wake, Notify notify,
                                 void* context)
    : targets_(std::move(targets)),
      pid_(ProcessId()),
      wake_(std::move(wake)),
      notify_(notify),
      context_(context) {}

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
  if (quit_.exchange(true) || ProcessId() != pid_) return;
  const uint64_t one = 1;
  static_cast<void>(write(wake_.get(), &one, sizeof(one)));
  word_.Signal(1);
  pthread_join(thread_, nullptr);
}

void CompletionWatch::Arm(int64_t deadline_ns, int64_t gather_ns) {
  deadline_ns_.store(deadline_ns, std::memory_order_relaxed);
  gather_ns_.store(gather_ns, std::memory_order_relaxed);
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
    } else if (!CompletionSleep(targets_, -1).ClearOne()) {
      if (!quit_.load(std::memory_order_seq_cst)) word_.Wait(seen, 0);
    }
  }
}

// Until there are completions enough, the deadline, or nobody who wants to know.
void CompletionWatch::WatchOnce() {
  CompletionSleep sleep(targets_, wake_.get());
  // While the engine is busy. What comes amid a spin or a nap waits for the next time.
  while (!sleep.HasBatch() && sleep.ClearOne()) {
  }
  bool due = sleep.Spin(true);
  int64_t first_ns = sleep.Ready() ? NowNs() : 0;  // when the first completion was seen
  while (!due) {
    if (!armed_.load(std::memory_order_seq_cst) || quit_.load(std::memory_order_seq_cst)) return;
    const int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
    const int64_t gather = gather_ns_.load(std::memory_order_relaxed);
    bool alive = true;
    if (first_ns == 0) {
      alive = sleep.Nap(deadline);
    } else {
      sleep.Pause(std::max(gather / kGatherLooks, kShortestPauseNs));
    }
    const int64_t now = NowNs();
    if (first_ns == 0 && sleep.Ready()) first_ns = now;
    const bool gathered = first_ns != 0 && now - first_ns >= gather;
    due = !alive || gathered || sleep.HasBatch() || now >= deadline;
  }
  if (armed_.exchange(false, std::memory_order_seq_cst)) notify_(context_);
}

}  // namespace warpdrive::hisilicon
