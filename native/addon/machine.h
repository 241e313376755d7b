// The devices of this process, and the router over them.
#pragma once

#include <memory>
#include <string>
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

/// Found at the first use, and then kept: looking costs some system calls. Never destroyed.
class Machine {
 public:
  static Machine& Instance();

  const std::shared_ptr<Router>& router() { return router_; }
  /// Consent to doorbells that other processes can ring.
  void AllowUnsafeDoorbell(bool allow);
#if defined(__linux__)
  /// What discovery found, usable or not; those with a device are in the router, in this order.
  const std::vector<hardware::Found>& found() const { return found_; }
#endif

 private:
  Machine();
  void AddTestDevices(std::vector<Device*>* devices);

  std::atomic<bool> unsafe_doorbell_{false};
#if defined(__linux__)
  std::vector<hardware::Found> found_;
#endif
  std::vector<std::unique_ptr<Device>> test_devices_;
  std::shared_ptr<Router> router_;
};

}  // namespace warpdrive::addon
