#include "device/block_pool.h"

#include <cstdlib>

namespace warpdrive {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kDefaultMaxCached = 24u << 20;

}  // namespace

void Block::Release() {
  if (data_ != nullptr) pool_->Give(data_, capacity_);
  pool_ = nullptr;
  data_ = nullptr;
  capacity_ = 0;
}

BlockPool& BlockPool::Instance() {
  static BlockPool* const pool = new BlockPool(kDefaultMaxCached);
  return *pool;
}

BlockPool::~BlockPool() {
  for (auto& list : free_) {
    for (uint8_t* data : list) std::free(data);
  }
}

size_t BlockPool::ClassSize(int index) {
  const size_t octave = kSmallest << (index / 4);
  return octave + octave / 4 * (index % 4);
}

int BlockPool::ClassFor(size_t size) {
  int index = 0;
  while (index < kClasses && ClassSize(index) < size) ++index;
  return index;
}

Block BlockPool::Take(size_t size) {
  const int index = ClassFor(size);
  if (index == kClasses) return {};
  const size_t capacity = ClassSize(index);
  uint8_t* data = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!free_[index].empty()) {
      data = free_[index].back();
      free_[index].pop_back();
      cached_.fetch_sub(capacity, std::memory_order_relaxed);
    }
  }
  if (data == nullptr) data = static_cast<uint8_t*>(std::aligned_alloc(kAlignment, capacity));
  if (data == nullptr) return {};
  in_use_.fetch_add(capacity, std::memory_order_relaxed);
  return {this, data, capacity};
}

void BlockPool::Give(uint8_t* data, size_t capacity) {
  in_use_.fetch_sub(capacity, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    if (cached_.load(std::memory_order_relaxed) + capacity <= max_cached_) {
      free_[ClassFor(capacity)].push_back(data);
      cached_.fetch_add(capacity, std::memory_order_relaxed);
      return;
    }
  }
  std::free(data);
}

}  // namespace warpdrive
