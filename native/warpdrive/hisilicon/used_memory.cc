#include "warpdrive/hisilicon/used_memory.h"

#include <iterator>
#include <utility>

namespace warpdrive::hisilicon {

void UsedMemory::Add(DmaBlock block, size_t dirty) {
  if (waiting() + dirty > limit_) return block.Release(dirty);
  fresh_bytes_ += dirty;
  fresh_.push_back({std::move(block), dirty});
}

void UsedMemory::Share() {
  if (fresh_.empty()) return;
  shared_bytes_.fetch_add(std::exchange(fresh_bytes_, 0), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  shared_.insert(shared_.end(), std::make_move_iterator(fresh_.begin()),
                 std::make_move_iterator(fresh_.end()));
  fresh_.clear();
}

bool UsedMemory::ClearOne() {
  const std::lock_guard clearing(clearing_);
  Used used;
  {
    const std::lock_guard lock(mutex_);
    if (shared_.empty()) return false;
    used = std::move(shared_.back());
    shared_.pop_back();
  }
  used.block.Release(used.dirty);
  shared_bytes_.fetch_sub(used.dirty, std::memory_order_relaxed);
  return true;
}

bool UsedMemory::ClearAll() {
  const bool any = waiting() != 0;
  Share();
  while (ClearOne()) {
  }
  return any;
}

}  // namespace warpdrive::hisilicon
