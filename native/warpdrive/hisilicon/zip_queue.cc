#include "warpdrive/hisilicon/zip_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "warpdrive/process_id.h"

namespace warpdrive::hisilicon {
namespace {

constexpr int64_t kMsNs = 1'000'000;
/// How long a closing queue waits for an engine that goes on working.
constexpr int64_t kDrainNs = 10'000 * kMsNs;
/// So many bytes are cleared in the time that it takes to wake a thread for it.
constexpr size_t kLittle = 128u << 10;

}  // namespace

Result<std::unique_ptr<ZipQueue>> ZipQueue::Open(Transport* transport, ZipTarget target,
                                                 const QueueOptions& options,
                                                 const ZipPatience& patience) {
  std::unique_ptr<ZipQueue> queue(new ZipQueue(options));
  for (const Direction direction : {Direction::kCompress, Direction::kDecompress}) {
    Result<std::unique_ptr<TransportQueue>> opened = transport->OpenQueue(direction);
    if (!opened) {
      // Some have queues of the first kind only, or no more of the second left.
      if (direction == Direction::kDecompress) break;
      return opened.error();
    }
    std::unique_ptr<TransportQueue> pair = opened.Take();
    if (Outcome outcome = QmQueue::Check(pair->rings()); !outcome) return outcome.error();
    target.protocol = pair->rings().protocol;
    target.sva = pair->sva();
    target.pool = &pair->pool();
    queue->lanes_.push_back(std::make_unique<ZipLane>(std::move(pair), target, patience));
  }
  for (const auto& lane : queue->lanes_) queue->targets_.push_back(lane->wait_target());
  if (options.notify != nullptr) {
    queue->watch_ = CompletionWatch::Start(queue->targets_, options.notify, options.notify_context);
    if (!queue->watch_) {
      return Error{ErrorCode::kMemoryLimit, 0, "no thread could be made to watch a queue"};
    }
  }
  return queue;
}

ZipQueue::ZipQueue(const QueueOptions& options)
    : depth_(options.depth),
      notify_(options.notify),
      notify_context_(options.notify_context),
      pid_(ProcessId()) {}

bool ZipQueue::Ours() {
  if (ProcessId() == pid_) return true;
  for (const auto& lane : lanes_) lane->LeaveToParent();
  return false;
}

ZipQueue::~ZipQueue() {
  watch_.reset();
  if (!Ours()) return;
  // The first spimdev queues cannot be stopped: let the engine finish while it does.
  const int64_t end = NowNs() + kDrainNs;
  Completion scratch[16];
  while (outstanding() != 0 && NowNs() < end) {
    if (Receive(scratch) == 0) Wait(1);
  }
}

ZipLane* ZipQueue::LaneFor(const Request& request) const {
  const auto direction = static_cast<size_t>(request.operation);
  return direction < lanes_.size() ? lanes_[direction].get() : nullptr;
}

uint32_t ZipQueue::outstanding() const {
  uint32_t sum = 0;
  for (const auto& lane : lanes_) sum += lane->outstanding();
  return sum;
}

bool ZipQueue::alive() const {
  return ProcessId() == pid_ && std::all_of(lanes_.begin(), lanes_.end(),
                                            [](const auto& lane) { return lane->running(); });
}

size_t ZipQueue::Room() const {
  size_t room = ProcessId() == pid_ ? depth_ - 1 : 0;
  for (const auto& lane : lanes_) room = std::min<size_t>(room, lane->Room());
  return room;
}

size_t ZipQueue::Send(std::span<const Request> requests) {
  const bool ours = Ours();
  size_t count = 0;
  for (const Request& request : requests) {
    ZipLane* const lane = LaneFor(request);
    Completion completion{.tag = request.tag, .status = Status::kUnsupported};
    const ZipLane::Taken taken =
        lane != nullptr ? lane->Submit(request, &completion) : ZipLane::Taken::kDone;
    if (taken == ZipLane::Taken::kFull) break;
    if (taken == ZipLane::Taken::kDone) done_.push_back(completion);
    ++count;
  }
  for (const auto& lane : lanes_) lane->Kick();
  if (armed_idle_ && count != 0) {
    armed_idle_ = false;
    if (ours) {
      ArmWatch();
    } else if (notify_ != nullptr) {
      notify_(notify_context_);  // the watch is no thread of this process
    }
  }
  return count;
}

size_t ZipQueue::Receive(std::span<Completion> completions) {
  static_cast<void>(Ours());
  size_t count = 0;
  while (count < completions.size() && !done_.empty()) {
    completions[count++] = done_.back();
    done_.pop_back();
  }
  for (const auto& lane : lanes_) count += lane->Collect(completions.subspan(count));
  if (count == 0 && !completions.empty()) {
    CheckHealth();
    for (const auto& lane : lanes_) count += lane->Collect(completions.subspan(count));
  }
  Tidy(false);
  return count;
}

/// Has used memory cleared by whoever has time. `idle`: nothing is left behind.
void ZipQueue::Tidy(bool idle) {
  for (const auto& lane : lanes_) {
    UsedMemory* const used = lane->used_memory();
    if (used == nullptr) continue;
    if (idle) lane->GiveUpKept();
    if (idle && (used->waiting() <= kLittle || !watch_)) {
      used->ClearAll();
    } else if (idle || used->Due()) {
      used->Share();
      if (idle) used->GiveUp();
      if (watch_) watch_->Tidy();
    }
  }
}

bool ZipQueue::HasAnything() const {
  return !done_.empty() || std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return lane->HasFailed() || lane->wait_target().queue->HasCompletion();
  });
}

