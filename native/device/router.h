// Which device a stream goes to. One per process: health, load and measured cost are the device's,
// whichever thread met them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "device/clock.h"
#include "device/cost.h"
#include "device/device.h"
#include "device/health.h"

namespace warpdrive {

/// Why a stream (or, for kDeviceError, a request) went where it went. NameOf() for people.
enum class Reason : uint8_t {
  kNoDevice,           ///< to software: there is no other device in use
  kNamed,              ///< the caller named the device
  kFaster,             ///< to hardware: measured, or above the configured threshold
  kMeasured,           ///< to the slower side, once in a while, to keep its measure true
  kBelowThreshold,     ///< to software: it is faster for this size
  kLevelPolicy,        ///< to software: the level promises a size that hardware does not reach
  kUnsupportedOption,  ///< to software: the hardware cannot do format, window, strategy, ...
  kQueueFull,          ///< to software: the devices' queues are long
  kUnsafeDoorbell,     ///< to software: no consent (allowUnsafeDoorbell)
  kQuarantined,        ///< to software: the devices failed a short while ago
  kDeviceError,        ///< a request, or a stream amid its work, went on in software
  kTooLong,  ///< a decompressing stream whose input cannot all be kept went on in software
};
inline constexpr size_t kReasons = 12;
const char* NameOf(Reason reason);

struct RoutingPolicy {
  HealthPolicy health;
  uint64_t timeout_ms = 2000;          ///< for a completion, and
  uint64_t timeout_ns_per_byte = 100;  ///< for each byte of it and of what is before it
  uint32_t long_queue = 64;  ///< requests in flight on a device at which streams go elsewhere
  /// Compressed bytes of a stream on hardware that are kept at most, for software to begin anew.
  uint64_t keep_bytes = 16u << 20;
  /// Checks checksums that devices report; nullptr = they are believed.
  uint32_t (*checksum)(Format, std::span<const uint8_t>) = nullptr;
  Clock clock = SteadyClock;
};

/// Index of the device that a caller names, or one of these.
using Wish = int16_t;
inline constexpr Wish kAnyDevice = -1;    ///< the router decides
inline constexpr Wish kAnyHardware = -2;  ///< hardware, whatever the level and the load

/// What is known of a stream when its first block is due.
struct StreamNeeds {
  Operation operation = Operation::kCompress;
  StreamParams params = {};
  Flush flush = Flush::kNone;
  uint32_t size = 0;  ///< input bytes at hand
  /// Of these, gathered to be one block, though no device had been chosen yet; 0 = none are.
  uint32_t gathered = 0;
  uint32_t history_size = 0;  ///< of a preset dictionary
  bool default_level = false;
  Wish wish = kAnyDevice;
};

/// Where a stream goes. Stays for the stream, so that its bytes depend on its device's kind alone.
struct Route {
  static constexpr uint16_t kHome = 0xffff;
  uint16_t device = kHome;  ///< index of the device; kHome = software
  bool pinned = false;      ///< the caller named it: no other of its kind will do
  Reason reason = Reason::kNoDevice;
  bool hardware() const { return device != kHome; }
};

/// One device with what is known of it. Shared by all threads.
struct RoutedDevice {
  /// `the_device` nullptr: a place for one that is found later.
  RoutedDevice(Device* the_device, const HealthPolicy* policy, bool is_home);
  // Written once, before `present`.
  Device* device;
  DeviceInfo info;
  uint16_t kind = 0;  ///< equal for devices of equal info.kind
  /// False: nobody's place yet. Whoever walks over the devices looks at this first (acquire);
  /// whoever has a Route knows.
  std::atomic<bool> present;
  DeviceHealth health;
  CostTable cost;
  std::atomic<uint32_t> in_flight{0};
  std::atomic<bool> allowed{true};
  /// By operation and size class: whether it is the faster side. Sticky, see Decide().
  std::array<std::array<std::atomic<bool>, CostTable::kClasses>, 2> preferred{};
};

class Router {
 public:
  /// `devices` in order of preference; the last one is home: it executes everything and is
  /// trusted. They outlive the router. `spare`: how many can be added later.
  Router(std::vector<Device*> devices, const RoutingPolicy& policy, size_t spare = 0);

  /// A device that was found later, preferred after all others. Any thread. It outlives the router.
  /// @return false if there is no place left
  bool Add(Device* device);

  Route Decide(const StreamNeeds& needs);
  /// No device's plan cuts such a stream before so many bytes. A stream that gathered so many is
  /// not routed to devices that come later and would have cut it before.
  uint32_t SmallestBlock(const StreamParams& params) const;

  size_t size() const { return devices_.size(); }
  size_t home() const { return devices_.size() - 1; }
  RoutedDevice& at(size_t index) { return *devices_[index]; }
  bool has_hardware() const { return hardware_.load(std::memory_order_relaxed) != 0; }
  const RoutingPolicy& policy() const { return policy_; }
  uint64_t Now() const { return policy_.clock(); }

  /// "auto", "hardware", or a device's name. @return false if there is none of that name
  bool Find(std::string_view name, Wish* wish) const;
  /// For streams that name nothing.
  void SetDefault(Wish wish) { default_.store(wish, std::memory_order_relaxed); }
  /// Whether a stream with this wish asks for hardware, be it by the default.
  bool AsksForHardware(Wish wish) const {
    return (wish == kAnyDevice ? default_.load(std::memory_order_relaxed) : wish) == kAnyHardware;
  }
  /// Which hardware may be used by new streams, by name.
  void SetAllowed(std::span<const std::string> names);
  void AllowAll();
  void AllowUnsafeDoorbell(bool allow) { unsafe_.store(allow, std::memory_order_relaxed); }
  bool unsafe_doorbell_allowed() const { return unsafe_.load(std::memory_order_relaxed); }
  /// Bytes from which on hardware is used; kMeasuredThreshold = as measured.
  void SetThreshold(int64_t bytes) { threshold_.store(bytes, std::memory_order_relaxed); }
  static constexpr int64_t kMeasuredThreshold = -1;
  void SetTimeoutMs(uint64_t ms) { timeout_ms_.store(ms, std::memory_order_relaxed); }
  uint64_t timeout_ms() const { return timeout_ms_.load(std::memory_order_relaxed); }

 private:
  Reason WhyNot(const RoutedDevice& device, const StreamNeeds& needs) const;
  Reason Weigh(RoutedDevice& device, const StreamNeeds& needs, bool* hardware);

  void AssignKind(RoutedDevice& added);

  const RoutingPolicy policy_;
  std::vector<std::unique_ptr<RoutedDevice>> devices_;
  std::atomic<uint32_t> hardware_{0};  ///< devices present, home not counted
  std::mutex mutex_;                   ///< taken when a device is added, and by SetAllowed()
  std::optional<std::vector<std::string>> allowed_names_;  ///< for those that come later
  std::atomic<Wish> default_{kAnyDevice};
  std::atomic<bool> unsafe_{false};
  std::atomic<int64_t> threshold_{kMeasuredThreshold};
  std::atomic<uint64_t> timeout_ms_;
  std::atomic<uint32_t> decisions_{0};
};

}  // namespace warpdrive
