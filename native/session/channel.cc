#include "session/channel.h"

#include <algorithm>
#include <utility>

namespace warpdrive {
namespace {

// Compressing a message of 1 KiB at level 6 takes about 20 us, as much as waking a worker and
// being woken by it. 16 KiB are about 400 us, and the clock of the event loop counts milliseconds.
constexpr uint32_t kInlineRequest = 1024;
constexpr uint32_t kInlineTurn = 16 * 1024;

constexpr uint32_t SlotOf(uint64_t tag) { return static_cast<uint32_t>(tag); }

}  // namespace

Channel::Channel(std::shared_ptr<Router> router, const QueueOptions& options, size_t window)
    : router_(std::move(router)),
      options_(options),
      home_(router_->home()),
      lanes_(router_->size()),
      window_(window) {
  lanes_[home_].queue = home().OpenQueue(options_);
}

Channel::Channel(std::vector<Device*> devices, const QueueOptions& options, size_t window)
    : Channel(std::make_shared<Router>(std::move(devices), RoutingPolicy{}), options, window) {}

Channel::~Channel() { Close(); }

void Channel::Close() {
  closed_ = true;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lane != home_) router_->at(lane).in_flight -= std::exchange(lanes_[lane].sent, 0);
    lanes_[lane].staged.clear();
    lanes_[lane].queue.reset();  // its destructor waits for its requests
  }
  in_flight_.clear();
  free_slots_.clear();
  ready_.clear();
  outstanding_ = hardware_outstanding_ = 0;
}

