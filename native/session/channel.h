// The way from sessions to devices: one per JavaScript thread. Batches requests into one
// submission, hands completions back, and runs a request again in software when a device fails.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "device/device.h"
#include "device/router.h"
#include "session/hot_list.h"

namespace warpdrive {

/// Receives the completions of the requests it staged. Kept alive by the channel until the last
/// of them arrived.
class RequestOwner : public std::enable_shared_from_this<RequestOwner> {
 public:
  virtual ~RequestOwner() = default;

  /// For the layer above, which finds its own object by it. The channel does not look at it.
  void* user = nullptr;

 protected:
  friend class Channel;
  /// `cookie` is the one given to Stage(). Called on the channel's thread only. kDeviceError and
  /// kUnsupported come only to requests with a context: the others ran again in software.
  virtual void OnCompletion(uint64_t cookie, const Completion& completion) = 0;

 private:
  bool queued_for_pickup_ = false;
};

/// What one device did for this channel. Requests that failed over count where they ended.
struct DeviceStats {
  uint64_t requests = 0;
  uint64_t sent = 0;  ///< requests that went with a doorbell, those that failed included
  uint64_t doorbells = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t failures = 0;  ///< requests that it failed at
};

/// All devices together.
struct ChannelStats {
  uint64_t requests = 0;
  uint64_t inline_requests = 0;
  uint64_t doorbells = 0;
  uint64_t failovers = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

/// Something that happened to a device, for those who watch. Streams go on.
struct DeviceEvent {
  /// kOpen: this thread got a queue, since a stream goes there.
  enum class Type : uint8_t { kFailover, kQuarantine, kRecovery, kOpen };
  Type type = Type::kFailover;
  std::string device = {};
  Fault fault = Fault::kNone;
  std::string detail = {};
  uint64_t requests = 0;         ///< kFailover: how many go on in software
  uint64_t retry_in_ms = 0;      ///< kQuarantine
  bool shared_doorbell = false;  ///< kOpen: others could ring it, and the operator consented
};

/// Used by one thread.
class Channel {
 public:
  /// `window`: requests that one stream may have in flight, enough to keep a device busy.
  Channel(std::shared_ptr<Router> router, const QueueOptions& options, size_t window);
  /// With a router of its own.
  Channel(std::vector<Device*> devices, const QueueOptions& options, size_t window);
  /// Cancels and drains: no request's memory is touched afterwards.
  ~Channel();
  void Close();

  /// The device that executes everything; for a stream's own state, and for plans without a route.
  Device& home() { return *router_->at(home_).device; }
  Router& router() { return *router_; }
  /// May become true at any time: a device can be found later.
  bool has_hardware() const { return router_->has_hardware(); }

  /// Where a stream goes; opens the queue if there is none. Once per stream.
  Route RouteStream(const StreamNeeds& needs);
  /// Counts a new stream that asks for hardware where there is none: nothing will route it.
  void NoteVainWish(Wish wish) {
    if (!has_hardware() && router_->AsksForHardware(wish)) NoteReason(Reason::kNoDevice);
  }
  /// The device of a route.
  Device& DeviceOf(const Route& route) {
    return *router_->at(route.hardware() ? route.device : home_).device;
  }
  /// What contexts made for a route belong to: another number means another queue.
  uint32_t GenerationOf(const Route& route) const {
    return route.hardware() ? lanes_[route.device].generation : 0;
  }
  /// Counts a stream that went on in software amid its work.
  void NoteReason(Reason reason) { ++reasons_[static_cast<size_t>(reason)]; }

  /// Takes a request for the next Kick(). `request.tag` is overwritten. A request with a context
  /// goes to the route's device, or fails with kDeviceError if that has no queue any more; one
  /// without goes to a device of the route's kind, or to software. @return what names it in
  /// Cancel()
  uint64_t Stage(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie,
                 const Route& route = {});
  /// Takes a request back: its completion comes, but no device begins it if that can be helped. A
  /// request that is not in flight any more is none of its business.
  void Cancel(uint64_t tag);
  /// Sends what is staged, one doorbell per device. What does not fit goes at a later Kick();
  /// Drain() kicks too.
  void Kick();
  /// Executes a request in software on this thread and calls OnCompletion before it returns.
  void RunInline(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie);
  /// Executes a request in software on this thread, for a caller that takes the result from here.
  Completion RunNow(const Request& request);
  /// Hands all finished completions to their owners, and lets go of devices that failed. @return
  /// how many finished
  size_t Drain();
  /// Sleeps until something finished, or a device is due to be looked at. @return false if nothing
  /// is in flight
  bool Wait();
  /// Arms the notification of all queues. @return false if completions are already there
  bool Arm();
  /// Milliseconds after which Drain() should be called though nobody was notified, since a device
  /// may hang; 0 = no device can.
  uint64_t PatienceMs() const { return hardware_outstanding_ == 0 ? 0 : CheckMs(); }

