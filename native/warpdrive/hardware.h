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

/// What there is, looked at again from time to time: devices that were busy, not permitted, or not
/// there yet. One thread at a time.
class Inventory {
 public:
  static constexpr uint64_t kFirstLookMs = 1000;
  static constexpr uint64_t kLongestMs = 60'000;

  explicit Inventory(const Options& options);

  /// Devices in order of preference, those that came later behind; one that has a Device keeps it.
  const std::vector<Found>& found() const { return found_; }
  /// Looks again if that is due: a second after the first look, then each time twice as long after
  /// the last, up to a minute; after news in a second again. Costs some listings of directories,
  /// and the whole discovery only if something cannot be used or their entries changed. `now_ms`:
  /// any clock that does not go back. @return devices that can be used from now on
  std::vector<Device*> LookAgain(uint64_t now_ms);
  /// The same at once, whatever is due: somebody asks for a device by name.
  std::vector<Device*> LookNow();
  /// Of the same clock.
  uint64_t due_ms() const { return due_ms_; }

 private:
  std::vector<std::string> ListClasses() const;
  std::vector<Device*> Merge(std::vector<Found> fresh);

  const Options options_;
  std::vector<Found> found_;
  std::vector<std::string> classes_;  ///< what the kernel's classes listed at the last look
  uint64_t due_ms_ = 0;               ///< 0: the clock was not seen yet
  uint64_t wait_ms_ = kFirstLookMs;
};

/// What devices() and the doctor say of `found` under the given consent; empty = it can be used, as
/// far as looking tells.
Complaint WhyUnusable(const Found& found, bool unsafe_doorbell_allowed);
/// The same, and if it looks usable by opening a queue and closing it again.
Complaint TryToOpen(const Found& found, bool unsafe_doorbell_allowed);

}  // namespace warpdrive::hardware
