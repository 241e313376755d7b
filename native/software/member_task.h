// Gzip members that are decoded ahead of the streams they belong to, by workers with nothing else
// to do.
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

/// One member. Shared by its stream and whoever decodes it; the first to come does, once.
class MemberTask {
 public:
  /// Copies `member`, the whole of it. `output_size`: bytes of room for its output. nullptr if
  /// memory ran out.
  static std::shared_ptr<MemberTask> Make(uint64_t start, std::span<const uint8_t> member,
                                          size_t output_size);

  /// Offset in the stream, in bytes.
  uint64_t start() const { return start_; }
  size_t output_size() const { return output_size_; }

  /// Decodes the member, unless somebody did, does, or it was cancelled. Any thread.
  void Run();
  /// For the stream that does not want it any more: nobody will start it.
  void Cancel();
  /// Decodes it, or waits for the thread that is at it (which waits for nobody, so this ends).
  /// @return whether it was a sound member: then output() and consumed() are valid
  bool Finish();

  std::span<const uint8_t> output() const { return {output_.data(), produced_}; }
  uint32_t consumed() const { return consumed_; }

 private:
  enum State : uint32_t { kWaiting, kRunning, kDecoded, kRefused };
  void Decode();

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

/// Tasks in the order they came. Thread-safe.
class MemberTasks {
 public:
  void Push(std::shared_ptr<MemberTask> task);
  /// Runs the oldest. @return false if there is none
  bool RunOne();

 private:
  // A task is thousands of bytes of work; the lock is taken twice for each, and workers look at
  // count_ first.
  std::mutex mutex_;
  std::deque<std::shared_ptr<MemberTask>> tasks_;
  std::atomic<size_t> count_{0};
};

}  // namespace warpdrive::software
