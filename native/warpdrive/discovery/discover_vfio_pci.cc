// ZIP functions on PCI (19e5:a250, 19e5:a251) that are bound to vfio-pci, and what keeps the others
// from being used.
#include <algorithm>

#include "warpdrive/discovery/access.h"
#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {
namespace {

bool IsVfioDriver(std::string_view driver) {
  return driver == "vfio-pci" || driver == "hisi_acc_vfio_pci" || driver == "hisi-acc-vfio-pci";
}

// Drivers that leave a group viable (the kernel's vfio_dev_viable()).
bool IsHarmlessDriver(std::string_view driver) {
  return driver.empty() || IsVfioDriver(driver) || driver == "pci-stub" || driver == "pcieport";
}

// All functions of a group go to one user together, so VFIO gives it out only whole.
void CheckGroup(DeviceDescription* device, const std::string& function,
                const DiscoveryOptions& options) {
  const std::string group = LinkTarget(function + "/iommu_group");
  if (group.empty()) {
    Refuse(device, "it is in no IOMMU group",
           "boot with the IOMMU on (no-IOMMU mode is not used: the device could reach all memory)");
    return;
  }
  if (ReadAttribute(function + "/iommu_group/name").value_or("") == "vfio-noiommu") {
    Refuse(
        device,
        "its group has no IOMMU (vfio's unsafe no-IOMMU mode): the device could reach all memory",
        "boot with the IOMMU on");
    return;
  }
  device->dev_path = options.dev_root + "/vfio/" + group;
  const std::string members = function + "/iommu_group/devices";
  for (const std::string& member : ListDirectory(members)) {
    const std::string driver = LinkTarget(members + "/" + member + "/driver");
    if (!IsHarmlessDriver(driver)) {
      RefuseForNow(device, {"its IOMMU group " + group + " is not viable: " + member +
                                " is bound to " + driver,
                            "bind it to vfio-pci or to no driver"});
    }
  }
  const Complaint access = WhyNoGroupAccess(options.calls, options.dev_root, group);
  if (!access.empty()) RefuseForNow(device, access);
}

DeviceDescription Describe(const std::string& name, const std::string& function,
                           uint32_t device_id) {
  DeviceDescription device;
  device.name = name;
  device.transport = TransportKind::kVfioPci;
  device.sysfs_path = function;
  device.usable = true;
  device.priority = 20;  // mapped memory, but queues and doorbells that are all ours
  device.doorbell = DoorbellSafety::kPrivate;
  device.dma = DmaMode::kMapped;
  device.numa_node = std::max(-1, ReadSigned(function + "/numa_node").value_or(-1));
  const auto revision = ReadHex(function + "/revision");
  device.protocol = ProtocolOfRevision(revision.value_or(0));
  device.generation = GenerationOf(revision.value_or(0), device.protocol);
  device.api = device.protocol == 0 ? "revision " + (revision ? std::to_string(*revision) : "?")
                                    : "hisi_qm_v" + std::to_string(device.protocol);
  device.algorithms = DefaultAlgorithms(device.protocol);
  if (device.protocol == 0) {
    Refuse(&device, "its PCI revision is none of 0x20, 0x21, 0x30, 0x50, 0x51", kUnknownKernel);
  }
  if (device_id == kZipPhysicalFunction) {
    Refuse(&device,
           "it is the physical function, whose bring-up needs the kernel's hisi_zip driver",
           "bind that, write a number to sriov_numvfs, and bind a virtual function to vfio-pci");
  }
  return device;
}

// For functions that no transport reaches: the way to one.
Complaint HowToReach(const std::string& driver, bool physical) {
  if (driver == "hisi_zip" && physical) {
    return {"it is bound to hisi_zip without uacce, for the kernel's own use",
            "load hisi_zip with uacce_mode=1 (needs SVA), or write a number to sriov_numvfs and "
            "bind a virtual function to vfio-pci"};
  }
  const std::string rebind =
      physical ? "load the module hisi_zip" : "bind it to vfio-pci (driver_override)";
  if (driver.empty()) return {"no driver is bound to it", rebind};
  return {driver == "hisi_zip"
              ? "it is bound to hisi_zip, for the kernel's own use"
              : "it is bound to " + driver + ", which gives no queues to user space",
          "unbind it from " + driver + " and " + rebind};
}

// Whether a uacce or spimdev device is this function's.
bool IsCovered(const std::string& function, const std::vector<DeviceDescription>& others) {
  const std::string real = RealPath(function);
  return std::any_of(others.begin(), others.end(), [&](const DeviceDescription& other) {
    return RealPath(other.sysfs_path + "/device") == real;
  });
}

}  // namespace

std::vector<DeviceDescription> DiscoverVfioPci(const DiscoveryOptions& options,
                                               const std::vector<DeviceDescription>& others) {
  std::vector<DeviceDescription> devices;
  const std::string bus = options.sysfs_root + "/bus/pci/devices";
  for (const std::string& name : ListDirectory(bus)) {
    const std::string function = bus + "/" + name;
    const uint32_t device_id = ReadHex(function + "/device").value_or(0);
    if (ReadHex(function + "/vendor").value_or(0) != kHisiliconVendor ||
        (device_id != kZipPhysicalFunction && device_id != kZipVirtualFunction)) {
      continue;
    }
    const std::string driver = LinkTarget(function + "/driver");
    if (!IsVfioDriver(driver) && IsCovered(function, others)) continue;
    DeviceDescription device = Describe(name, function, device_id);
    if (IsVfioDriver(driver)) {
      CheckGroup(&device, function, options);
      RefuseForPolicy(&device, options.allow_unsafe_doorbell);
    } else {
      // What comes first is what has to be done first.
      device.why_unusable.clear();
      device.advice.clear();
      const Complaint complaint = HowToReach(driver, device_id == kZipPhysicalFunction);
      Refuse(&device, complaint.why, complaint.advice);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace warpdrive
