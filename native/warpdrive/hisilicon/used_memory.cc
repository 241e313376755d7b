#include "warpdrive/hisilicon/used_memory.h"

#include <iterator>
#include <utility>

namespace warpdrive::hisilicon {

void UsedMemory::Add(DmaBlock block, size_t dirty) {
  if (waiting() + dirty > limit_) return block.Release(dirty);
  fresh_bytes_ += dirty;
  fresh_.push_back({std::move(block), dirty});
}

DmaBlock UsedMemory::TakeClean() {
  if (clean_.empty()) {
    if (cleared_blocks_.load(std::memory_order_relaxed) == 0) return {};
    const std::lock_guard lock(mutex_);
    clean_.swap(cleared_);
    cleared_blocks_.store(0, std::memory_order_relaxed);
  }
  if (clean_.empty()) return {};
  DmaBlock block = std::move(clean_.back());
  clean_.pop_back();
  return block;
}

void UsedMemory::Share() {
  if (fresh_.empty()) return;
  shared_bytes_.fetch_add(std::exchange(fresh_bytes_, 0), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  keeping_ = true;
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
  const size_t bytes = used.dirty;
  if (used.block.size() == block_size_) {
    used.block.Clear(std::exchange(used.dirty, 0));
    const std::lock_guard lock(mutex_);
    if (keeping_ && cleared_.size() < most_clean_) {
      cleared_.push_back(std::move(used.block));
      cleared_blocks_.store(cleared_.size(), std::memory_order_relaxed);
    }
  }
  used.block.Release(used.dirty);  // nothing, if it was kept
  shared_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return true;
}

void UsedMemory::GiveUp() {
  clean_.clear();
  std::vector<DmaBlock> cleared;
  const std::lock_guard lock(mutex_);
  cleared.swap(cleared_);  // goes when the lock is gone
  cleared_blocks_.store(0, std::memory_order_relaxed);
  keeping_ = false;
}

bool UsedMemory::ClearAll() {
  const bool any =
      waiting() != 0 || !clean_.empty() || cleared_blocks_.load(std::memory_order_relaxed) != 0;
  Share();
  GiveUp();
  while (ClearOne()) {
  }
  return any;
}

}  // namespace warpdrive::hisilicon
