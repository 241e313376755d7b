// The software device: worker threads that consume rings with CPU codecs.
#pragma once

#include <pthread.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "device/device.h"
#include "device/event_word.h"
#include "software/ahead_task.h"

namespace warpdrive::software {

class QueueEntry;
class StreamCodec;

/// Threads start with the first submission and sleep on a futex when there is nothing to do.
class SoftwareDevice final : public Device {
 public:
  explicit SoftwareDevice(uint32_t threads);
  /// All queues must be gone. Joins the workers.
  ~SoftwareDevice() override;

  DeviceInfo Info() const override;
  bool Supports(const Request& request) const override;
  std::unique_ptr<Queue> OpenQueue(const QueueOptions& options) override;
  StreamPlan PlanCompression(const StreamParams& params) const override;
  std::unique_ptr<StreamContext> MakeDeflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> history) override;
  std::unique_ptr<StreamContext> MakeInflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> dictionary) override;
  std::unique_ptr<BlockSearch> MakeBlockSearch() override;
  std::unique_ptr<StreamContext> ResumeInflateContext(const StreamParams& params,
                                                      const BlockStart& start) override;

  uint32_t threads() const { return thread_count_.load(std::memory_order_relaxed); }
  /// Changes the number of workers (1 to kMaxThreads), at once if they are running.
  void SetThreads(uint32_t threads);
  /// Workers that are running: 0 before the first submission.
  uint32_t RunningThreads() const;

  static constexpr uint32_t kMaxThreads = 256;

 private:
  friend class SoftwareQueue;
  /// As the session's streams see it: with marks and, where it can help, parts decoded ahead.
  std::unique_ptr<StreamContext> Marked(const StreamParams& params,
                                        std::unique_ptr<StreamCodec> stream);
  void Register(std::shared_ptr<QueueEntry> queue);
  void Unregister(const std::shared_ptr<QueueEntry>& queue);
  /// `count` requests were submitted to some queue. @return false if there is no worker (the
  /// system refused to make threads): the caller must do the work
  bool Ring(uint32_t count);

  /// False if the system gave no threads: whoever waits does the work.
  bool HasWorkers() const { return started_.load(std::memory_order_acquire); }
  bool StartWorkers();
  void StartWorkersLocked();
  /// All but the first `left`.
  void StopWorkersLocked(size_t left);
  void WorkerMain(uint32_t index);

  std::atomic<uint32_t> thread_count_;
  EventWord doorbell_;                ///< signalled by every queue's doorbell
  std::atomic<uint32_t> limit_{0};    ///< workers with an index >= limit_ leave
  std::atomic<bool> started_{false};  ///< fast path of StartWorkers()
  // Neither lock is taken per request. Two, because workers take the second while somebody who
  // holds the first waits for them to end.
  mutable std::mutex workers_mutex_;  ///< guards workers_
  std::vector<pthread_t> workers_;
  std::mutex queues_mutex_;  ///< guards queues_
  std::vector<std::shared_ptr<QueueEntry>> queues_;
  std::atomic<uint64_t> queues_version_{0};
  AheadTasks ahead_tasks_;  ///< what workers do when no queue has a request
};

}  // namespace warpdrive::software
