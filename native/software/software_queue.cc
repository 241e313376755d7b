#include "software/software_queue.h"

#include <algorithm>

#include "software/software_device.h"

namespace warpdrive::software {
namespace {

// About 20 us: less than two context switches, more than the gap between two completions of
// small requests.
constexpr int kSpins = 400;

}  // namespace

// From the ring of which less was served while both had requests: each gets half of the work. Who
// had nothing has nothing to catch up on. Workers that do this at once may count one too few, and
// that is all.
bool QueueEntry::Claim(Request* request, uint16_t* sq_index, RingKind* kind) {
  const uint64_t small = served_[kSmallRequests].load(std::memory_order_relaxed);
  const uint64_t large = served_[kLargeRequests].load(std::memory_order_relaxed);
  *kind = small <= large ? kSmallRequests : kLargeRequests;
  const RingKind other = small <= large ? kLargeRequests : kSmallRequests;
  if (targets_[*kind].Claim(request, sq_index)) {
    served_[*kind].fetch_add(request->input_size, std::memory_order_relaxed);
    return true;
  }
  if (!targets_[other].Claim(request, sq_index)) return false;
  const uint64_t served = served_[other].fetch_add(request->input_size, std::memory_order_relaxed) +
                          request->input_size;
  served_[*kind].store(served, std::memory_order_relaxed);
  *kind = other;
  return true;
}

bool QueueEntry::RunOne(Executor& executor) {
  active_.fetch_add(1, std::memory_order_acq_rel);
  Request request;
  uint16_t sq_index = 0;
  RingKind kind = kSmallRequests;
  const bool found = Claim(&request, &sq_index, &kind);
  if (found) {
    Completion completion{.tag = request.tag, .status = Status::kCanceled};
    const bool wanted = !request.canceled && !canceled_.load(std::memory_order_acquire);
    if (wanted) completion = executor.Execute(request);
    targets_[kind].Post(completion, sq_index);
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
    : device_(device),
      entry_(std::move(entry)),
      hosts_{ring::Host(&entry_->memory(kSmallRequests)),
             ring::Host(&entry_->memory(kLargeRequests))} {
  device_->Register(entry_);
}

SoftwareQueue::~SoftwareQueue() {
  entry_->Disarm();
  entry_->CancelAll();
  Completion completion;
  while (hosts_[0].outstanding() + hosts_[1].outstanding() != 0) {
    if (Receive({&completion, 1}) == 0) Wait(0);
  }
  device_->Unregister(entry_);
  entry_->AwaitIdle();
}

size_t SoftwareQueue::Send(std::span<const Request> requests) {
  const size_t count = std::min<size_t>(requests.size(), Room());
  if (count == 0) return 0;
  for (const Request& request : requests.first(count)) {
    hosts_[request.input_size <= kSmallRequest ? kSmallRequests : kLargeRequests].Push(request);
  }
  for (ring::Host& host : hosts_) host.RingDoorbell();
  if (!device_->Ring(static_cast<uint32_t>(count))) {
    while (entry_->RunOne(inline_executor_)) {
    }
  }
  return count;
}

void SoftwareQueue::Cancel(uint64_t tag) {
  for (ring::Host& host : hosts_) host.Cancel(tag);
}

// Of either ring: what is to be sent may all be of one kind.
size_t SoftwareQueue::Room() const { return std::min(hosts_[0].Room(), hosts_[1].Room()); }

bool SoftwareQueue::HasCompletion() const {
  return hosts_[0].HasCompletion() || hosts_[1].HasCompletion();
}

size_t SoftwareQueue::Receive(std::span<Completion> completions) {
  size_t count = 0;
  for (ring::Host& host : hosts_) {
    while (count < completions.size() && host.Pop(&completions[count])) ++count;
  }
  return count;
}

bool SoftwareQueue::Arm() {
  entry_->Arm();
  // Sequentially consistent as the store above: either this sees RunOne()'s signal, and with it
  // the completion, or RunOne() sees that the queue is armed.
  static_cast<void>(entry_->completed().Current());
  if (!HasCompletion()) return true;
  entry_->Disarm();
  return false;
}

bool SoftwareQueue::Wait(uint32_t timeout_ms) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (HasCompletion()) return true;
    CpuRelax();
  }
  while (true) {
    if (!device_->HasWorkers()) {
      while (entry_->RunOne(inline_executor_)) {
      }
    }
    const uint32_t seen = entry_->completed().Current();
    if (HasCompletion()) return true;
    if (!entry_->completed().Wait(seen, timeout_ms)) return HasCompletion();
  }
}

bool SoftwareQueue::RunInline(const Request& request, Completion* completion) {
  *completion = inline_executor_.Execute(request);
  return true;
}

}  // namespace warpdrive::software