  /// Streams whose device state is kept while they are idle.
  HotList& hot() { return hot_; }

  /// Whether the owner may run a request of `size` bytes with RunInline() instead of Stage(),
  /// because that takes less of this thread's time than the hop to another. Counts against the
  /// turn.
  bool MayRunInline(uint32_t size);
  /// A new turn of the event loop, `now` by its clock: what runs inline between two is bounded.
  void NoteTurn(uint64_t now);

  size_t window() const { return window_; }
  void SetWindow(size_t window) { window_ = window; }
  /// Requests staged or in flight.
  size_t outstanding() const { return outstanding_; }
  ChannelStats stats() const;
  const DeviceStats& device_stats(size_t device) const { return lanes_[device].stats; }
  const std::array<uint64_t, kReasons>& reasons() const { return reasons_; }
  /// Owners that got a completion since the last call, each once, in order of completion.
  std::vector<std::shared_ptr<RequestOwner>> TakeReady();
  /// Gives an owner to the next TakeReady() that got no completion itself.
  void MarkReady(std::shared_ptr<RequestOwner> owner);
  bool HasEvents() const { return !events_.empty(); }
  std::vector<DeviceEvent> TakeEvents() { return std::exchange(events_, {}); }

 private:
  /// One device's queue. Hardware queues open when a stream is routed there.
  struct Lane {
    std::unique_ptr<Queue> queue;
    std::vector<Request> staged;
    DeviceStats stats;
    uint32_t outstanding = 0;  ///< staged or sent; hardware only
    uint32_t sent = 0;         ///< of those, sent
    uint64_t bytes = 0;        ///< input bytes of those outstanding
    uint32_t generation = 0;   ///< counts queues
  };
  struct InFlight {
    Request request;  ///< kept whole, so that it can run again
    std::shared_ptr<RequestOwner> owner;
    uint64_t cookie = 0;
    size_t lane = 0;
    uint64_t started = 0;   ///< ns; only if there is hardware
    uint64_t deadline = 0;  ///< ns; hardware only
  };

  uint64_t Admit(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie,
                 size_t lane);
  std::shared_ptr<RequestOwner> Finish(const Completion& completion);
  bool IsInFlight(uint64_t tag) const;
  size_t DrainHome();
  void KickLane(Lane& lane);

  // Hardware: channel_hardware.cc.
  size_t LaneFor(const Request& request, const Route& route);
  bool OpenLane(size_t lane);
  void CloseLane(size_t lane);
  void AdmitToHardware(InFlight& entry);
  void LeaveHardware(const InFlight& entry);
  size_t DrainHardware();
  size_t DrainLane(size_t lane);
  void Accept(size_t lane, const Completion& completion);
  Fault Check(const InFlight& entry, const Completion& completion) const;
  void FailRequest(uint64_t tag, Status status);
  void FailLane(size_t lane, Fault fault, std::string detail);
  void CheckDeadlines();
  uint64_t CheckMs() const;
  void Report(DeviceEvent event);
  bool WaitForHardware();

  std::shared_ptr<Router> router_;
  const QueueOptions options_;
  const size_t home_;
  std::vector<Lane> lanes_;          ///< one per device
  std::vector<InFlight> in_flight_;  ///< indexed by the low half of the tag
  std::vector<uint32_t> free_slots_;
  std::vector<std::shared_ptr<RequestOwner>> ready_;
  std::vector<DeviceEvent> events_;
  std::array<uint64_t, kReasons> reasons_{};
  uint64_t inline_requests_ = 0;
  uint64_t failovers_ = 0;
  uint32_t sequence_ = 0;  ///< high half of the tag: a late completion names nobody
  uint64_t next_check_ = 0;
  size_t hardware_outstanding_ = 0;
  HotList hot_;
  uint32_t inline_bytes_ = 0;  ///< that may still run inline in this turn
  uint64_t turn_ = 0;
  bool closed_ = false;
  size_t outstanding_ = 0;
  size_t window_;
};

}  // namespace warpdrive
