#include "warpdrive/hisilicon/zip_lane.h"

#include <limits>
#include <utility>

#include "warpdrive/hisilicon/zip_compress.h"
#include "warpdrive/process_id.h"

namespace warpdrive::hisilicon {
namespace {

constexpr int64_t kMsNs = 1'000'000;

}  // namespace

ZipLane::ZipLane(std::unique_ptr<TransportQueue> transport, const ZipTarget& target,
                 const ZipPatience& patience)
    : transport_(std::move(transport)),
      target_(target),
      patience_(patience),
      layout_(LayoutOf(target.protocol)),
      pid_(ProcessId()),
      queue_(transport_->rings()),
      jobs_(transport_->rings().sq_depth) {}

ZipLane::~ZipLane() { Fail(QmState::kStopped, "the queue was closed"); }

uint32_t ZipLane::Room() const { return running_ ? queue_.Room() : 0; }

ZipLane::Taken ZipLane::Submit(const Request& request, Completion* completion) {
  *completion = {.tag = request.tag, .status = Status::kDeviceError};
  if (!running_) return Taken::kDone;
  if (queue_.Room() == 0) return Taken::kFull;
  ZipJob& job = jobs_[queue_.tail()];
  switch (PrepareCompression(target_, request, &job, completion)) {
    case Prepared::kReady:
      break;
    case Prepared::kDone:
      return Taken::kDone;
    case Prepared::kUnsupported:
      completion->status = Status::kUnsupported;
      return Taken::kDone;
    case Prepared::kNoMemory:
      // With nothing in flight here nobody would ever call again.
      if (outstanding() != 0) return Taken::kFull;
      completion->status = Status::kUnsupported;
      return Taken::kDone;
  }
  job.command.tag = next_tag_;
  if (++next_tag_ == 0) next_tag_ = 1;
  Sqe sqe;
  Encode(job.command, layout_, &sqe);
  if (outstanding() == 0) {
    progress_ns_ = NowNs();
    largest_ = 0;
  }
  if (job.command.input_size > largest_) largest_ = job.command.input_size;
  queue_.Push(sqe, TagWord(layout_));
  return Taken::kSubmitted;
}

void ZipLane::Kick() {
  if (running_ && ProcessId() == pid_) queue_.RingDoorbell();
}

size_t ZipLane::Collect(std::span<Completion> completions) {
  size_t count = 0;
  if (running_ && ProcessId() == pid_) {
    uint32_t slot;
    Sqe sqe;
    while (count < completions.size() && queue_.Pop(&slot, &sqe)) {
      completions[count++] = Finish(jobs_[slot], Decode(sqe));
    }
    if (count != 0) {
      progress_ns_ = NowNs();
      queue_.ReleaseCompletions(false);
    }
    const QmState state = queue_.state();
    if (state != QmState::kRunning) Fail(state, queue_.problem());
  }
  while (count < completions.size() && !failed_.empty()) {
    completions[count++] = failed_.back();
    failed_.pop_back();
  }
  return count;
}

Completion ZipLane::Finish(ZipJob& job, const ZipResult& result) {
  const Completion completion = FinishCompression(job, result, &problem_);
  job.memory.Release();
  job.command.tag = 0;  // free
  return completion;
}

void ZipLane::CheckHealth(int64_t now_ns) {
  if (!running_ || outstanding() == 0) return;
  if (ProcessId() != pid_) {
    Fail(QmState::kStopped, "the queue belongs to the process before fork()");
  } else if (const QmState state = queue_.state(); state != QmState::kRunning) {
    Fail(state, queue_.problem());
  } else if (now_ns >= DeadlineNs() && !queue_.HasCompletion()) {
    Fail(QmState::kStopped, "no completion for " + std::to_string((now_ns - progress_ns_) / kMsNs) +
                                " ms with " + std::to_string(outstanding()) +
                                " requests outstanding");
  } else if (now_ns - alive_ns_ >= kMsNs) {
    // A system call perhaps: once per millisecond at most, and only when there was nothing to do.
    alive_ns_ = now_ns;
    if (!transport_->Alive()) Fail(QmState::kStopped, "the device is gone");
  }
}

void ZipLane::ArmEvents() {
  if (running_ && outstanding() != 0 && transport_->rings().has_events && ProcessId() == pid_) {
    queue_.ReleaseCompletions(true);
  }
}

int64_t ZipLane::DeadlineNs() const {
  if (!running_ || outstanding() == 0) return std::numeric_limits<int64_t>::max();
  return progress_ns_ + (patience_.base_ms + largest_ / patience_.bytes_per_ms) * kMsNs;
}

void ZipLane::Fail(QmState state, std::string problem) {
  if (!running_) return;
  running_ = false;
  problem_ = std::move(problem);
  queue_.Fail(state, problem_);
  // In a child the queue is the parent's: not ours to stop.
  const bool stopped = ProcessId() == pid_ && transport_->Stop();
  for (ZipJob& job : jobs_) {
    if (job.command.tag == 0) continue;
    failed_.push_back({.tag = job.request.tag, .status = Status::kDeviceError});
    // What the device may still write stays where it can do so without harm.
    if (!stopped) job.memory.Abandon();
    job = {};
  }
}

}  // namespace warpdrive::hisilicon
