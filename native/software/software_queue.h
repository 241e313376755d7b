// One queue of the software device: its rings, and what its owner and the workers share.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "device/device.h"
#include "device/event_word.h"
#include "device/ring.h"
#include "software/executor.h"

namespace warpdrive::software {

class SoftwareDevice;

/// Two rings, so that a small request does not wait behind all blocks of streams that run on and
/// on: a stream's first blocks are small, too (StreamPlan), so that is what a new stream asks for.
enum RingKind : uint8_t { kSmallRequests, kLargeRequests };
inline constexpr size_t kRings = 2;
/// Most input bytes of a small request.
inline constexpr uint32_t kSmallRequest = 256u << 10;

/// What workers see of a queue. Kept alive by the owner and by every worker that looks at it.
class QueueEntry {
 public:
  explicit QueueEntry(const QueueOptions& options)
      : memories_{ring::Memory(options.depth), ring::Memory(options.depth)},
        targets_{ring::Target(&memories_[0]), ring::Target(&memories_[1])},
        notify_(options.notify),
        notify_context_(options.notify_context) {}

  ring::Memory& memory(RingKind kind) { return memories_[kind]; }

  /// Executes one request if there is one, unless it was canceled. Called by workers. @return
  /// whether there was
  bool RunOne(Executor& executor);

  /// From now on all requests are completed as kCanceled instead of executed.
  void CancelAll() { canceled_.store(true, std::memory_order_release); }
  /// Arms the notification for the next completion.
  void Arm() { armed_.store(true, std::memory_order_seq_cst); }
  void Disarm() { armed_.store(false, std::memory_order_seq_cst); }
  /// Signalled after each completion, for the owner when it waits.
  EventWord& completed() { return completed_; }
  /// Waits until no worker is inside RunOne(): after that notify() is never called again.
  void AwaitIdle();

 private:
  bool Claim(Request* request, uint16_t* sq_index, RingKind* kind);

  std::array<ring::Memory, kRings> memories_;
  std::array<ring::Target, kRings> targets_;
  /// Input bytes that were taken from each ring, as long as both had some.
  std::array<std::atomic<uint64_t>, kRings> served_{};
  void (*notify_)(void*);
  void* notify_context_;
  EventWord completed_;
  std::atomic<bool> armed_{false};
  std::atomic<bool> canceled_{false};
  std::atomic<uint32_t> active_{0};  ///< workers inside RunOne()
};

class SoftwareQueue final : public Queue {
 public:
  SoftwareQueue(SoftwareDevice* device, std::shared_ptr<QueueEntry> entry);
  ~SoftwareQueue() override;

  size_t Send(std::span<const Request> requests) override;
  void Cancel(uint64_t tag) override;
  size_t Receive(std::span<Completion> completions) override;
  bool Arm() override;
  bool Wait(uint32_t timeout_ms) override;
  size_t Room() const override;
  bool RunInline(const Request& request, Completion* completion) override;

 private:
  bool HasCompletion() const;

  SoftwareDevice* device_;
  std::shared_ptr<QueueEntry> entry_;
  std::array<ring::Host, kRings> hosts_;
  Executor inline_executor_;
};

}  // namespace warpdrive::software
