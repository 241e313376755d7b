#include "warpdrive/hisilicon/zip_lane.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "warpdrive/hisilicon/zip_compress.h"
#include "warpdrive/hisilicon/zip_inflate.h"
#include "warpdrive/process_id.h"

namespace warpdrive::hisilicon {
namespace {

constexpr int64_t kMsNs = 1'000'000;

/// One of so many requests in flight is waited for: the engine is busy with the others meanwhile,
/// and a request, which waits for all before it, waits no more than half as long again.
constexpr uint32_t kBatchShare = 3;
constexpr uint32_t kLargestBatch = 32;
/// How much longer than on average a batch may take to come.
constexpr int64_t kGatherPatience = 4;
constexpr int64_t kShortestGatherNs = 50'000;
constexpr int64_t kLongestGatherNs = 50 * kMsNs;

/// One of so many parts of the pool may be memory that nobody has cleared yet.
constexpr size_t kUsedShare = 4;
/// And one of so many, contexts that were cleared for the next requests.
constexpr size_t kCleanShare = 8;

}  // namespace

ZipLane::ZipLane(std::unique_ptr<TransportQueue> transport, const ZipTarget& target,
                 const ZipPatience& patience)
    : transport_(std::move(transport)),
      target_(target),
      patience_(patience),
      layout_(LayoutOf(target.protocol)),
      pid_(ProcessId()),
      queue_(transport_->rings()),
      used_(transport_->pool().size() / kUsedShare, kContextBytes,
            transport_->pool().size() / kCleanShare),
      staging_(&transport_->pool()),
      jobs_(transport_->rings().sq_depth) {}

ZipLane::~ZipLane() {
  Fail(QmState::kStopped, "the queue was closed");
  // Contexts may outlive the queue, and with it the pool. What was abandoned is empty already.
  for (const auto& stream : streams_) {
    if (const auto memory = stream.lock()) memory->block.Release();
  }
}

uint32_t ZipLane::Room() const { return running_ ? queue_.Room() : 0; }

ZipLane::Taken ZipLane::Submit(const Request& request, Completion* completion) {
  *completion = {.tag = request.tag, .status = Status::kDeviceError};
  if (!running_) return Taken::kDone;
  if (queue_.Room() == 0) return Taken::kFull;
  ZipJob* const job = &jobs_[queue_.tail()];
  Prepared prepared = Prepare(request, job, completion);
  if (prepared == Prepared::kNoMemory) {
    GiveUpKept();
    if (used_.ClearAll()) prepared = Prepare(request, job, completion);
  }
  switch (prepared) {
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
  if (outstanding() == 0) {
    progress_ns_ = NowNs();
    largest_ = 0;
  }
  Push();
  return Taken::kSubmitted;
}

Prepared ZipLane::Prepare(const Request& request, ZipJob* job, Completion* completion) {
  if (request.operation == Operation::kCompress) {
    return PrepareCompression(target_, request, {&staging_, &used_}, job, completion);
  }
  const Prepared prepared = ZipInflater::Prepare(target_, request, job, completion);
  if (prepared == Prepared::kReady) KeepTrackOf(job->stream);
  return prepared;
}

void ZipLane::KeepTrackOf(const std::shared_ptr<ZipStreamMemory>& stream) {
  if (stream->tracked) return;
  stream->tracked = true;
  std::erase_if(streams_, [](const auto& known) { return known.expired(); });
  streams_.push_back(stream);
}

void ZipLane::Push() {
  ZipJob& job = jobs_[queue_.tail()];
  job.command.tag = next_tag_;
  if (++next_tag_ == 0) next_tag_ = 1;
  if (job.command.input_size > largest_) largest_ = job.command.input_size;
  Sqe sqe;
  Encode(job.command, layout_, &sqe);
  queue_.Push(sqe, TagWord(layout_));
}

void ZipLane::PushWaiting() {
  while (!waiting_.empty() && queue_.Room() != 0) {
    jobs_[queue_.tail()] = std::move(waiting_.back());
    waiting_.pop_back();
    Push();
  }
  queue_.RingDoorbell();
}

void ZipLane::Kick() {
  if (running_) queue_.RingDoorbell();
}

size_t ZipLane::Collect(std::span<Completion> completions) {
  size_t count = 0;
  if (running_) {
    uint32_t slot;
    Sqe sqe;
    size_t taken = 0;
    while (count < completions.size() && queue_.Pop(&slot, &sqe)) {
      ++taken;
      if (Finish(jobs_[slot], Decode(sqe), &completions[count])) ++count;
    }
    if (taken != 0) {
      NoteProgress(taken);
      queue_.ReleaseCompletions(false);
      PushWaiting();
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

bool ZipLane::Finish(ZipJob& job, const ZipResult& result, Completion* completion) {
  if (job.request.operation == Operation::kCompress) {
    *completion = FinishCompression(job, result, &problem_);
    ReleaseStaging(result, *completion, &staging_, &job);
    if (job.context) used_.Add(std::move(job.context), kContextBytes);
    job.command.tag = 0;  // free
    return true;
  }
  ZipJob taken = std::exchange(job, {});
  if (ZipInflater::Accept(target_, &taken, result, completion, &problem_) != Prepared::kReady) {
    return true;
  }
  waiting_.push_back(std::move(taken));
  return false;
}

void ZipLane::CheckHealth(int64_t now_ns) {
  if (!running_ || outstanding() == 0) return;
  if (const QmState state = queue_.state(); state != QmState::kRunning) {
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
  if (running_ && outstanding() != 0 && transport_->rings().has_events) {
    queue_.ReleaseCompletions(true);
  }
}

void ZipLane::NoteProgress(size_t count) {
  const int64_t now = NowNs();
  const int64_t gap = (now - progress_ns_) / static_cast<int64_t>(count);
  gap_ns_ += (gap - gap_ns_) / 8;
  progress_ns_ = now;
}

int64_t ZipLane::PlanBatch() {
  const uint32_t batch = std::clamp(outstanding() / kBatchShare, 1u, kLargestBatch);
  queue_.SetBatch(batch);
  if (batch == 1) return 0;
  return std::clamp(kGatherPatience * gap_ns_ * batch, kShortestGatherNs, kLongestGatherNs);
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
  // In a child the queue is the parent's, not ours to stop; and requests' memory is the child's.
  const bool ours = ProcessId() == pid_;
  const bool stopped = ours && transport_->Stop();
  const bool give_back = stopped || !ours || !target_.sva;
  for (ZipJob& job : waiting_) jobs_.push_back(std::move(job));
  waiting_.clear();
  for (ZipJob& job : jobs_) {
    if (job.command.tag == 0) continue;
    if (give_back) failed_.push_back({.tag = job.request.tag, .status = Status::kDeviceError});
    // What the device may still write stays where it can do so without harm.
    if (!stopped) job.memory.Abandon();
    if (!stopped) job.context.Abandon();
    if (!stopped && job.stream) job.stream->block.Abandon();
    job = {};
  }
  if (!ours) return;
  GiveUpKept();
  used_.ClearAll();
}

}  // namespace warpdrive::hisilicon
