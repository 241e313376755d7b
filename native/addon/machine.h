// The devices of this process, and the router over them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "device/router.h"
#include "software/software_device.h"
#if defined(__linux__)
#include "warpdrive/hardware.h"
#endif

namespace warpdrive::addon {

/// The software device of this process. Never destroyed: its threads may outlive static
/// destruction at process exit.
software::SoftwareDevice& Software();

/// Found at the first use, and then kept; what cannot be used then is looked at again. Never
/// destroyed.
class Machine {
 public:
  static Machine& Instance();

  const std::shared_ptr<Router>& router() { return router_; }
  /// Consent to doorbells that other processes can ring.
  void AllowUnsafeDoorbell(bool allow);
  /// Looks for devices that were busy or missing, if that is due. Any thread; `now_ms` by the event
  /// loops' clock. A comparison, if it is not due.
  void LookAgain(uint64_t now_ms) {
    if (now_ms >= due_ms_.load(std::memory_order_relaxed)) Look(now_ms);
  }
  /// Whether streams can be told to go to `name`, a device's or one of Router::Find()'s words. One
  /// that could not be used so far is looked at again. If not, `*refusal` gets why, and what to do
  /// about it; empty if there is no device of that name.
  bool CanBeNamed(std::string_view name, std::string* refusal);
#if defined(__linux__)
  /// Calls `use` with what discovery found, usable or not; those with a device are in the router.
  template <typename Use>
  void WithFound(Use use) {
    const std::lock_guard lock(mutex_);
    if (inventory_) use(inventory_->found());
  }
#endif

 private:
  Machine();
  void AddTestDevices(std::vector<Device*>* devices);
  void Look(uint64_t now_ms);
  void AddLateTestDevices();

  std::atomic<bool> unsafe_doorbell_{false};
  /// Guards what follows it but the router. Held while devices are looked for or listed: rare.
  std::mutex mutex_;
  std::atomic<uint64_t> due_ms_{0};
#if defined(__linux__)
  std::optional<hardware::Inventory> inventory_;
#endif
  std::vector<Device*> late_;  ///< test devices that are "found" at the second look
  std::vector<std::unique_ptr<Device>> test_devices_;
  std::shared_ptr<Router> router_;
};

}  // namespace warpdrive::addon