uint64_t Channel::Admit(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie,
                        size_t lane) {
  auto slot = static_cast<uint32_t>(in_flight_.size());
  if (free_slots_.empty()) {
    in_flight_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  request.tag = static_cast<uint64_t>(++sequence_) << 32 | slot;
  in_flight_[slot] = {request, std::move(owner), cookie, lane, 0, 0};
  ++outstanding_;
  if (has_hardware()) AdmitToHardware(in_flight_[slot]);
  return request.tag;
}

uint64_t Channel::Stage(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie,
                        const Route& route) {
  if (closed_) return 0;  // the environment is going, nobody waits
  const size_t lane = route.hardware() ? LaneFor(request, route) : home_;
  const uint64_t tag = Admit(request, std::move(owner), cookie, lane);
  if (lanes_[lane].queue == nullptr) {
    const bool gone = lane != home_;
    MarkReady(Finish({.tag = tag, .status = gone ? Status::kDeviceError : Status::kUnsupported}));
  } else {
    lanes_[lane].staged.push_back(in_flight_[SlotOf(tag)].request);
  }
  return tag;
}

void Channel::Cancel(uint64_t tag) {
  if (!IsInFlight(tag)) return;
  InFlight& entry = in_flight_[SlotOf(tag)];
  entry.request.canceled = true;  // in software, too, should its device fail
  Lane& lane = lanes_[entry.lane];
  const auto staged = std::find_if(lane.staged.begin(), lane.staged.end(),
                                   [tag](const Request& request) { return request.tag == tag; });
  if (staged != lane.staged.end()) {
    staged->canceled = true;
  } else if (lane.queue != nullptr) {
    lane.queue->Cancel(tag);
  }
}

bool Channel::IsInFlight(uint64_t tag) const {
  const uint32_t slot = SlotOf(tag);
  return slot < in_flight_.size() && in_flight_[slot].owner != nullptr &&
         in_flight_[slot].request.tag == tag;
}

void Channel::KickLane(Lane& lane) {
  if (lane.staged.empty()) return;
  const size_t sent = lane.queue->Send(lane.staged);
  if (sent == 0) return;
  ++lane.stats.doorbells;
  lane.stats.sent += sent;
  lane.staged.erase(lane.staged.begin(), lane.staged.begin() + static_cast<ptrdiff_t>(sent));
  if (&lane == &lanes_[home_]) return;
  lane.sent += static_cast<uint32_t>(sent);
  router_->at(static_cast<size_t>(&lane - lanes_.data())).in_flight += static_cast<uint32_t>(sent);
}

void Channel::Kick() {
  for (Lane& lane : lanes_) KickLane(lane);
}

void Channel::RunInline(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie) {
  if (closed_) return;
  const uint64_t tag = Admit(request, std::move(owner), cookie, home_);
  Completion completion{.tag = tag, .status = Status::kUnsupported};
  Queue* const queue = lanes_[home_].queue.get();
  if (queue != nullptr) queue->RunInline(in_flight_[SlotOf(tag)].request, &completion);
  ++inline_requests_;
  Finish(completion);
}

Completion Channel::RunNow(const Request& request) {
  Completion completion{.tag = request.tag, .status = Status::kUnsupported};
  Lane& lane = lanes_[home_];
  if (closed_ || lane.queue == nullptr) return completion;
  lane.queue->RunInline(request, &completion);
  ++inline_requests_;
  ++lane.stats.requests;
  lane.stats.bytes_in += completion.consumed;
  lane.stats.bytes_out += completion.produced;
  return completion;
}

bool Channel::MayRunInline(uint32_t size) {
  if (size > kInlineRequest || inline_bytes_ < kInlineRequest) return false;
  inline_bytes_ -= std::max(size, kInlineRequest / 8);
  return true;
}

void Channel::NoteTurn(uint64_t now) {
  if (turn_ == now) return;
  turn_ = now;
  inline_bytes_ = kInlineTurn;
}

std::shared_ptr<RequestOwner> Channel::Finish(const Completion& completion) {
  const uint32_t slot = SlotOf(completion.tag);
  InFlight entry = std::exchange(in_flight_[slot], {});
  free_slots_.push_back(slot);
  --outstanding_;
  // What looks for blocks moves no stream, and says nothing of what that costs.
  if (entry.request.operation != Operation::kFindBlock) {
    DeviceStats& stats = lanes_[entry.lane].stats;
    ++stats.requests;
    stats.bytes_in += completion.consumed;
    stats.bytes_out += completion.produced;
    if (has_hardware()) LeaveHardware(entry);
  }
  entry.owner->OnCompletion(entry.cookie, completion);
  return std::move(entry.owner);
}

void Channel::MarkReady(std::shared_ptr<RequestOwner> owner) {
  if (!std::exchange(owner->queued_for_pickup_, true)) ready_.push_back(std::move(owner));
}

size_t Channel::DrainHome() {
  std::array<Completion, 64> completions;
  size_t total = 0;
  size_t count;
  Queue* const queue = lanes_[home_].queue.get();
  while (queue != nullptr && (count = queue->Receive(completions)) != 0) {
    total += count;
    for (const Completion& completion : std::span(completions).first(count)) {
      MarkReady(Finish(completion));
    }
  }
  return total;
}

size_t Channel::Drain() {
  size_t total = has_hardware() ? DrainHardware() : 0;
  total += DrainHome();
  Kick();
  return total;
}

bool Channel::Wait() {
  Kick();
  if (outstanding_ == 0) return false;
  if (hardware_outstanding_ != 0) return WaitForHardware();
  if (lanes_[home_].queue != nullptr) lanes_[home_].queue->Wait(0);
  return true;
}

bool Channel::Arm() {
  bool armed = true;
  for (Lane& lane : lanes_) {
    if (lane.queue != nullptr) armed &= lane.queue->Arm();
  }
  return armed;
}

ChannelStats Channel::stats() const {
  ChannelStats total{.inline_requests = inline_requests_, .failovers = failovers_};
  for (const Lane& lane : lanes_) {
    total.requests += lane.stats.requests;
    total.doorbells += lane.stats.doorbells;
    total.bytes_in += lane.stats.bytes_in;
    total.bytes_out += lane.stats.bytes_out;
  }
  return total;
}

std::vector<std::shared_ptr<RequestOwner>> Channel::TakeReady() {
  for (const auto& owner : ready_) owner->queued_for_pickup_ = false;
  return std::exchange(ready_, {});
}

}  // namespace warpdrive
