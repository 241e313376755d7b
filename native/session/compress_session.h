// One compressing zlib stream above requests: cuts input into blocks, keeps history, frames, and
// puts completions back in stream order.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "device/block_pool.h"
#include "device/request.h"
#include "session/channel.h"
#include "session/framing.h"
#include "session/output_queue.h"

namespace warpdrive {

/// Where the bytes are cut depends on byte offsets and flush points alone (docs/architecture.md),
/// so the output does not depend on how the input was split into writes.
///
/// Used on its channel's thread. Requests are staged; the caller kicks the channel.
class CompressSession final : public RequestOwner, private HotEntry {
 public:
  /// `dictionary`: as zlib's deflateSetDictionary; ignored for gzip, as node:zlib does.
  /// `default_level`: the caller named no level. `wish`: the device that the caller named.
  CompressSession(std::shared_ptr<Channel> channel, const StreamParams& params,
                  std::span<const uint8_t> dictionary, bool default_level = false,
                  Wish wish = kAnyDevice);

  ~CompressSession() override;

  /// For a caller that waits and reads all output at the end: a single request runs on the
  /// calling thread, and unread output does not stop the input.
  void SetSynchronous(bool synchronous) { synchronous_ = synchronous; }

  /// Copies input. @return bytes taken: fewer than given when too much is in flight (try again
  /// after a completion), when a flush is in progress, or after the stream was finished
  size_t Write(std::span<const uint8_t> input);

  /// Makes the header readable, if it is not yet. Otherwise it comes with the first block.
  void WriteHeader();

  /// Makes all input so far come out, as zlib's flush of that kind.
  /// @return false if that cannot start yet: try again after a completion
  bool FlushTo(Flush flush);

  /// Changes level and strategy from the next byte on. Only after a completed flush to kSync.
  void SetParams(int8_t level, uint8_t strategy, bool default_level = false);

  /// Starts a new stream with the same parameters; what was not read yet is dropped.
  void Reset();

  /// Finished output, in order.
  OutputQueue& output() { return output_; }
  /// True when nothing is in flight: all output due is in output().
  bool Settled() const { return slots_.empty(); }
  bool HasRoom() const;
  bool finished() const { return finished_; }
  /// Bytes of its buffers, those of requests in flight included; without a device's state.
  size_t memory() const;
  /// Not kOk once a request failed for good (no device could run it, or memory ran out).
  Status status() const { return status_; }

 protected:
  void OnCompletion(uint64_t cookie, const Completion& completion) override;
  void Park() override;

 private:
  /// A request's memory and result while it is in flight or waits for those before it.
  struct Slot {
    Block input;  ///< empty for a stateful request: its input stays in buffer_
    Block output;
    Request request;
    Completion completion;
    bool done = false;
    bool abandoned = false;                  ///< the stream was reset meanwhile
    std::unique_ptr<StreamContext> context;  ///< an abandoned slot's, until it completes
  };

  /// Until the first block is due nobody knows where the stream goes.
  void ForgetRoute();
  void DecideRoute();
  std::span<const uint8_t> History() const;
  size_t SegmentSize() const { return end_ - begin_; }
  size_t BlockSize() const;
  size_t Window() const;
  bool Grow(size_t wanted);
  bool StartBuffer(std::span<const uint8_t> history, size_t capacity);
  void TrimBuffer();
  bool MayRunInline(const Request& request) const;
  bool CutBlock(Flush flush);
  bool StageStateful(Flush flush);
  bool EnsureContext();
  void Submit(Slot slot);
  bool NewStatefulSlot(uint32_t offset, uint32_t size, Flush flush);
  void AcceptFront();
  void AcceptStateful(const Slot& slot);
  void EndStream();
  void Fail(Status status);

  std::shared_ptr<Channel> channel_;
  StreamParams params_;
  std::vector<uint8_t> dictionary_;
  StreamPlan plan_;
  Route route_;         ///< of the blocks; stateful requests run in software
  bool routed_ = true;  ///< false: see ForgetRoute()
  bool default_level_;
  Wish wish_;

  // buffer_: [history | current segment | free], history ending where the segment begins.
  Block buffer_;
  size_t history_begin_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;

  std::deque<Slot> slots_;
  uint64_t first_slot_ = 0;  ///< cookie of slots_.front()
  OutputQueue output_;

  // The stateful stream that carries flush points; its window ends at begin_ while in step.
  std::unique_ptr<StreamContext> context_;
  bool context_in_step_ = false;
  bool stateful_busy_ = false;
  bool unaligned_ = false;  ///< it holds bits of an unfinished byte: only it can go on

  uint32_t checksum_;
  uint64_t total_in_ = 0;  ///< input bytes whose output is in output_ (or was)
  uint64_t cut_ = 0;       ///< input bytes given to requests
  uint64_t run_ = 0;       ///< input bytes in blocks since the start or the last flush
  /// Something of no bytes was written since the last flush: zlib leaves out a flush that follows
  /// another directly, but not this one.
  bool empty_write_ = false;
  bool header_written_ = false;
  bool finished_ = false;
  bool synchronous_ = false;
  Status status_ = Status::kOk;
};

}  // namespace warpdrive
