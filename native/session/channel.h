// The way from sessions to devices: one per JavaScript thread. Batches requests into one
// submission, hands completions back, and runs a request again elsewhere when a device fails.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "device/device.h"

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
  /// `cookie` is the one given to Stage(). Called on the channel's thread only.
  virtual void OnCompletion(uint64_t cookie, const Completion& completion) = 0;

 private:
  bool queued_for_pickup_ = false;
};

/// Counters that stats() shows. Requests that failed over count where they ended.
struct ChannelStats {
  uint64_t requests = 0;
  uint64_t inline_requests = 0;
  uint64_t doorbells = 0;
  uint64_t failovers = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

/// Used by one thread. Devices are in order of preference; the last one executes everything.
class Channel {
 public:
  /// `window`: requests that one stream may have in flight, enough to keep a device busy.
  Channel(std::vector<Device*> devices, const QueueOptions& options, size_t window);
  /// Cancels and drains: no request's memory is touched afterwards.
  ~Channel();
  void Close();

  /// The device for a stream's own state and plan: streams stay in one place.
  Device& home() { return *devices_.back(); }

  /// Takes a request for the next Kick(). `request.tag` is overwritten.
  void Stage(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie);
  /// Sends what is staged, one doorbell per device. What does not fit goes at a later Kick();
  /// Drain() kicks too.
  void Kick();
  /// Executes a request on this thread and calls OnCompletion before it returns.
  void RunInline(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie);
  /// Hands all finished completions to their owners. @return how many
  size_t Drain();
  /// Sleeps until something finished. @return false if nothing is in flight
  bool Wait();
  /// Arms the notification of all queues. @return false if completions are already there
  bool Arm();

  size_t window() const { return window_; }
  void SetWindow(size_t window) { window_ = window; }
  /// Requests staged or in flight.
  size_t outstanding() const { return outstanding_; }
  const ChannelStats& stats() const { return stats_; }
  /// Owners that got a completion since the last call, each once, in order of completion.
  std::vector<std::shared_ptr<RequestOwner>> TakeReady();

 private:
  struct Lane {
    Device* device = nullptr;
    std::unique_ptr<Queue> queue;
    std::vector<Request> staged;
  };
  struct InFlight {
    Request request;  ///< kept whole, so that it can run again
    std::shared_ptr<RequestOwner> owner;
    uint64_t cookie = 0;
    size_t lane = 0;
  };

  size_t Admit(Request request, std::shared_ptr<RequestOwner> owner, uint64_t cookie);
  size_t LaneFor(const Request& request, size_t first) const;
  bool Retry(uint64_t tag, Status status);
  std::shared_ptr<RequestOwner> Finish(const Completion& completion);
  void MarkReady(std::shared_ptr<RequestOwner> owner);
  size_t HomeLane() const;

  std::vector<Device*> devices_;
  std::vector<Lane> lanes_;
  std::vector<InFlight> in_flight_;  ///< indexed by tag
  std::vector<uint64_t> free_tags_;
  std::vector<std::shared_ptr<RequestOwner>> ready_;
  bool closed_ = false;
  size_t outstanding_ = 0;
  size_t window_;
  ChannelStats stats_;
};

}  // namespace warpdrive
