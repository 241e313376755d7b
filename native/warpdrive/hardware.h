// The user library from outside: what accelerators there are, as devices in order of preference.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "device/device.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/syscalls.h"
#include "warpdrive/transport.h"

namespace warpdrive::hardware {

struct Options {
  /// True while the user accepts devices whose doorbell other processes can ring; asked whenever a
  /// queue is opened. Outlives the devices. nullptr = never.
  const std::atomic<bool>* unsafe_doorbell = nullptr;
  /// spimdev: make a mediated device where none exists (takes root), and remove it after use.
  bool create_mdev = false;
  /// Bytes mapped for each device that does not share our address space: pinned while a queue is
  /// open, counted against RLIMIT_MEMLOCK. At least 4 MiB.
  size_t pool_bytes = 32u << 20;
  int caller_node = -1;  ///< NUMA node to be near to; -1 = that of the calling thread
  std::string sysfs_root = "/sys";
  std::string dev_root = "/dev";
  Syscalls* calls = Syscalls::Kernel();
};

struct Found {
  DeviceDescription description;
  /// nullptr if it cannot be used: `description.why_unusable` says why. Opens nothing before its
  /// first queue.
  std::unique_ptr<Device> device;
  /// Its doorbell is shared: without consent every queue is refused, with kSharedDoorbellRisk.
  bool needs_consent = false;
};

/// All accelerators, usable ones first, the nearest of them first. Reads sysfs; opens nothing.
std::vector<Found> OpenDevices(const Options& options);

/// What devices() and the doctor say of `found` under the given consent; empty = it can be used, as
/// far as looking tells.
Complaint WhyUnusable(const Found& found, bool unsafe_doorbell_allowed);
/// The same, and if it looks usable by opening a queue and closing it again.
Complaint TryToOpen(const Found& found, bool unsafe_doorbell_allowed);

}  // namespace warpdrive::hardware
