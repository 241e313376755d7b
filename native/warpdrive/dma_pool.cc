#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "warpdrive/dma.h"
#include "warpdrive/process_id.h"

namespace warpdrive {
namespace {

constexpr size_t kHugePage = 2u << 20;

constexpr size_t RoundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

std::string MiB(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

Error MemlockError(size_t size, uint64_t limit) {
  if (limit == UINT64_MAX) {
    return {ErrorCode::kMemoryLimit, ENOMEM,
            "cannot pin " + MiB(size) +
                " for DMA, though no RLIMIT_MEMLOCK binds this process: memory ran out, or the "
                "container's memory limit (cgroup memory.max)"};
  }
  return {ErrorCode::kMemoryLimit, ENOMEM,
          "cannot pin " + MiB(size) + " for DMA: the limit RLIMIT_MEMLOCK is " + MiB(limit) +
              "; raise it with ulimit -l, LimitMEMLOCK= in the systemd unit, --ulimit memlock= of "
              "the container, or a line 'memlock' in /etc/security/limits.conf"};
}

/// Every page present and writable. MADV_POPULATE_WRITE (Linux 5.14) reports a failure that a
/// plain store would turn into SIGBUS: a hugetlb limit of the cgroup, for one.
bool Populate(Syscalls* calls, uint8_t* data, size_t size, bool huge) {
#ifdef MADV_POPULATE_WRITE
  if (calls->Madvise(data, size, MADV_POPULATE_WRITE) == 0) return true;
#endif
  if (huge) return false;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (size_t at = 0; at < size; at += page) *static_cast<volatile uint8_t*>(data + at) = 0;
  return true;
}

Mapping MapHuge(Syscalls* calls, size_t size) {
#ifdef MAP_HUGETLB
  constexpr int kTwoMiB = 21 << 26;  // MAP_HUGE_2MB: log2 of the page size, shifted
  int error = 0;
  void* data = calls->Mmap(size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | kTwoMiB, -1, 0, &error);
  if (data == nullptr) return {};
  Mapping mapping(data, size, calls);
  if (!Populate(calls, mapping.data(), size, true)) return {};
  return mapping;
#else
  static_cast<void>(calls);
  static_cast<void>(size);
  return {};
#endif
}

Mapping MapSmall(Syscalls* calls, size_t size, int* error) {
  void* data = calls->Mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, error);
  if (data == nullptr) return {};
  Mapping mapping(data, size, calls);
#ifdef MADV_HUGEPAGE
  // Asked before the pages are there; a kernel without transparent huge pages says no, no matter.
  static_cast<void>(calls->Madvise(data, size, MADV_HUGEPAGE));
#endif
  return mapping;
}

}  // namespace

void DmaBlock::GiveBack(size_t dirty) { pool_->Give(std::exchange(data_, nullptr), size_, dirty); }

void DmaBlock::Clear(size_t dirty) {
  if (data_ != nullptr && ProcessId() == pool_->pid_) std::memset(data_, 0, dirty);
}

void DmaBlock::Abandon() {
  if (std::exchange(data_, nullptr) != nullptr) {
    pool_->abandoned_.store(true, std::memory_order_relaxed);
  }
}

Result<std::unique_ptr<DmaPool>> DmaPool::Create(DmaMapper* mapper, size_t size, Syscalls* calls) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size = RoundUp(std::max<size_t>(size, 1), size >= kHugePage ? std::max(kHugePage, page) : page);
  const uint64_t limit = calls->MemlockLimit();
  if (mapper->Pins() && size > limit) return MemlockError(size, limit);

  bool huge = size >= kHugePage;
  Mapping arena = huge ? MapHuge(calls, size) : Mapping();
  if (!arena) {
    huge = false;
    int error = 0;
    arena = MapSmall(calls, size, &error);
    if (!arena) return SystemError(-error, "cannot reserve " + MiB(size) + " for DMA");
  }
  // Before the pages are pinned, so that no fork in between shares them.
  if (const int error = calls->Madvise(arena.data(), size, MADV_DONTFORK); error < 0) {
    return SystemError(-error, "cannot keep DMA memory from forked processes");
  }
#ifdef MADV_DONTDUMP
  if (const int error = calls->Madvise(arena.data(), size, MADV_DONTDUMP); error < 0) {
    return SystemError(-error, "cannot keep DMA memory out of core dumps");
  }
#endif
  if (!huge) Populate(calls, arena.data(), size, false);

  Result<uint64_t> iova = mapper->Map(arena.data(), size);
  if (!iova) {
    // ENOMEM from pinning: other pinned memory of this process counts against the same limit.
    if (iova.error().system_error == ENOMEM) return MemlockError(size, limit);
    return iova.error();
  }
  return std::unique_ptr<DmaPool>(new DmaPool(mapper, std::move(arena), huge, iova.value()));
}

DmaPool::DmaPool(DmaMapper* mapper, Mapping arena, bool huge_pages, uint64_t iova)
    : mapper_(mapper),
      arena_(std::move(arena)),
      pid_(ProcessId()),
      huge_pages_(huge_pages),
      iova_(iova),
      free_{{0, arena_.size()}} {}

DmaPool::~DmaPool() {
  if (ProcessId() != pid_) return;
  mapper_->Unmap(iova_, arena_.size());
  if (abandoned_.load(std::memory_order_relaxed)) arena_.Retire();
}

DmaBlock DmaPool::Take(size_t size, size_t alignment) {
  if (size == 0 || size > arena_.size() || ProcessId() != pid_) return {};
  size = RoundUp(size, 64);
  const std::lock_guard lock(mutex_);
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    const size_t begin = RoundUp(range->begin, alignment);
    if (begin > range->end || range->end - begin < size) continue;
    const Range rest{begin + size, range->end};
    if (begin == range->begin) {
      *range = rest;
      if (rest.begin == rest.end) free_.erase(range);
    } else {
      range->end = begin;
      if (rest.begin != rest.end) free_.insert(range + 1, rest);
    }
    in_use_ += size;
    return DmaBlock(this, arena_.data() + begin, iova_ + begin, size);
  }
  return {};
}

void DmaPool::Give(uint8_t* data, size_t size, size_t dirty) {
  if (ProcessId() != pid_) return;
  // Outside the lock, and now rather than at the next Take(): nobody's bytes lie about.
  std::memset(data, 0, dirty);
  const auto begin = static_cast<size_t>(data - arena_.data());
  const size_t end = begin + size;
  const std::lock_guard lock(mutex_);
  in_use_ -= size;
  auto next = std::upper_bound(free_.begin(), free_.end(), begin,
                               [](size_t at, const Range& range) { return at < range.begin; });
  const bool joins_next = next != free_.end() && next->begin == end;
  if (next != free_.begin() && std::prev(next)->end == begin) {
    std::prev(next)->end = joins_next ? next->end : end;
    if (joins_next) free_.erase(next);
  } else if (joins_next) {
    next->begin = begin;
  } else {
    free_.insert(next, {begin, end});
  }
}

size_t DmaPool::in_use() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

bool DmaPool::Contains(const void* address, size_t size) const {
  const auto begin = reinterpret_cast<uintptr_t>(arena_.data());
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= begin && at - begin <= arena_.size() && size <= arena_.size() - (at - begin);
}

}  // namespace warpdrive
