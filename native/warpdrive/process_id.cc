#include "warpdrive/process_id.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace warpdrive {
namespace {

/// Where the id is remembered: a page that the kernel zeroes in every child (Linux >= 4.14), or, if
/// it cannot, a word that fork()'s child handler zeroes.
std::atomic<pid_t>* Remembered() {
  static std::atomic<pid_t>* const word = [] {
    const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
      if (madvise(page, size, MADV_WIPEONFORK) == 0) return static_cast<std::atomic<pid_t>*>(page);
      munmap(page, size);
    }
    static std::atomic<pid_t> fallback{0};
    static_cast<void>(pthread_atfork(nullptr, nullptr, [] { fallback.store(0); }));
    return &fallback;
  }();
  return word;
}

}  // namespace

pid_t ProcessId() {
  std::atomic<pid_t>* word = Remembered();
  // Relaxed: every thread would write the same number, and nothing else depends on it.
  pid_t id = word->load(std::memory_order_relaxed);
  if (id == 0) {
    id = getpid();
    word->store(id, std::memory_order_relaxed);
  }
  return id;
}

}  // namespace warpdrive
