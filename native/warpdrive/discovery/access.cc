#include "warpdrive/discovery/access.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace warpdrive {

Complaint WhyNoAccess(Syscalls* calls, const std::string& node) {
  const int result = calls->Access(node.c_str(), R_OK | W_OK);
  if (result == 0) return {};
  if (result == -ENOENT) {
    return {node + " does not exist (udev not run yet, or not passed into this container)",
            "pass it into the container (--device " + node + "), or run udevadm trigger"};
  }
  if (result == -EACCES || result == -EPERM) {
    return {"no permission to read and write " + node,
            "let a udev rule give it to a group that this user is in (docs/hardware.md has the "
            "rule; ls -l " +
                node + " shows whose it is)"};
  }
  return {"cannot use " + node + ": " + std::generic_category().message(-result),
          "look into the kernel log"};
}

Complaint WhyNoGroupAccess(Syscalls* calls, const std::string& dev_root, const std::string& group) {
  Complaint container = WhyNoAccess(calls, dev_root + "/vfio/vfio");
  if (!container.empty()) {
    container.advice += "; load the modules vfio and vfio_iommu_type1";
    return container;
  }
  return WhyNoAccess(calls, dev_root + "/vfio/" + group);
}

}  // namespace warpdrive
