#include "device/block_pool.h"

#include <sys/mman.h>

#include <cstdlib>

namespace warpdrive {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kDefaultMaxCached = 24u << 20;

// From here on blocks are mappings of their own. In malloc's heap they would lie between Node's
// buffers, and what is freed between two that are in use is not given back: 100 MB after some
// thousand responses. (malloc maps large blocks, too, but fewer and fewer of them: its threshold
// rises to the largest that was freed.)
constexpr size_t kMapped = 128u << 10;

// AddressSanitizer watches malloc's memory alone.
#if defined(__SANITIZE_ADDRESS__)  // GCC
constexpr bool kMaps = false;
#elif defined(__has_feature)  // Clang
constexpr bool kMaps = !__has_feature(address_sanitizer);
#else
constexpr bool kMaps = true;
#endif

uint8_t* Allocate(size_t capacity) {
  if (!kMaps || capacity < kMapped) {
    return static_cast<uint8_t*>(std::aligned_alloc(kAlignment, capacity));
  }
  void* const memory =
      mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

void Free(uint8_t* data, size_t capacity) {
  if (!kMaps || capacity < kMapped) {
    std::free(data);
  } else {
    munmap(data, capacity);
  }
}

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
  for (int index = 0; index < kClasses; ++index) {
    for (uint8_t* data : free_[index]) Free(data, ClassSize(index));
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
  if (data == nullptr) data = Allocate(capacity);
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
  Free(data, capacity);
}

}  // namespace warpdrive