/// What Arm() leaves for a notification: fewer completions than are worth one.
bool ZipQueue::HasBatch() const {
  return !done_.empty() || std::any_of(lanes_.begin(), lanes_.end(),
                                       [](const auto& lane) { return lane->HasBatch(); });
}

void ZipQueue::CheckHealth() {
  const int64_t now = NowNs();
  for (const auto& lane : lanes_) lane->CheckHealth(now);
}

void ZipQueue::ArmWatch() {
  int64_t deadline = std::numeric_limits<int64_t>::max();
  int64_t gather = 0;
  for (const auto& lane : lanes_) {
    gather = std::max(gather, lane->PlanBatch());
    if (UsedMemory* const used = lane->used_memory()) used->Share();
    lane->ArmEvents();
    deadline = std::min(deadline, lane->DeadlineNs());
  }
  // What was answered without the engine has to be fetched now.
  if (!done_.empty()) deadline = 0;
  if (watch_) watch_->Arm(deadline, gather);
}

bool ZipQueue::Arm() {
  static_cast<void>(Ours());
  CheckHealth();
  for (const auto& lane : lanes_) lane->PlanBatch();
  if (HasBatch()) return false;
  if (outstanding() == 0) {
    Tidy(true);
    armed_idle_ = true;  // Send() does the rest
    return true;
  }
  ArmWatch();
  // Between the last look and the arming the engine may have finished, and raised no event.
  if (!HasBatch()) return true;
  if (watch_) watch_->Disarm();
  return false;
}

bool ZipQueue::Wait(uint32_t timeout_ms) {
  if (!Ours()) return HasAnything();
  const int64_t end =
      timeout_ms == 0 ? std::numeric_limits<int64_t>::max() : NowNs() + timeout_ms * kMsNs;
  CompletionSleep sleep(targets_, -1);
  for (const auto& lane : lanes_) {
    UsedMemory* const used = lane->used_memory();
    if (used == nullptr) continue;
    used->Share();
    while (!HasAnything() && used->ClearOne()) {
    }
  }
  if (HasAnything() || sleep.Spin(false)) return true;
  while (true) {
    for (const auto& lane : lanes_) lane->ArmEvents();
    CheckHealth();
    if (HasAnything()) return true;
    if (outstanding() == 0 || NowNs() >= end) return false;
    sleep.Nap(end);
  }
}

const std::string& ZipQueue::problem() const {
  static const std::string kNone;
  for (const auto& lane : lanes_) {
    if (!lane->problem().empty()) return lane->problem();
  }
  return kNone;
}

}  // namespace warpdrive::hisilicon
