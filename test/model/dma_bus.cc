#include "model/dma_bus.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace warpdrive::model {
namespace {

template <typename Word>
void LoadWord(const void* from, void* to) {
  const Word word = __atomic_load_n(static_cast<const Word*>(from), __ATOMIC_ACQUIRE);
  std::memcpy(to, &word, sizeof(word));
}

template <typename Word>
void StoreWord(void* to, const void* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  __atomic_store_n(static_cast<Word*>(to), word, __ATOMIC_RELEASE);
}

bool IsAligned(const void* memory, size_t size) {
  return reinterpret_cast<uintptr_t>(memory) % size == 0;
}

void Load(const uint8_t* from, void* to, size_t size) {
  if (size == 2 && IsAligned(from, 2)) return LoadWord<uint16_t>(from, to);
  if (size == 4 && IsAligned(from, 4)) return LoadWord<uint32_t>(from, to);
  if (size == 8 && IsAligned(from, 8)) return LoadWord<uint64_t>(from, to);
  std::memcpy(to, from, size);
}

void Put(uint8_t* to, const void* from, size_t size) {
  if (size == 2 && IsAligned(to, 2)) return StoreWord<uint16_t>(to, from);
  if (size == 4 && IsAligned(to, 4)) return StoreWord<uint32_t>(to, from);
  if (size == 8 && IsAligned(to, 8)) return StoreWord<uint64_t>(to, from);
  std::memcpy(to, from, size);
}

}  // namespace

bool MappedBus::Map(uint64_t iova, void* memory, uint64_t size, uint32_t access) {
  if (size == 0 || iova + (size - 1) < iova || memory == nullptr) return false;
  const std::unique_lock lock(mutex_);
  const auto after = ranges_.lower_bound(iova);
  if (after != ranges_.end() && after->first - iova < size) return false;
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    if (iova - before->first < before->second.size) return false;
  }
  ranges_.emplace(iova, Range{static_cast<uint8_t*>(memory), size, access});
  return true;
}

bool MappedBus::Unmap(uint64_t iova, uint64_t size) {
  if (size == 0 || iova + (size - 1) < iova) return false;
  const uint64_t last = iova + (size - 1);
  const std::unique_lock lock(mutex_);
  auto it = ranges_.lower_bound(iova);
  if (it != ranges_.begin()) {
    const auto before = std::prev(it);
    if (iova - before->first < before->second.size) return false;
  }
  auto end = it;
  for (; end != ranges_.end() && end->first <= last; ++end) {
    if (end->first + (end->second.size - 1) > last) return false;
  }
  if (it == end) return false;
  ranges_.erase(it, end);
  return true;
}

void MappedBus::UnmapAll() {
  const std::unique_lock lock(mutex_);
  ranges_.clear();
}

uint64_t MappedBus::faults() const { return __atomic_load_n(&faults_, __ATOMIC_RELAXED); }

template <typename Copy>
bool MappedBus::Walk(uint64_t iova, size_t size, uint32_t access, Copy copy) {
  const std::shared_lock lock(mutex_);
  while (size > 0) {
    auto it = ranges_.upper_bound(iova);
    if (it == ranges_.begin() || iova - std::prev(it)->first >= std::prev(it)->second.size ||
        (std::prev(it)->second.access & access) == 0) {
      __atomic_fetch_add(&faults_, 1, __ATOMIC_RELAXED);
      return false;
    }
    --it;
    const uint64_t offset = iova - it->first;
    const size_t part = static_cast<size_t>(std::min<uint64_t>(size, it->second.size - offset));
    copy(it->second.memory + offset, part);
    iova += part;
    size -= part;
  }
  return true;
}

bool MappedBus::Read(uint64_t iova, void* data, size_t size) {
  auto* to = static_cast<uint8_t*>(data);
  return Walk(iova, size, kRead, [&to](const uint8_t* memory, size_t part) {
    Load(memory, to, part);
    to += part;
  });
}

bool MappedBus::Write(uint64_t iova, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  return Walk(iova, size, kWrite, [&from](uint8_t* memory, size_t part) {
    Put(memory, from, part);
    from += part;
  });
}

}  // namespace warpdrive::model
