#include "software/codecs/deflate_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

namespace warpdrive::software {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kPage = 4096;

// What zlib 1.3 takes (deflate.c): window and chains by the size of the window, hash heads (in
// Chromium's copy never less than 2^15) and buffered symbols by memLevel, and the rest.
constexpr size_t StateSize(int window_bits, int mem_level) {
  const size_t window = size_t{1} << std::clamp<int>(window_bits, 9, MAX_WBITS);
  const int level = std::clamp<int>(mem_level, 1, MAX_MEM_LEVEL);
  const size_t heads = size_t{2} << std::max(15, level + 7);
  const size_t symbols = size_t{5} << (level + 6);
  return (4 * window + heads + symbols + 12 * 1024 + kPage - 1) / kPage * kPage;
}

// That of nearly all streams.
constexpr size_t kUsualSize = StateSize(MAX_WBITS, 8);

// States in use and kept for use together: more than that are given back to the system.
constexpr size_t kMostKept = 64;

uint8_t* Map(size_t size) {
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

// The lock is taken when a state begins and when it ends, never by a step of one that goes on.
class Kept {
 public:
  // Never destroyed: states may outlive static destruction.
  static Kept& Instance() {
    static Kept* const kept = new Kept;
    return *kept;
  }

  uint8_t* Take() {
    const std::lock_guard lock(mutex_);
    if (count_ == 0) return nullptr;
    return free_[--count_];
  }

  bool Give(uint8_t* memory) {
    const std::lock_guard lock(mutex_);
    if (count_ == free_.size() || count_ + in_use.load(std::memory_order_relaxed) >= kMostKept) {
      return false;
    }
    free_[count_++] = memory;
    return true;
  }

  std::atomic<size_t> in_use{0};

 private:
  std::mutex mutex_;
  std::array<uint8_t*, kMostKept> free_{};
  size_t count_ = 0;
};

}  // namespace

size_t DeflateMemory::InUse() { return Kept::Instance().in_use.load(std::memory_order_relaxed); }

bool DeflateMemory::Attach(z_stream* stream, const StreamParams& params) {
  size_ = std::max(kUsualSize, StateSize(params.window_bits, params.mem_level));
  memory_ = size_ == kUsualSize ? Kept::Instance().Take() : nullptr;
  zeroed_ = memory_ == nullptr;
  if (memory_ == nullptr) memory_ = Map(size_);
  if (memory_ == nullptr) return false;
  Kept::Instance().in_use.fetch_add(1, std::memory_order_relaxed);
  used_ = 0;
  stream->zalloc = Allocate;
  stream->zfree = Free;
  stream->opaque = this;
  return true;
}

void DeflateMemory::Release() {
  more_.clear();
  if (memory_ == nullptr) return;
  Kept::Instance().in_use.fetch_sub(1, std::memory_order_relaxed);
  if (size_ != kUsualSize || !Kept::Instance().Give(memory_)) munmap(memory_, size_);
  memory_ = nullptr;
}

voidpf DeflateMemory::Allocate(voidpf self, uInt items, uInt size) {
  return static_cast<DeflateMemory*>(self)->Next(size_t{items} * size);
}

void DeflateMemory::Free(voidpf, voidpf) {}

void* DeflateMemory::Next(size_t size) {
  const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded > size_ - used_) {
    more_.emplace_back(new (std::nothrow) uint8_t[rounded]);
    uint8_t* const memory = more_.back().get();
    if (memory != nullptr) std::memset(memory, 0, rounded);
    return memory;
  }
  uint8_t* const memory = memory_ + used_;
  used_ += rounded;
  if (!zeroed_) std::memset(memory, 0, rounded);
  return memory;
}

}  // namespace warpdrive::software
