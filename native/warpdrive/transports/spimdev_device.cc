#include "warpdrive/transports/spimdev_device.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {
namespace {

/// RFC 9562 §5.4: random, version 4.
std::string RandomUuid() {
  std::array<uint8_t, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

/// The node of a new group is made by udev, some milliseconds later.
bool WaitForNode(Syscalls* calls, const std::string& node) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (calls->Access(node.c_str(), F_OK) == 0) return true;
    calls->SleepMicroseconds(10000);
  }
  return false;
}

std::string GroupNode(const std::string& mdev, const TransportOptions& options) {
  const std::string group = LinkTarget(mdev + "/iommu_group");
  return group.empty() ? std::string() : options.dev_root + "/vfio/" + group;
}

/// @return the new device's sysfs directory
Result<std::string> CreateMdev(const DeviceDescription& description,
                               const TransportOptions& options) {
  const std::string create = description.type_path + "/create";
  const std::string uuid = RandomUuid();
  if (uuid.empty()) return SystemError(errno, "no random numbers for a UUID");
  if (const int error = options.calls->WriteAttribute(create.c_str(), uuid); error < 0) {
    Error result = SystemError(-error, "cannot make a mediated device with " + create);
    if (error == -ENODEV || error == -ENOSPC) {
      result.code = ErrorCode::kBusy;
      result.message += "; no queue is free";
    }
    return result;
  }
  return description.type_path + "/devices/" + uuid;
}

Result<std::shared_ptr<SpimdevDevice>> OpenMdev(const std::string& path,
                                                const DeviceDescription& description,
                                                const TransportOptions& options) {
  const std::string group = GroupNode(path, options);
  if (group.empty()) {
    return Error{ErrorCode::kGone, 0, path + " belongs to no IOMMU group, or was removed"};
  }
  auto device = std::make_shared<SpimdevDevice>();
  device->mdev_path = path;
  // The RFC's rule is iova = address: the domain is the parent's own, which its kernel driver uses
  // as well, and what the process has at an address is what it may give away.
  Result<std::unique_ptr<VfioContainer>> container =
      VfioContainer::Open({.container_path = options.dev_root + "/vfio/vfio",
                           .group_path = group,
                           .iommu_type = description.iommu_type,
                           .policy = IovaPolicy::kVirtualAddress},
                          options.calls);
  if (!container) return container.error();
  device->container = container.Take();
  const std::string uuid = path.substr(path.rfind('/') + 1);
  Result<UniqueFd> mdev = device->container->OpenDevice(uuid);
  if (!mdev) {
    Error error = mdev.error();
    if (error.code == ErrorCode::kBusy) {
      error.message +=
          "; another process uses the accelerator (one at a time can: without shared "
          "addressing all its queues see the same memory)";
    }
    return error;
  }
  device->mdev = mdev.Take();
  Result<std::unique_ptr<DmaPool>> pool =
      DmaPool::Create(device->container.get(), options.mapped_pool_bytes, options.calls);
  if (!pool) return pool.error();
  device->pool = pool.Take();
  return device;
}

}  // namespace

CreatedMdev::~CreatedMdev() {
  if (path_.empty() || ProcessId() != pid_) return;
  // If it fails, an unused mediated device is left: the next process finds and uses it.
  static_cast<void>(calls_->WriteAttribute((path_ + "/remove").c_str(), "1"));
}

Result<std::shared_ptr<SpimdevDevice>> OpenSpimdevDevice(const DeviceDescription& description,
                                                         const TransportOptions& options) {
  Error last{ErrorCode::kUnsupported, 0,
             "it has no mediated device, and making one was not asked for"};
  // Not those of the time of discovery: they come and go.
  const std::vector<std::string> mdevs = ListMdevs(description.sysfs_path + "/device");
  for (const std::string& path : mdevs) {
    Result<std::shared_ptr<SpimdevDevice>> device = OpenMdev(path, description, options);
    if (device) return device;
    last = device.error();
  }
  // Those of others are theirs: a new one on an accelerator in use would be refused all the same.
  if (!mdevs.empty() || !options.create_mdev) return last;

  Result<std::string> path = CreateMdev(description, options);
  if (!path) return path.error();
  CreatedMdev created(options.calls, path.value());
  const std::string node = GroupNode(path.value(), options);
  if (node.empty() || !WaitForNode(options.calls, node)) {
    return Error{ErrorCode::kGone, 0,
                 "the new mediated device " + path.value() + " got no VFIO group node"};
  }
  Result<std::shared_ptr<SpimdevDevice>> device = OpenMdev(path.value(), description, options);
  if (device) device.value()->created = std::move(created);
  return device;
}

}  // namespace warpdrive
