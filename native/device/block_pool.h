// Memory for requests' inputs and outputs, handed out in blocks and kept for reuse: the first
// touch of a fresh page costs more than compressing what is put on it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace warpdrive {

class BlockPool;

/// Owner of one block of the pool; gives it back when it goes.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept { *this = std::move(other); }
  Block& operator=(Block&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { Release(); }

  uint8_t* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  explicit operator bool() const { return data_ != nullptr; }
  void Release();

 private:
  friend class BlockPool;
  Block(BlockPool* pool, uint8_t* data, size_t capacity)
      : pool_(pool), data_(data), capacity_(capacity) {}

  BlockPool* pool_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t capacity_ = 0;
};

/// Thread-safe. Contents of a block are undefined when it is taken.
class BlockPool {
 public:
  /// The pool of this process. Never destroyed: blocks may outlive static destruction.
  static BlockPool& Instance();

  explicit BlockPool(size_t max_cached) : max_cached_(max_cached) {}
  ~BlockPool();

  /// At least `size` bytes, 64-byte aligned; an empty Block if memory ran out.
  Block Take(size_t size);

  size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }
  size_t cached() const { return cached_.load(std::memory_order_relaxed); }

  /// Bytes in use above which sessions that already have work in flight get no more (a soft
  /// limit: a session with nothing in flight is always served, or none could finish).
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void SetLimit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }

 private:
  friend class Block;
  void Give(uint8_t* data, size_t capacity);

  static constexpr size_t kSmallest = 4096;
  static constexpr int kClasses = 4 * 20;  // 4 per octave: at most a quarter of a block is unused
  static size_t ClassSize(int index);
  static int ClassFor(size_t size);

  const size_t max_cached_;
  std::atomic<size_t> in_use_{0};
  std::atomic<size_t> cached_{0};
  std::atomic<size_t> limit_{256u << 20};
  // One lock for all: taken twice per block, and a block is at least thousands of bytes of work.
  std::mutex mutex_;
  std::array<std::vector<uint8_t*>, kClasses> free_;
};

}  // namespace warpdrive
