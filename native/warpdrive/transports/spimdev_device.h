// One mediated device, opened: what all its queues share.
#pragma once

#include <memory>
#include <string>

#include "warpdrive/fd.h"
#include "warpdrive/transports/transport_options.h"
#include "warpdrive/vfio_container.h"

namespace warpdrive {

/// Removes a mediated device that this process made, when it goes.
class CreatedMdev {
 public:
  CreatedMdev() = default;
  CreatedMdev(Syscalls* calls, std::string path)
      : calls_(calls), path_(std::move(path)), pid_(ProcessId()) {}
  CreatedMdev(CreatedMdev&& other) noexcept { *this = std::move(other); }
  CreatedMdev& operator=(CreatedMdev&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(path_, other.path_);
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~CreatedMdev();

 private:
  Syscalls* calls_ = nullptr;
  std::string path_;  ///< its sysfs directory; empty = none
  pid_t pid_ = 0;
};

/// Members are destroyed in the order that teardown needs: the pool unmaps, then the device, the
/// container and the group are closed, then the mdev is removed. Queues hold a reference: theirs
/// are closed before.
struct SpimdevDevice {
  CreatedMdev created;
  std::unique_ptr<VfioContainer> container;
  UniqueFd mdev;
  std::unique_ptr<DmaPool> pool;
  std::string mdev_path;  ///< in sysfs

  // Guarded by the transport's gate.
  unsigned long get_queue = 0;  ///< the GET_Q that this kernel knows; 0 = not tried yet
  int queues = 0;               ///< open ones
  bool mdev_used = false;       ///< sdmdev: the only queue was handed out
  bool number_unknown = false;  ///< an open queue's number was assumed
};

/// Tries the mdevs that the parent has now in turn; makes one if there is none and `options` say
/// so.
Result<std::shared_ptr<SpimdevDevice>> OpenSpimdevDevice(const DeviceDescription& description,
                                                         const TransportOptions& options);

}  // namespace warpdrive
