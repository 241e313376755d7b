#include "warpdrive/mapping_guard.h"

#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

namespace warpdrive {
namespace {

// Read by the signal handler: no lock, no allocation. `size` is published last and taken first.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<uintptr_t> begin{0};
  std::atomic<size_t> size{0};  ///< 0 = guards nothing
  std::atomic<bool> lost{false};
};
Slot slots[MappingGuard::kMaxGuards];
std::atomic<int> highest{0};  ///< slots from here on were never taken
struct sigaction before;

/// Puts memory full of ones where the range was, in one step: no thread sees it half filled.
bool Replace(uintptr_t begin, size_t size) {
  void* fresh = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED) return false;
  std::memset(fresh, 0xff, size);
  void* place = reinterpret_cast<void*>(begin);
  return mremap(fresh, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place;
}

bool Handle(uintptr_t address) {
  const int end = highest.load(std::memory_order_acquire);
  for (int i = 0; i < end; ++i) {
    const size_t size = slots[i].size.load(std::memory_order_acquire);
    const uintptr_t begin = slots[i].begin.load(std::memory_order_relaxed);
    if (size == 0 || address < begin || address - begin >= size) continue;
    if (!Replace(begin, size)) return false;
    slots[i].lost.store(true, std::memory_order_release);
    return true;
  }
  return false;
}

void OnBusError(int number, siginfo_t* info, void* context) {
  const int saved = errno;
  // Codes above 0 are the kernel's: a fault, not a kill().
  const bool ours = info->si_code > 0 && Handle(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = saved;
  if (ours) return;
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else if (info->si_code > 0 || before.sa_handler == SIG_DFL) {
    // The access is made again and ends the process the usual way, with its core dump.
    signal(number, SIG_DFL);
    if (info->si_code <= 0) raise(number);
  }
}

void Install() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_sigaction = OnBusError;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
  });
}

}  // namespace

MappingGuard::MappingGuard(uint8_t* data, size_t size) {
  Install();
  for (int i = 0; i < kMaxGuards; ++i) {
    if (slots[i].taken.exchange(true)) continue;
    slot_ = i;
    slots[i].lost.store(false);
    slots[i].begin.store(reinterpret_cast<uintptr_t>(data));
    slots[i].size.store(size, std::memory_order_release);
    int end = highest.load();
    while (end <= i && !highest.compare_exchange_weak(end, i + 1)) {
    }
    return;
  }
}

MappingGuard::MappingGuard(MappingGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

MappingGuard& MappingGuard::operator=(MappingGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

void MappingGuard::Reset() {
  if (slot_ < 0) return;
  Slot& slot = slots[std::exchange(slot_, -1)];
  slot.size.store(0);
  slot.taken.store(false);
}

bool MappingGuard::lost() const { return slot_ >= 0 && slots[slot_].lost.load(); }

}  // namespace warpdrive
