// Parts of streams that are decoded ahead of them, by workers with nothing else to do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>

#include "device/block_pool.h"
#include "device/event_word.h"

namespace warpdrive::software {

/// One part. Shared by its stream and whoever decodes it; the first to come does, once.
class AheadTask {
 public:
  enum class Part : uint8_t {
    kMember,  ///< a gzip member: DecodeMember()
    kBlocks,  ///< deflate blocks between two sync points: DecodeBlocks()
  };
  /// Copies `bytes`, the whole part. `output_size`: its output is not longer, in bytes. nullptr if
  /// memory ran out.
  static std::shared_ptr<AheadTask> Make(Part part, uint64_t start, std::span<const uint8_t> bytes,
                                         size_t output_size);

  Part part() const { return part_; }

  /// Offset in the stream, in bytes.
  uint64_t start() const { return start_; }
  uint64_t end() const { return start_ + size_; }
  size_t output_size() const { return output_size_; }

  /// Decodes the part, unless somebody did, does, or it was cancelled. Any thread.
  void Run();
  /// For the stream that does not want it any more: nobody will start it.
  void Cancel();
  /// Decodes it, or waits for the thread that is at it (which waits for nobody, so this ends).
  /// @return whether it was sound: then output() and consumed() are valid
  bool Finish();

  std::span<const uint8_t> output() const { return {output_.data(), produced_}; }
  uint32_t consumed() const { return consumed_; }

 private:
  enum State : uint32_t { kWaiting, kRunning, kDecoded, kRefused };
  void Decode();

  Part part_ = Part::kMember;
  uint64_t start_ = 0;
  size_t size_ = 0;
  size_t output_size_ = 0;
  Block input_;
  Block output_;
  uint32_t consumed_ = 0;
  uint32_t produced_ = 0;
  std::atomic<uint32_t> state_{kWaiting};
  EventWord done_;
};

/// Tasks in the order they came, as long as their streams want them: workers may have no time for
/// them for ever, and their memory is the streams' to bound. Thread-safe.
class AheadTasks {
 public:
  void Push(std::weak_ptr<AheadTask> task);
  /// Runs the oldest that is still wanted. @return false if there is none
  bool RunOne();

 private:
  // A task is thousands of bytes of work; the lock is taken twice for each, and workers look at
  // count_ first.
  std::mutex mutex_;
  std::deque<std::weak_ptr<AheadTask>> tasks_;
  std::atomic<size_t> count_{0};
};

}  // namespace warpdrive::software
