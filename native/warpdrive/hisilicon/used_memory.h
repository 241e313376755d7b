// Memory that the engine is done with, on its way back to the pool.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "warpdrive/dma.h"

namespace warpdrive::hisilicon {

/// Clearing a stream context takes many times as long as all else that the library does for a
/// request, so the owner of a queue leaves it to whoever has time: the watch, or itself while it
/// waits. Until then a block is nobody's: the pool hands out zeros only.
///
/// The owner's thread, except where noted.
class UsedMemory {
 public:
  /// At most `limit` bytes wait; what is beyond that is cleared at once.
  explicit UsedMemory(size_t limit) : limit_(limit) {}

  /// The first `dirty` bytes of `block` are not zero. No lock, and no clearing unless too many
  /// wait.
  void Add(DmaBlock block, size_t dirty);
  /// True if so many wait that somebody should be told, though the owner is not waiting yet.
  bool Due() const { return fresh_bytes_ >= limit_ / 2 && fresh_bytes_ != 0; }
  /// Bytes that wait to be cleared.
  size_t waiting() const { return fresh_bytes_ + shared_bytes_.load(std::memory_order_relaxed); }
  /// Lets other threads at what was added.
  void Share();
  /// Clears one block that was shared and gives it back. Any thread. @return false if there was
  /// none
  bool ClearOne();
  /// Clears all, for a pool that has no more. @return false if there was nothing
  bool ClearAll();

 private:
  struct Used {
    DmaBlock block;
    size_t dirty = 0;
  };

  const size_t limit_;
  std::vector<Used> fresh_;  ///< not shared yet
  size_t fresh_bytes_ = 0;
  std::mutex clearing_;  ///< held while a block is cleared: ClearAll() waits for that one too
  // Taken once per batch by the owner, and never for longer than a list takes.
  std::mutex mutex_;
  std::vector<Used> shared_;
  std::atomic<size_t> shared_bytes_{0};  ///< with that which is being cleared
};

}  // namespace warpdrive::hisilicon
