// Memory that a device reads and writes: mapped once, handed out in blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "warpdrive/fd.h"
#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"

namespace warpdrive {

/// Puts memory of this process into a device's address space.
class DmaMapper {
 public:
  virtual ~DmaMapper() = default;
  /// Maps [address, address + size), both multiples of the page size, for reading and writing.
  /// @return the IOVA at which the device finds it
  virtual Result<uint64_t> Map(void* address, size_t size) = 0;
  /// Undoes one Map(). Only after the device can no longer use it.
  virtual void Unmap(uint64_t iova, size_t size) = 0;
  /// True if mapped pages are pinned, and so count against RLIMIT_MEMLOCK.
  virtual bool Pins() const { return true; }
};

/// Shared virtual addressing: the device walks this process's page table.
class SvaMapper final : public DmaMapper {
 public:
  Result<uint64_t> Map(void* address, size_t) override {
    return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(address));
  }
  void Unmap(uint64_t, size_t) override {}
  bool Pins() const override { return false; }
};

class DmaPool;

/// Owner of one block of a pool; gives it back when it goes. The pool outlives its blocks.
class DmaBlock {
 public:
  DmaBlock() = default;
  DmaBlock(DmaBlock&& other) noexcept
      : pool_(other.pool_),
        data_(std::exchange(other.data_, nullptr)),
        iova_(other.iova_),
        size_(other.size_) {}
  DmaBlock& operator=(DmaBlock&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(iova_, other.iova_);
    std::swap(size_, other.size_);
    return *this;
  }
  DmaBlock(const DmaBlock&) = delete;
  DmaBlock& operator=(const DmaBlock&) = delete;
  ~DmaBlock() { Release(); }

  uint8_t* data() const { return data_; }  ///< where this process sees it; 64-byte aligned
  uint64_t iova() const { return iova_; }  ///< where the device sees it
  size_t size() const { return size_; }    ///< bytes
  explicit operator bool() const { return data_ != nullptr; }
  /// Gives it back. The device must be done with it.
  void Release() { Release(size_); }
  /// The same where only the first `dirty` bytes are not zero.
  void Release(size_t dirty) {
    if (data_ != nullptr) GiveBack(dirty);
  }
  /// Zeroes the first `dirty` bytes of a block that is kept. The device must be done with it.
  void Clear(size_t dirty);
  /// Never gives it back: a device that cannot be stopped may still write it. It stays part of its
  /// pool, mapped and out of use, until the pool goes; the pool's addresses are never used again.
  void Abandon();

 private:
  friend class DmaPool;
  DmaBlock(DmaPool* pool, uint8_t* data, uint64_t iova, size_t size)
      : pool_(pool), data_(data), iova_(iova), size_(size) {}
  void GiveBack(size_t dirty);

  DmaPool* pool_ = nullptr;
  uint8_t* data_ = nullptr;
  uint64_t iova_ = 0;
  size_t size_ = 0;
};

/// One arena in a device's address space. Thread-safe. Blocks are zeroed before they are handed
/// out again, so that no stream's bytes reach another.
class DmaPool {
 public:
  /// Reserves, touches and maps `size` bytes (rounded up to whole pages). Huge pages where the
  /// kernel grants them. Not inherited by fork (MADV_DONTFORK: a child's copy-on-write would leave
  /// this process with a page that the device does not use), not in core dumps.
  /// `mapper` outlives the pool. The memory limit is checked before anything is pinned.
  static Result<std::unique_ptr<DmaPool>> Create(DmaMapper* mapper, size_t size,
                                                 Syscalls* calls = Syscalls::Kernel());
  /// All blocks must be back, or abandoned. With one abandoned, the arena's pages go back to the
  /// system, but its addresses stay reserved for ever: where the device has our addresses, what it
  /// writes too late would else reach whatever lies there next, the next arena most likely.
  ~DmaPool();
  DmaPool(const DmaPool&) = delete;
  DmaPool& operator=(const DmaPool&) = delete;

  /// `size` bytes at least, zeroed, aligned to `alignment` (a power of two, 64 to 4096);
  /// an empty block if the arena is full, or in a child made by fork(), which has no arena.
  DmaBlock Take(size_t size, size_t alignment = 64);

  size_t size() const { return arena_.size(); }
  /// Bytes that are handed out.
  size_t in_use() const;
  bool huge_pages() const { return huge_pages_; }
  bool Contains(const void* address, size_t size) const;

 private:
  friend class DmaBlock;
  struct Range {
    size_t begin;
    size_t end;
  };

  DmaPool(DmaMapper* mapper, Mapping arena, bool huge_pages, uint64_t iova);
  void Give(uint8_t* data, size_t size, size_t dirty);

  DmaMapper* mapper_;
  Mapping arena_;
  pid_t pid_;  ///< a child made by fork() has the object, but not the memory
  bool huge_pages_;
  uint64_t iova_;
  std::atomic<bool> abandoned_{false};  ///< relaxed: read when no block is in use any more
  // Taken twice per block, and a block is at least thousands of bytes of work.
  mutable std::mutex mutex_;
  std::vector<Range> free_;  ///< ascending, never touching
  size_t in_use_ = 0;
};

}  // namespace warpdrive
