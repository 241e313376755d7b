#include "session/channel.h"

#include <array>
#include <utility>

namespace warpdrive {

Channel::Channel(std::vector<Device*> devices, const QueueOptions& options, size_t window)
    : devices_(std::move(devices)), window_(window) {
  for (Device* device : devices_) {
    // A device that gives no queue (busy, gone) is passed over; the next one does its work.
    if (auto queue = device->OpenQueue(options)) lanes_.push_back({device, std::move(queue), {}});
  }
}

Channel::~Channel() { Close(); }

void Channel::Close() {
  closed_ = true;
  for (Lane& lane : lanes_) lane.staged.clear();
  lanes_.clear();  // a queue's destructor waits for its requests
  in_flight_.clear();
  free_tags_.clear();
  ready_.clear();
  outstanding_ = 0;
}

size_t Channel::LaneFor(const Request& request, size_t first) const {
  for (size_t lane = first; lane < lanes_.size(); ++lane) {
    if (lanes_[lane].device->Supports(request)) return lane;
  }
  return lanes_.size();
}

size_t Channel::HomeLane() const {
  size_t lane = 0;
  while (lane < lanes_.size() && lanes_[lane].device != devices_.back()) ++lane;
  return lane;
}

size_t Channel::Admit(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie) {
  uint64_t tag = in_flight_.size();
  if (free_tags_.empty()) {
    in_flight_.emplace_back();
  } else {
    tag = free_tags_.back();
    free_tags_.pop_back();
  }
  request.tag = tag;
  // A context belongs to the device that made it.
  const size_t lane = request.context != nullptr ? HomeLane() : LaneFor(request, 0);
  in_flight_[tag] = {request, std::move(owner), cookie, lane};
  ++outstanding_;
  return tag;
}

void Channel::Stage(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie) {
  if (closed_) return;  // the environment is going, nobody waits
  const size_t tag = Admit(request, std::move(owner), cookie);
  const InFlight& entry = in_flight_[tag];
  if (entry.lane == lanes_.size()) {
    MarkReady(Finish({.tag = tag, .status = Status::kUnsupported}));
    return;
  }
  lanes_[entry.lane].staged.push_back(entry.request);
}

void Channel::Kick() {
  for (Lane& lane : lanes_) {
    if (lane.staged.empty()) continue;
    const size_t sent = lane.queue->Send(lane.staged);
    if (sent == 0) continue;
    ++stats_.doorbells;
    lane.staged.erase(lane.staged.begin(), lane.staged.begin() + static_cast<ptrdiff_t>(sent));
  }
}

void Channel::RunInline(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie) {
  if (closed_) return;
  const size_t tag = Admit(request, std::move(owner), cookie);
  Completion completion{.tag = tag, .status = Status::kUnsupported};
  const size_t lane = HomeLane();
  if (lane != lanes_.size()) lanes_[lane].queue->RunInline(in_flight_[tag].request, &completion);
  ++stats_.inline_requests;
  Finish(completion);
}

bool Channel::Retry(uint64_t tag, Status status) {
  InFlight& entry = in_flight_[tag];
  if (status != Status::kDeviceError && status != Status::kUnsupported) return false;
  if (entry.request.context != nullptr) return false;
  const size_t lane = LaneFor(entry.request, entry.lane + 1);
  if (lane >= lanes_.size()) return false;
  entry.lane = lane;
  lanes_[lane].staged.push_back(entry.request);
  ++stats_.failovers;
  return true;
}

std::shared_ptr<RequestOwner> Channel::Finish(const Completion& completion) {
  InFlight entry = std::exchange(in_flight_[completion.tag], {});
  free_tags_.push_back(completion.tag);
  --outstanding_;
  ++stats_.requests;
  stats_.bytes_in += completion.consumed;
  stats_.bytes_out += completion.produced;
  entry.owner->OnCompletion(entry.cookie, completion);
  return std::move(entry.owner);
}

void Channel::MarkReady(std::shared_ptr<RequestOwner> owner) {
  if (!std::exchange(owner->queued_for_pickup_, true)) ready_.push_back(std::move(owner));
}

size_t Channel::Drain() {
  std::array<Completion, 64> completions;
  size_t total = 0;
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    size_t count;
    while ((count = lanes_[lane].queue->Receive(completions)) != 0) {
      total += count;
      for (const Completion& completion : std::span(completions).first(count)) {
        if (Retry(completion.tag, completion.status)) continue;
        MarkReady(Finish(completion));
      }
    }
  }
  Kick();
  return total;
}

bool Channel::Wait() {
  Kick();
  if (outstanding_ == 0) return false;
  // With one queue this sleeps until it has something; with several each gets a short turn.
  for (Lane& lane : lanes_) {
    if (lane.queue->Wait(lanes_.size() == 1 ? 0 : 1)) return true;
  }
  return true;
}

bool Channel::Arm() {
  bool armed = true;
  for (Lane& lane : lanes_) armed &= lane.queue->Arm();
  return armed;
}

std::vector<std::shared_ptr<RequestOwner>> Channel::TakeReady() {
  for (const auto& owner : ready_) owner->queued_for_pickup_ = false;
  return std::exchange(ready_, {});
}

}  // namespace warpdrive
