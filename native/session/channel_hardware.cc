// The part of the channel that trusts nobody: hardware queues, what their completions must satisfy,
// how long they may take, and what becomes of their requests when they fail.
#include <algorithm>
#include <utility>

#include "session/channel.h"

namespace warpdrive {
namespace {

// Events that nobody fetched are few or worthless.
constexpr size_t kMaxEvents = 64;

constexpr uint32_t SlotOf(uint64_t tag) { return static_cast<uint32_t>(tag); }

}  // namespace

Route Channel::RouteStream(const StreamNeeds& needs) {
  Route route = router_->Decide(needs);
  // A queue that is refused puts its device into quarantine, so this ends.
  while (route.hardware() && !OpenLane(route.device)) route = router_->Decide(needs);
  NoteReason(route.reason);
  return route;
}

// ---- queues --------------------------------------------------------------------------------

bool Channel::OpenLane(size_t index) {
  Lane& lane = lanes_[index];
  // A queue that died while it had nothing to do is no news.
  if (lane.queue != nullptr && lane.outstanding == 0 && !lane.queue->alive()) CloseLane(index);
  if (lane.queue != nullptr) return true;
  std::string refusal;
  QueueOptions options = options_;
  options.refusal = &refusal;
  lane.queue = closed_ ? nullptr : router_->at(index).device->OpenQueue(options);
  if (lane.queue == nullptr) {
    FailLane(index, Fault::kQueueRefused, std::move(refusal));
    return false;
  }
  ++lane.generation;
  const DeviceInfo& info = router_->at(index).info;
  Report({.type = DeviceEvent::Type::kOpen,
          .device = info.name,
          .shared_doorbell = info.shared_doorbell});
  return true;
}

void Channel::CloseLane(size_t index) {
  Lane& lane = lanes_[index];
  router_->at(index).in_flight -= std::exchange(lane.sent, 0);
  lane.staged.clear();
  lane.queue.reset();  // from here on the device touches no memory of its requests
  ++lane.generation;
}

size_t Channel::LaneFor(const Request& request, const Route& route) {
  // A context belongs to the device that made it.
  if (request.context != nullptr) return route.device;
  const uint16_t kind = router_->at(route.device).kind;
  size_t best = home_;
  for (size_t i = 0; i < home_; ++i) {
    RoutedDevice& device = router_->at(i);
    if (!device.present.load(std::memory_order_acquire)) continue;
    if (device.kind != kind || (route.pinned && i != route.device)) continue;
    if (best != home_ && lanes_[i].outstanding >= lanes_[best].outstanding) continue;
    const bool allowed = device.allowed.load(std::memory_order_relaxed);
    const bool safe = !device.info.shared_doorbell || router_->unsafe_doorbell_allowed();
    if (allowed && safe && device.health.Open() && device.device->Supports(request) &&
        OpenLane(i)) {
      best = i;
    }
  }
  return best;
}

// ---- requests ------------------------------------------------------------------------------

void Channel::AdmitToHardware(InFlight& entry) {
  entry.started = router_->Now();
  if (entry.lane == home_) return;
  Lane& lane = lanes_[entry.lane];
  ++lane.outstanding;
  lane.bytes += entry.request.input_size;
  ++hardware_outstanding_;
  entry.deadline = entry.started + router_->timeout_ms() * kNsPerMs +
                   lane.bytes * router_->policy().timeout_ns_per_byte;
}

void Channel::LeaveHardware(const InFlight& entry) {
  if (entry.lane == home_) {
    // From before there was hardware, or taken back: it says nothing about the cost.
    if (entry.started == 0 || entry.request.canceled) return;
    // What hardware is measured against.
    router_->at(home_).cost.Add(entry.request.operation, entry.request.input_size,
                                router_->Now() - entry.started);
    return;
  }
  Lane& lane = lanes_[entry.lane];
  --lane.outstanding;
  lane.bytes -= entry.request.input_size;
  --hardware_outstanding_;
}

/// kNone if the completion can be believed; kErrorStatus if the device says that it failed.
Fault Channel::Check(const InFlight& entry, const Completion& completion) const {
  const Request& request = entry.request;
  const bool compress = request.operation == Operation::kCompress;
  if (completion.consumed > request.input_size || completion.produced > request.output_size) {
    return Fault::kBadResult;
  }
  const bool all = completion.consumed == request.input_size;
  const bool moved = completion.consumed != 0 || completion.produced != 0;
  switch (completion.status) {
    case Status::kOk:
      // A block never takes 0 bytes, and leaves nothing.
      if (compress && request.context == nullptr && (!all || completion.produced == 0)) {
        return Fault::kBadResult;
      }
      if (!all && !moved) return Fault::kBadResult;
      break;
    case Status::kOutputFull:
      if (request.context == nullptr || !moved) return Fault::kBadResult;
      break;
    case Status::kStreamEnd:
      if (compress) return Fault::kBadResult;
      break;
    default:
      return Fault::kErrorStatus;
  }
  const auto checksum = router_->policy().checksum;
  if (compress && checksum != nullptr &&
      checksum(request.params.format, {request.input, completion.consumed}) !=
          completion.checksum) {
    return Fault::kBadResult;
  }
  return Fault::kNone;
}

void Channel::Accept(size_t index, const Completion& completion) {
  RoutedDevice& device = router_->at(index);
  if (!IsInFlight(completion.tag) || in_flight_[SlotOf(completion.tag)].lane != index) {
    FailLane(index, Fault::kBadResult, "a completion names no request that is in flight");
    return;
  }
  InFlight& entry = in_flight_[SlotOf(completion.tag)];
  --lanes_[index].sent;
  --device.in_flight;
  if (entry.request.canceled && completion.status == Status::kCanceled) {
    MarkReady(Finish(completion));
    return;
  }
  const uint64_t now = router_->Now();
  const Fault fault = Check(entry, completion);
  if (fault == Fault::kNone) {
    device.cost.Add(entry.request.operation, entry.request.input_size, now - entry.started);
    if (device.health.Succeed(now)) {
      Report({.type = DeviceEvent::Type::kRecovery, .device = device.info.name});
    }
    MarkReady(Finish(completion));
    return;
  }
  if (fault == Fault::kBadResult) {
    FailRequest(completion.tag, Status::kDeviceError);
    FailLane(index, fault, "a completion says what cannot be");
    return;
  }
  // That it cannot do the request, or that the data is bad, is no fault of the device's.
  const bool at_fault =
      completion.status == Status::kDeviceError || completion.status == Status::kCanceled;
  FailRequest(completion.tag, completion.status);
  if (!at_fault) return;
  Report({.type = DeviceEvent::Type::kFailover,
          .device = device.info.name,
          .fault = fault,
          .detail = "a request came back with an error status",
          .requests = 1});
  if (device.health.Error(now)) FailLane(index, fault, "");
}

/// The request goes on in software; with a context its owner hears of it and sees to that.
void Channel::FailRequest(uint64_t tag, Status status) {
  InFlight& entry = in_flight_[SlotOf(tag)];
  ++lanes_[entry.lane].stats.failures;
  ++failovers_;
  NoteReason(Reason::kDeviceError);
  if (entry.request.context != nullptr || lanes_[home_].queue == nullptr) {
    MarkReady(Finish({.tag = tag, .status = status}));
    return;
  }
  LeaveHardware(entry);
  entry.lane = home_;
  entry.started = router_->Now();
  lanes_[home_].staged.push_back(entry.request);
}

void Channel::FailLane(size_t index, Fault fault, std::string detail) {
  RoutedDevice& device = router_->at(index);
  const uint64_t now = router_->Now();
  // First, so that what follows in the owners is routed elsewhere. An error status has been
  // counted by the caller.
  const bool first = fault == Fault::kErrorStatus || device.health.Fail(fault, now, detail);
  CloseLane(index);
  std::vector<uint64_t> tags;
  for (const InFlight& entry : in_flight_) {
    if (entry.owner != nullptr && entry.lane == index) tags.push_back(entry.request.tag);
  }
  for (const uint64_t tag : tags) FailRequest(tag, Status::kDeviceError);
  const DeviceHealth::Snapshot state = device.health.Look(now);
  if (!tags.empty()) {
    Report({.type = DeviceEvent::Type::kFailover,
            .device = device.info.name,
            .fault = fault,
            .detail = state.detail,
            .requests = tags.size()});
  }
  if (first) {
    Report({.type = DeviceEvent::Type::kQuarantine,
            .device = device.info.name,
            .fault = fault,
            .detail = state.detail,
            .retry_in_ms = state.retry_in_ms});
  }
}

// ---- waiting -------------------------------------------------------------------------------

size_t Channel::DrainHardware() {
  size_t total = 0;
  for (size_t index = 0; index < home_; ++index) total += DrainLane(index);
  if (hardware_outstanding_ != 0) CheckDeadlines();
  return total;
}

size_t Channel::DrainLane(size_t index) {
  std::array<Completion, 64> completions;
  Lane& lane = lanes_[index];
  size_t total = 0;
  while (lane.queue != nullptr) {
    const uint32_t generation = lane.generation;
    const size_t count = lane.queue->Receive(completions);
    for (const Completion& completion : std::span(completions).first(count)) {
      // One before it may have shown that the device cannot be trusted: its requests run again.
      if (lane.generation == generation) Accept(index, completion);
    }
    total += count;
    if (count == 0) break;
  }
  if (lane.queue != nullptr && lane.outstanding != 0 && !lane.queue->alive()) {
    FailLane(index, Fault::kQueueDead, "the queue died: device removed, reset or stopped");
  }
  return total;
}

uint64_t Channel::CheckMs() const {
  return std::clamp<uint64_t>(router_->timeout_ms() / 8, 1, 250);
}

void Channel::CheckDeadlines() {
  const uint64_t now = router_->Now();
  if (now < next_check_) return;
  next_check_ = now + CheckMs() * kNsPerMs;
  std::vector<bool> late(home_, false);
  for (const InFlight& entry : in_flight_) {
    if (entry.owner != nullptr && entry.lane != home_ && now >= entry.deadline) {
      late[entry.lane] = true;
    }
  }
  for (size_t index = 0; index < home_; ++index) {
    if (late[index]) FailLane(index, Fault::kTimeout, "a request was not completed in time");
  }
}

bool Channel::WaitForHardware() {
  size_t busy = 0;
  for (const Lane& lane : lanes_) busy += lane.outstanding != 0 ? 1 : 0;
  // Software may have some too: then each gets a short turn.
  const bool alone = busy == 1 && outstanding_ == hardware_outstanding_;
  const auto patience = static_cast<uint32_t>(alone ? CheckMs() : 1);
  for (size_t index = 0; index < lanes_.size(); ++index) {
    Lane& lane = lanes_[index];
    const bool waits = index == home_ ? outstanding_ != hardware_outstanding_ : lane.outstanding;
    if (waits && lane.queue != nullptr && lane.queue->Wait(patience)) break;
  }
  return true;
}

void Channel::Report(DeviceEvent event) {
  if (events_.size() < kMaxEvents) events_.push_back(std::move(event));
}

}  // namespace warpdrive
