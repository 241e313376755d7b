#include "software/software_queue.h"

#include <algorithm>

#include "software/software_device.h"

namespace warpdrive::software {
namespace {

// About 20 us: less than two context switches, more than the gap between two completions of
// small requests.
constexpr int kSpins = 400;

}  // namespace

bool QueueEntry::RunOne(Executor& executor) {
  active_.fetch_add(1, std::memory_order_acq_rel);
  Request request;
  uint16_t sq_index = 0;
  const bool found = target_.Claim(&request, &sq_index);
  if (found) {
    Completion completion{.tag = request.tag, .status = Status::kCanceled};
    const bool wanted = !request.canceled && !canceled_.load(std::memory_order_acquire);
    if (wanted) completion = executor.Execute(request);
    target_.Post(completion, sq_index);
    // Signal() is sequentially consistent: the completion is visible before armed_ is looked at,
    // and the owner arms before it looks for completions. One of the two sees the other.
    completed_.Signal(1);
    if (armed_.load(std::memory_order_seq_cst) &&
        armed_.exchange(false, std::memory_order_seq_cst)) {
      notify_(notify_context_);
    }
  }
  active_.fetch_sub(1, std::memory_order_acq_rel);
  return found;
}

void QueueEntry::AwaitIdle() {
  while (active_.load(std::memory_order_acquire) != 0) CpuRelax();
}

SoftwareQueue::SoftwareQueue(SoftwareDevice* device, std::shared_ptr<QueueEntry> entry)
    : device_(device), entry_(std::move(entry)), host_(&entry_->memory()) {
  device_->Register(entry_);
}

SoftwareQueue::~SoftwareQueue() {
  entry_->Disarm();
  entry_->CancelAll();
  Completion completion;
  while (host_.outstanding() != 0) {
    if (!host_.Pop(&completion)) Wait(0);
  }
  device_->Unregister(entry_);
  entry_->AwaitIdle();
}

size_t SoftwareQueue::Send(std::span<const Request> requests) {
  const size_t count = std::min<size_t>(requests.size(), host_.Room());
  if (count == 0) return 0;
  for (const Request& request : requests.first(count)) host_.Push(request);
  host_.RingDoorbell();
  if (!device_->Ring(static_cast<uint32_t>(count))) {
    while (entry_->RunOne(inline_executor_)) {
    }
  }
  return count;
}

size_t SoftwareQueue::Receive(std::span<Completion> completions) {
  size_t count = 0;
  while (count < completions.size() && host_.Pop(&completions[count])) ++count;
  return count;
}

bool SoftwareQueue::Arm() {
  entry_->Arm();
  // Sequentially consistent as the store above: either this sees RunOne()'s signal, and with it
  // the completion, or RunOne() sees that the queue is armed.
  static_cast<void>(entry_->completed().Current());
  if (!host_.HasCompletion()) return true;
  entry_->Disarm();
  return false;
}

bool SoftwareQueue::Wait(uint32_t timeout_ms) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (host_.HasCompletion()) return true;
    CpuRelax();
  }
  while (true) {
    if (!device_->HasWorkers()) {
      while (entry_->RunOne(inline_executor_)) {
      }
    }
    const uint32_t seen = entry_->completed().Current();
    if (host_.HasCompletion()) return true;
    if (!entry_->completed().Wait(seen, timeout_ms)) return host_.HasCompletion();
  }
}

bool SoftwareQueue::RunInline(const Request& request, Completion* completion) {
  *completion = inline_executor_.Execute(request);
  return true;
}

}  // namespace warpdrive::software
