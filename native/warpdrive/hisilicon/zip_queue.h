// The ZIP engine as a Queue of the device layer: a queue pair per direction, and a thread that
// wakes the owner.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "device/device.h"
#include "warpdrive/hisilicon/completion_watch.h"
#include "warpdrive/hisilicon/zip_lane.h"

namespace warpdrive::hisilicon {

/// In a child made by fork() it completes nothing more and touches nothing that is its parent's.
class ZipQueue final : public Queue {
 public:
  /// Opens the queue pairs, and starts the thread if `options` asks for notifications.
  static Result<std::unique_ptr<ZipQueue>> Open(Transport* transport, ZipTarget target,
                                                const QueueOptions& options,
                                                const ZipPatience& patience);
  /// Waits for what the engine has, as long as it goes on; then stops the queues.
  ~ZipQueue() override;

  bool alive() const override;
  size_t Send(std::span<const Request> requests) override;
  size_t Receive(std::span<Completion> completions) override;
  /// With many requests in flight the notification is for several completions. With none, what was
  /// kept for more is cleared.
  bool Arm() override;
  bool Wait(uint32_t timeout_ms) override;
  size_t Room() const override;
  /// Never: the engine is another one's thread of execution, and the CPU does small work faster.
  bool RunInline(const Request&, Completion*) override { return false; }

  /// The last thing that went wrong, for people.
  const std::string& problem() const;

 private:
  explicit ZipQueue(const QueueOptions& options);

  /// Asked first by whatever could touch a ring, a doorbell or a lock, once per call. False in a
  /// child made by fork(): then all requests that the parent has in flight, and all that follow,
  /// come back as kDeviceError.
  bool Ours();

  ZipLane* LaneFor(const Request& request) const;
  bool HasAnything() const;
  bool HasBatch() const;
  void CheckHealth();
  void ArmWatch();
  void Tidy(bool idle);
  uint32_t outstanding() const;

  const uint32_t depth_;
  void (*const notify_)(void* context);  ///< nullptr: nobody wants to know
  void* const notify_context_;
  const pid_t pid_;
  std::vector<std::unique_ptr<ZipLane>> lanes_;  ///< by Direction
  std::vector<WaitTarget> targets_;
  std::vector<Completion> done_;  ///< answered without the engine
  std::unique_ptr<CompletionWatch> watch_;
  bool armed_idle_ = false;  ///< armed while nothing was outstanding
};

}  // namespace warpdrive::hisilicon
