#include "warpdrive/discovery/access.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace warpdrive {

std::string WhyNoAccess(Syscalls* calls, const std::string& node) {
  const int result = calls->Access(node.c_str(), R_OK | W_OK);
  if (result == 0) return {};
  if (result == -ENOENT) {
    return node + " does not exist (udev not run yet, or not passed into this container)";
  }
  if (result == -EACCES || result == -EPERM) {
    return "no permission to read and write " + node +
           ": let a udev rule give it to a group that this user is in";
  }
  return "cannot use " + node + ": " + std::generic_category().message(-result);
}

std::string WhyNoGroupAccess(Syscalls* calls, const std::string& dev_root,
                             const std::string& group) {
  const std::string container = WhyNoAccess(calls, dev_root + "/vfio/vfio");
  if (!container.empty()) return container + " (load the modules vfio and vfio_iommu_type1)";
  return WhyNoAccess(calls, dev_root + "/vfio/" + group);
}

}  // namespace warpdrive
