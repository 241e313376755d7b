// One queue of the software device: a ring, and what its owner and the workers share.
#pragma once

#include <atomic>
#include <memory>

#include "device/device.h"
#include "device/event_word.h"
#include "device/ring.h"
#include "software/executor.h"

namespace warpdrive::software {

class SoftwareDevice;

/// What workers see of a queue. Kept alive by the owner and by every worker that looks at it.
class QueueEntry {
 public:
  explicit QueueEntry(const QueueOptions& options)
      : memory_(options.depth),
        target_(&memory_),
        notify_(options.notify),
        notify_context_(options.notify_context) {}

  ring::Memory& memory() { return memory_; }

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
  ring::Memory memory_;
  ring::Target target_;
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
  void Cancel(uint64_t tag) override { host_.Cancel(tag); }
  size_t Receive(std::span<Completion> completions) override;
  bool Arm() override;
  bool Wait(uint32_t timeout_ms) override;
  size_t Room() const override { return host_.Room(); }
  bool RunInline(const Request& request, Completion* completion) override;

 private:
  SoftwareDevice* device_;
  std::shared_ptr<QueueEntry> entry_;
  ring::Host host_;
  Executor inline_executor_;
};

}  // namespace warpdrive::software
