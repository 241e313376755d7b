// Which accelerators this machine has, how they are reached, and if one cannot be used, why.
#pragma once

#include <string>
#include <vector>

#include "warpdrive/syscalls.h"
#include "warpdrive/transport.h"

namespace warpdrive {

struct DiscoveryOptions {
  std::string sysfs_root = "/sys";
  std::string dev_root = "/dev";
  /// The user accepts devices whose doorbell other processes can ring.
  bool allow_unsafe_doorbell = false;
  /// A spimdev parent without an mdev counts as usable if this process may create one.
  bool create_mdev = false;
  /// NUMA node of the caller; -1 = ask the kernel on which the calling thread runs.
  int caller_node = -1;
  size_t page_size = 0;                  ///< bytes; 0 = ask the kernel
  Syscalls* calls = Syscalls::Kernel();  ///< for access checks
};

/// Every compression accelerator found, usable ones first, the nearest first among them: by NUMA
/// distance from the caller, then priority, then queues left, then name. Reads sysfs (some
/// milliseconds); opens no device. Safe on any tree: what cannot be parsed makes a device unusable
/// and is named in `why_unusable`.
std::vector<DeviceDescription> Discover(const DiscoveryOptions& options);

/// The parts, unordered; options as Discover() completed them.
std::vector<DeviceDescription> DiscoverUacce(const DiscoveryOptions& options);
std::vector<DeviceDescription> DiscoverSpimdev(const DiscoveryOptions& options);
/// ZIP functions bound to vfio-pci; and those that nothing in `others` (devices found so far)
/// covers and that could be made usable, with what to do in `why_unusable`.
std::vector<DeviceDescription> DiscoverVfioPci(const DiscoveryOptions& options,
                                               const std::vector<DeviceDescription>& others);

/// Directories of the mediated devices of a spimdev parent, in the order of types and UUIDs.
std::vector<std::string> ListMdevs(const std::string& parent);

}  // namespace warpdrive
