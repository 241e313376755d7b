// Looks for places in a stream that hardware decompresses at which software could begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "device/block_pool.h"
#include "device/block_search.h"
#include "session/channel.h"
#include "session/input_log.h"

namespace warpdrive {

/// Follows all output of a stream: the checksum of a member cannot be had later. Once a place is
/// wanted, it copies what the next steps put out, and what they used, and has a worker search that.
/// A search takes 2 to 3 ms, too long for this thread; and it is a request, not something for idle
/// workers, because a stream that finds no place has to leave its device.
class RestartScout final : public RequestOwner {
 public:
  /// nullptr if `home` cannot search. `format`: of the first member, not kAuto. `keep_bytes`: of
  /// input, as RoutingPolicy says.
  static std::shared_ptr<RestartScout> Make(Device& home, Format format, uint64_t keep_bytes);

  /// Called on the channel's thread after each search, unless it was stopped.
  void OnSearched(std::function<void()> then) { then_ = std::move(then); }

  /// Another member begins behind the output so far.
  void BeginMember();
  /// Output of a step within a member, of what `log` holds from `from.input` on; `from.output` is
  /// the stream's output before it. `wanted`: a place is.
  void Take(Channel& channel, const InputLog& log, const RestartPoint& from,
            std::span<const uint8_t> output, bool wanted);
  /// A search runs.
  bool searching() const { return state_ == State::kSearching; }
  /// The place that was found last, once.
  std::unique_ptr<BlockStart> TakeFound() { return std::move(found_); }
  /// Nobody wants places any more.
  void Stop(Channel& channel);

 protected:
  void OnCompletion(uint64_t cookie, const Completion& completion) override;

 private:
  enum class State : uint8_t { kIdle, kCopying, kSearching, kStopped };
  RestartScout(std::unique_ptr<BlockSearch> search, Format format, uint64_t keep_bytes);
  void StartCopy(const RestartPoint& from);
  void Copy(std::span<const uint8_t> output);
  void DropCopied(size_t count);
  bool CopyInput(const InputLog& log);
  void StartSearch(Channel& channel, const InputLog& log);
  void GiveUp(uint64_t input_at);

  const std::unique_ptr<BlockSearch> search_;
  const Format format_;
  const uint64_t pause_;  ///< input bytes between a search that found nothing and the next
  State state_ = State::kIdle;
  uint32_t check_ = 0;          ///< of the member's output so far
  uint64_t member_output_ = 0;  ///< bytes of the member's
  size_t wanted_;               ///< bytes of output to search in
  uint64_t not_before_ = 0;     ///< offset in the input
  // The piece that is searched.
  Block output_copy_;
  size_t copied_ = 0;
  Block input_copy_;
  StreamPiece piece_;
  uint64_t tag_ = 0;
  std::unique_ptr<BlockStart> found_;
  std::function<void()> then_;
};

}  // namespace warpdrive
