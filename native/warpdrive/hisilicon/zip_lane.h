// One queue pair of the ZIP engine with the requests that are in it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/request.h"
#include "warpdrive/hisilicon/completion_sleep.h"
#include "warpdrive/hisilicon/qm_queue.h"
#include "warpdrive/hisilicon/staging.h"
#include "warpdrive/hisilicon/used_memory.h"
#include "warpdrive/hisilicon/zip_job.h"
#include "warpdrive/transport.h"

namespace warpdrive::hisilicon {

/// A queue that completed nothing for this long although it has work is taken for hung: `base_ms`
/// and a millisecond per `bytes_per_ms` of the largest request in it.
struct ZipPatience {
  uint32_t base_ms = 3000;
  uint32_t bytes_per_ms = 1024;  ///< 1 MB/s: a thousandth of what the engine does
};

/// One thread of one process: who calls has seen to it that this is not a child made by fork(), or
/// calls LeaveToParent() first.
class ZipLane {
 public:
  /// `transport`'s rings passed QmQueue::Check().
  ZipLane(std::unique_ptr<TransportQueue> transport, const ZipTarget& target,
          const ZipPatience& patience);
  ZipLane(const ZipLane&) = delete;
  ZipLane& operator=(const ZipLane&) = delete;
  /// Stops the queue. What it cannot stop stays mapped: see Fail().
  ~ZipLane();

  enum class Taken : uint8_t {
    kSubmitted,  ///< in the ring; goes with the next Kick()
    kDone,       ///< `*completion` is the answer
    kFull,       ///< no room in ring or pool until something completes
  };
  Taken Submit(const Request& request, Completion* completion);
  /// One doorbell for all that was submitted.
  void Kick();

  /// Takes completions, as many as fit. @return how many
  size_t Collect(std::span<Completion> completions);
  /// Looks for reasons why there are none: stopped, hung, removed. Those are failures.
  void CheckHealth(int64_t now_ns);
  /// Asks the kernel to wake sleepers at the next completion, if it can.
  void ArmEvents();
  /// Decides how many completions the owner should be woken for: one where little is in flight.
  /// With more, the engine goes on with what it has while some come together; taken at once, what
  /// follows them goes with one doorbell. @return how long they may be waited for, in nanoseconds
  int64_t PlanBatch();

  /// Takes the queue out of service: stops it, then gives back its requests as kDeviceError, and
  /// their memory. If it cannot be stopped, memory of the pool that the device may still write is
  /// abandoned; and requests whose own memory it may still write (shared addressing) are not given
  /// back at all: they are the caller's again when the queue is closed.
  void Fail(QmState state, std::string problem);
  /// The same in a child made by fork(): the queue is the parent's, and nothing of it is touched.
  void LeaveToParent() {
    Fail(QmState::kStopped, "the queue belongs to the process before fork()");
  }
  /// Failed requests that nobody collected yet.
  bool HasFailed() const { return !failed_.empty(); }

  uint32_t Room() const;
  /// 0 once it failed: then nobody waits for the device.
  uint32_t outstanding() const { return running_ ? queue_.outstanding() : 0; }
  bool running() const { return running_; }
  /// Whether the owner has something to take now: a batch, or failed requests.
  bool HasBatch() const { return HasFailed() || queue_.HasBatch(); }
  /// When CheckHealth() will call it hung; far in the future if nothing is outstanding.
  int64_t DeadlineNs() const;
  WaitTarget wait_target() { return {transport_.get(), &queue_, &used_, &wakes_}; }
  /// What waits to be cleared; nullptr once the queue failed: then nothing does.
  UsedMemory* used_memory() { return running_ ? &used_ : nullptr; }
  /// Adds what was kept for the next requests to it.
  void GiveUpKept() { staging_.GiveUp(&used_); }
  /// The last thing that went wrong, for people; empty if nothing did.
  const std::string& problem() const { return problem_; }

 private:
  /// `job`: that of the ring's next slot. It stays free (tag 0) until Push().
  Prepared Prepare(const Request& request, ZipJob* job, Completion* completion);
  /// @return false if the request needs another round, which is in the ring or waits for it
  bool Finish(ZipJob& job, const ZipResult& result, Completion* completion);
  /// Sends the job of the ring's next slot.
  void Push();
  void PushWaiting();
  void NoteProgress(size_t count);
  void KeepTrackOf(const std::shared_ptr<ZipStreamMemory>& stream);

  std::unique_ptr<TransportQueue> transport_;
  const ZipTarget target_;
  const ZipPatience patience_;
  const SqeLayout layout_;
  const pid_t pid_;
  QmQueue queue_;
  UsedMemory used_;
  WakeRecord wakes_;
  Staging staging_;
  std::vector<ZipJob> jobs_;     ///< by slot of the ring
  std::vector<ZipJob> waiting_;  ///< next rounds that found no slot: only if completions overtake
  std::vector<std::weak_ptr<ZipStreamMemory>> streams_;  ///< memory that contexts hold
  std::vector<Completion> failed_;
  uint32_t next_tag_ = 1;
  uint32_t largest_ = 0;     ///< input bytes, since the queue was empty
  int64_t progress_ns_ = 0;  ///< last completion, or first request after being idle
  int64_t gap_ns_ = 0;       ///< between two completions, on average
  int64_t alive_ns_ = 0;     ///< last time that the transport was asked
  bool running_ = true;
  std::string problem_;
};

}  // namespace warpdrive::hisilicon
