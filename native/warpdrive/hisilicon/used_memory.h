// Memory that the engine is done with, on its way to the next request.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "warpdrive/dma.h"

namespace warpdrive::hisilicon {

/// Clearing a stream context takes many times as long as all else that the library does for a
/// request, so the owner of a queue leaves it to whoever has time: the watch, or itself while it
/// waits. Until then a block is nobody's. Contexts that were cleared are kept for the requests that
/// follow: from the pool each would cost a lock that another processor has just held, twice.
///
/// The owner's thread, except where noted.
class UsedMemory {
 public:
  /// At most `limit` bytes wait; what is beyond that is cleared at once. At most `stock` bytes of
  /// blocks of `block_size` bytes are kept once they are cleared; all others go back to the pool.
  explicit UsedMemory(size_t limit, size_t block_size = 64, size_t stock = 0)
      : limit_(limit), block_size_(block_size), most_clean_(stock / block_size) {}

  /// The first `dirty` bytes of `block` are not zero. No lock, and no clearing unless too many
  /// wait.
  void Add(DmaBlock block, size_t dirty);
  /// A block of `block_size` zeros that was kept; empty if there is none. No lock, unless what
  /// others cleared has to be fetched.
  DmaBlock TakeClean();
  /// True if so many wait that somebody should be told, though the owner is not waiting yet.
  bool Due() const { return fresh_bytes_ >= limit_ / 2 && fresh_bytes_ != 0; }
  /// Bytes that wait to be cleared.
  size_t waiting() const { return fresh_bytes_ + shared_bytes_.load(std::memory_order_relaxed); }
  /// Lets other threads at what was added.
  void Share();
  /// Clears one block that was shared, and keeps it or gives it back. Any thread. @return false if
  /// there was none
  bool ClearOne();
  /// Clears all, for a pool that has no more, and gives back what was kept. @return false if there
  /// was nothing
  bool ClearAll();
  /// Gives back what was kept; what is cleared from now on goes back as well, until the next
  /// Share().
  void GiveUp();

 private:
  struct Used {
    DmaBlock block;
    size_t dirty = 0;
  };

  const size_t limit_;
  const size_t block_size_;
  const size_t most_clean_;  ///< blocks that are kept, the owner's and others'
  std::vector<Used> fresh_;  ///< not shared yet
  size_t fresh_bytes_ = 0;
  std::vector<DmaBlock> clean_;
  std::mutex clearing_;  ///< held while a block is cleared: ClearAll() waits for that one too
  // Taken by the owner a few times per batch, and never for longer than a list takes.
  std::mutex mutex_;
  std::vector<Used> shared_;
  std::vector<DmaBlock> cleared_;          ///< for clean_
  bool keeping_ = true;                    ///< else cleared_ takes no more
  std::atomic<size_t> shared_bytes_{0};    ///< with that which is being cleared
  std::atomic<size_t> cleared_blocks_{0};  ///< relaxed: a late look asks the pool once more
};

}  // namespace warpdrive::hisilicon
