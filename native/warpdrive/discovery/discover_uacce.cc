// /sys/class/uacce/<name>-<id>: Documentation/ABI/testing/sysfs-driver-uacce of the kernel, and
// what KAE's and openEuler's kernels add to it.
#include <algorithm>

#include "warpdrive/discovery/access.h"
#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {
namespace {

constexpr uint64_t kFlagSva = 1u << 0;
constexpr uint64_t kFlagNoIommu = 1u << 1;
constexpr uint64_t kFlagIommuNoSva = 1u << 7;

// The largest mapping that is believed. The ZIP driver's are 64 KiB (registers) and 256 KiB.
constexpr uint64_t kMaxRegionBytes = 64u << 20;
// A doorbell page of the queue's own (V3 with doorbell isolation), in bytes.
constexpr uint64_t kPrivateMmioBytes = 0x10000;
// Up to the end of the V2 doorbell at 0x1000. Trees from before uacce was merged mapped the
// doorbell's page alone: there it would be at 0.
constexpr uint64_t kMinMmioBytesV2 = 0x1008;
constexpr uint64_t kMinMmioBytesV1 = 0x348;

void ReadDmaMode(DeviceDescription* device, bool no_iommu_api) {
  const std::string path = device->sysfs_path + "/flags";
  const auto flags = ReadUnsigned(path);
  if (!flags) {
    Refuse(device, "cannot read a number from " + path, kUnknownKernel);
  } else if (no_iommu_api || (*flags & kFlagNoIommu) != 0) {
    Refuse(device,
           "it runs without an IOMMU and takes physical addresses, with which any user could read "
           "and write all memory",
           "boot with the SMMU on and load hisi_zip with uacce_mode=1");
  } else if ((*flags & kFlagIommuNoSva) != 0) {
    Refuse(device,
           "it runs without shared virtual addressing, on memory of the kernel's own (SS region), "
           "which this library does not use",
           "enable the SMMU's SVA, or bind a virtual function to vfio-pci");
  } else if ((*flags & kFlagSva) == 0) {
    Refuse(device,
           "it runs without shared virtual addressing (flags " + std::to_string(*flags) + ")",
           "enable the SMMU's SVA, or bind a virtual function to vfio-pci");
  } else {
    device->dma = DmaMode::kSva;
  }
}

// Every process that maps a V1 or V2 register page can ring any queue of the function. Whether a V3
// function gives each queue a page of its own is not published: with 4 KiB pages the region's size
// tells, with 64 KiB pages both are 64 KiB and only the version does.
void ReadDoorbell(DeviceDescription* device) {
  const std::string path = device->sysfs_path + "/region_mmio_size";
  const auto size = ReadUnsigned(path, kMaxRegionBytes);
  const uint64_t minimum = device->protocol == 1 ? kMinMmioBytesV1 : kMinMmioBytesV2;
  if (!size) {
    Refuse(device, "cannot read a size from " + path, kUnknownKernel);
  } else if (*size < minimum) {
    Refuse(device,
           "region_mmio_size " + std::to_string(*size) + " does not reach the doorbell (" +
               std::to_string(minimum) + " bytes): a kernel from before uacce was merged",
           "use a kernel from 5.7 on");
  } else if (device->protocol == 3 && *size == kPrivateMmioBytes) {
    device->doorbell = DoorbellSafety::kPrivate;
  }
}

void ReadDusSize(DeviceDescription* device, size_t page_size) {
  const std::string path = device->sysfs_path + "/region_dus_size";
  const auto size = ReadUnsigned(path, kMaxRegionBytes);
  if (!size) {
    Refuse(device, "cannot read a size from " + path, kUnknownKernel);
  } else if (*size == 0 || *size % page_size != 0) {
    Refuse(device,
           "region_dus_size " + std::to_string(*size) + " is not a number of pages of " +
               std::to_string(page_size) + " bytes",
           kUnknownKernel);
  }
}

void ReadState(DeviceDescription* device) {
  const std::string path = device->sysfs_path;
  // Kernels before 6.3 or so have no such attribute.
  if (Exists(path + "/isolate")) {
    const auto isolate = ReadUnsigned(path + "/isolate", 1);
    if (!isolate) Refuse(device, "cannot read 0 or 1 from " + path + "/isolate", kUnknownKernel);
    device->isolated = isolate.value_or(0) == 1;
  }
  const auto queues = ReadUnsigned(path + "/available_instances", UINT32_MAX);
  if (!queues) {
    Refuse(device, "cannot read a number from " + path + "/available_instances", kUnknownKernel);
  } else if (*queues == 0) {
    RefuseForNow(device, {"no queue is left: other processes hold all of them",
                          "end one of those (fuser -v " + device->dev_path +
                              " lists them), or give the device more queues: hisi_zip's pf_q_num, "
                              "or virtual functions"});
  }
  device->available_queues = static_cast<uint32_t>(queues.value_or(0));
  const int node = ReadSigned(path + "/device/numa_node").value_or(-1);
  device->numa_node = node < -1 ? -1 : node;
}

DeviceDescription Describe(const std::string& name, const DiscoveryOptions& options) {
  DeviceDescription device;
  device.name = name;
  device.transport = TransportKind::kUacce;
  device.sysfs_path = options.sysfs_root + "/class/uacce/" + name;
  device.dev_path = options.dev_root + "/" + name;
  device.usable = true;
  device.priority = 30;  // nothing to map: requests point at the caller's own memory
  device.api = ReadAttribute(device.sysfs_path + "/api").value_or("");
  const ApiVersion version = ParseApi(device.api);
  device.protocol = version.protocol;
  device.generation =
      GenerationOf(ReadHex(device.sysfs_path + "/device/revision").value_or(0), device.protocol);
  device.algorithms = Lines(ReadAttribute(device.sysfs_path + "/algorithms").value_or(""));
  ReadDmaMode(&device, version.no_iommu);
  ReadDoorbell(&device);
  ReadDusSize(&device, options.page_size);
  ReadState(&device);
  RefuseForPolicy(&device, options.allow_unsafe_doorbell);
  const Complaint access = WhyNoAccess(options.calls, device.dev_path);
  if (!access.empty()) RefuseForNow(&device, access);
  return device;
}

}  // namespace

std::vector<DeviceDescription> DiscoverUacce(const DiscoveryOptions& options) {
  std::vector<DeviceDescription> devices;
  for (const std::string& name : ListDirectory(options.sysfs_root + "/class/uacce")) {
    DeviceDescription device = Describe(name, options);
    // Ciphers and public-key engines are in the same class.
    const bool other_kind =
        !device.algorithms.empty() &&
        std::none_of(device.algorithms.begin(), device.algorithms.end(), IsCompression);
    if (!other_kind) devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace warpdrive
