#include "software/worker_thread.h"

#include <signal.h>

#include <memory>
#include <utility>

#if defined(__linux__)
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace warpdrive::software {
namespace {

// A handler must not run on a worker. The mask is inherited, so it is in place before a worker's
// first instruction.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }

 private:
  sigset_t saved_;
};

#if defined(__linux__)
// struct sched_attr of linux/sched/types.h, as long as it was at first. That header and glibc's
// sched.h cannot be included together everywhere, and only glibc 2.41 has the calls.
struct SchedAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};
static_assert(sizeof(SchedAttributes) == 48);

// A kernel that refuses (it knows no slices) leaves the worker as it was. A filter of system calls
// may kill the process instead: systemd's `SystemCallFilter=~@resources` does.
void AskForSlice() {
  if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_DISABLED) return;
  SchedAttributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
  // For a real-time policy, which the process was started with, the field means something else.
  if (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH) return;
  attributes.runtime = kWorkerSliceNs;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
#endif

void Prepare() {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "warpdrive");
  AskForSlice();
#endif
}

}  // namespace

// pthread_create reports failure by value; std::thread would throw.
bool StartWorkerThread(std::function<void()> main, pthread_t* thread) {
  const SignalsBlocked blocked;
  auto start = std::make_unique<std::function<void()>>(std::move(main));
  const auto entry = [](void* argument) -> void* {
    const std::unique_ptr<std::function<void()>> owned(
        static_cast<std::function<void()>*>(argument));
    Prepare();
    (*owned)();
    return nullptr;
  };
  if (pthread_create(thread, nullptr, entry, start.get()) != 0) return false;
  start.release();
  return true;
}

}  // namespace warpdrive::software
