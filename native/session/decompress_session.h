// One decompressing zlib stream above requests: one request in flight, input gathered meanwhile.
// On hardware it keeps the input that was used, and goes on in software when the device fails.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "device/block_pool.h"
#include "device/request.h"
#include "session/channel.h"
#include "session/input_log.h"
#include "session/restart_scout.h"

namespace warpdrive {

/// Used on its channel's thread. Requests are staged; the caller kicks the channel.
class DecompressSession final : public RequestOwner {
 public:
  /// `wish`: the device that the caller named.
  DecompressSession(std::shared_ptr<Channel> channel, const StreamParams& params,
                    std::span<const uint8_t> dictionary, Wish wish = kAnyDevice);

  /// Runs requests on the calling thread.
  void SetSynchronous(bool synchronous) { synchronous_ = synchronous; }

  /// Output buffer size of the node:zlib stream this stands for, in bytes (StepMarks).
  void SetOutputUnit(uint32_t bytes) { output_unit_ = bytes; }
  uint32_t output_unit() const { return output_unit_; }
  /// zlib accepts distances into what the same call put out: with a window smaller than the
  /// stream's it depends on the room of a call what it refuses.
  bool RoomMatters() const { return window_bits_ < 15; }

  /// Copies the rest of one of the caller's chunks. @return bytes taken: fewer than given when
  /// enough waits already
  size_t Write(std::span<const uint8_t> input);
  bool HasRoom() const;
  /// Makes the stream fail for want of memory.
  void FailOutOfMemory();

  /// Starts one step into `output` (the caller's, untouched by others until the completion).
  /// `flush` takes effect with the last of the input, or after it if `flush_apart`.
  /// @return false if a step is in flight or the stream failed
  bool Step(std::span<uint8_t> output, Flush flush, bool flush_apart);

  bool busy() const { return busy_; }
  /// Input bytes that wait, those in flight included.
  size_t Pending() const;
  /// Bytes of its buffers, without a device's state.
  size_t memory() const { return active_.block.capacity() + pending_.block.capacity(); }
  /// Bytes of input that the last step was given and did not use.
  size_t Left() const { return busy_ ? 0 : left_; }
  /// Whether the last step used all it was given, and the last write() goes on behind that.
  bool InsideWrite() const;
  /// The last step's result. consumed and produced are bytes.
  const Completion& result() const { return result_; }
  /// What the last step adds to the input bytes that were counted before it. Negative if it failed
  /// and node:zlib would have used less by its last mark than hardware had used.
  int64_t counted() const { return counted_; }
  StreamError error() const;

  /// Drops waiting input.
  void DropInput();
  /// Drops what is left of the write() that the last step stopped in. @return false if more of
  /// that write is still to come
  bool DropRestOfWrite();
  /// Starts a new stream with the same parameters. @return false while a step is in flight
  bool Reset();
  /// Nobody wants output any more: takes the step in flight back. Its output is the device's until
  /// the completion.
  void Abandon();

 protected:
  void OnCompletion(uint64_t cookie, const Completion& completion) override;

 private:
  /// Input gathered while a step is in flight; more would only add latency and memory.
  static constexpr size_t kMaxPending = 512 * 1024;
  /// Ends of writes that hardware passed are remembered over so many bytes of input: software that
  /// takes over may stand there still. More than a header of codes (RFC 1951 §3.2.7) has.
  static constexpr uint64_t kEndsBehind = 512;

  struct Input {
    Block block;
    size_t begin = 0;
    size_t end = 0;
    size_t size() const { return end - begin; }
  };
  /// A step as it was asked for, to run it again.
  struct StepOrder {
    std::span<uint8_t> output;
    Flush flush = Flush::kNone;
    bool flush_apart = false;
  };
  static bool Append(Input& input, std::span<const uint8_t> data);
  bool MakeContext(Flush flush);
  void StageStep();
  void Stage(const Request& request);
  void AcceptStep(const Completion& completion);
  void FailStep(StreamError error);

  // Software takes over from hardware: decompress_takeover.cc.
  void RouteStep(Flush flush);
  void StepOnHardware();
  bool TakesOver(const Completion& completion);
  bool KeepsTooMuch() const;
  void MakeScout();
  void MoveRestart(const Completion& completion);
  void Follow(RestartPoint from, std::span<const uint8_t> output, bool another_member);
  void TakeBlock();
  void OnSearched();
  void StopFollowing();
  std::unique_ptr<StreamContext> MakeSuccessor();
  void BeginTakeover(Reason reason);
  uint64_t RestOfWrite() const;
  void StageReplay();
  void AcceptReplay(const Completion& completion);
  void EndReplay();
  StepMarks Marks(bool flush_apart);
  void NoteWriteEnd();
  void ReadWindow(uint8_t first_byte);
  /// Bytes for the next step: what is there, but no part of a write behind whole ones. node:zlib
  /// puts out what whole writes give before it looks at the next.
  size_t WholeWrites() const;

  std::shared_ptr<Channel> channel_;
  StreamParams params_;
  std::vector<uint8_t> dictionary_;
  std::unique_ptr<StreamContext> context_;
  Input active_;                     ///< what the step in flight reads
  Input pending_;                    ///< what came since
  std::deque<uint64_t> write_ends_;  ///< where writes end, in bytes from the stream's start
  uint64_t total_written_ = 0;
  uint64_t total_consumed_ = 0;
  size_t given_ = 0;       ///< to the step in flight, or the last one
  size_t left_ = 0;        ///< of that, not used
  uint64_t last_end_ = 0;  ///< the last of write_ends_ that was reached
  uint64_t total_produced_ = 0;
  uint32_t output_unit_ = 0;
  size_t max_pending_ = kMaxPending;
  bool fresh_ = true;    ///< the stream's first byte was not seen yet
  uint8_t window_bits_;  ///< of the stream; where its header says them, once that byte was seen
  Completion result_;
  int64_t counted_ = 0;
  StreamError error_;
  bool busy_ = false;
  uint64_t tag_ = 0;  ///< of the request in flight
  bool abandoned_ = false;
  bool synchronous_ = false;

  // On hardware.
  const Wish wish_;
  Route route_;
  uint32_t generation_ = 0;                    ///< of the queue that the context belongs to
  StepOrder order_;                            ///< the step in flight
  InputLog log_;                               ///< input since the restart point
  uint64_t restart_output_ = 0;                ///< output before the restart point, in bytes
  std::unique_ptr<BlockStart> restart_block_;  ///< the restart point, if it is amid a member
  std::shared_ptr<RestartScout> scout_;        ///< looks for the next one
  uint64_t log_output_ = 0;                    ///< output that was delivered on hardware, in bytes
  bool awaits_search_ = false;  ///< the step begins when it is known what the scout found
  // While software takes over.
  bool replaying_ = false;
  uint64_t replay_at_ = 0;      ///< offset in log_ of the next byte
  uint64_t replay_limit_ = 0;   ///< offset in log_ behind what software gets for now
  uint64_t replay_output_ = 0;  ///< output to be made and dropped still, in bytes
  Block scratch_;               ///< for that output
  int64_t returned_ = 0;        ///< input that hardware used and software looks at again, in bytes
};

}  // namespace warpdrive
