// /sys/class/spimdev/<parent> (the WarpDrive RFC's first version, and openEuler's of it) and
// /sys/class/sdmdev/<parent> (its second version). docs/hardware.md has the attributes.
#include <unistd.h>

#include <algorithm>

#include "warpdrive/discovery/access.h"
#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {
namespace {

// dma_flag, in the order in which the RFC's library tests them.
constexpr uint64_t kDmaSingleProcess = 0x01;
constexpr uint64_t kDmaMultiProcess = 0x02;
constexpr uint64_t kDmaSvm = 0x04;
constexpr uint64_t kDmaSvmNoFault = 0x08;
constexpr uint64_t kDmaPhysical = 0x10;

constexpr int kType1 = 1;    // VFIO_TYPE1_IOMMU
constexpr int kType1v2 = 3;  // VFIO_TYPE1v2_IOMMU

// openEuler calls the attribute group spimdev_para, the RFC params.
std::string ParameterGroup(const std::string& parent) {
  const std::string other = parent + "/spimdev_para";
  return Exists(other) ? other : parent + "/params";
}

void ReadDmaMode(DeviceDescription* device, const std::string& group) {
  const auto flags = ReadUnsigned(group + "/dma_flag", UINT32_MAX);
  const auto type = ReadUnsigned(group + "/iommu_type", INT32_MAX);
  if (!flags) {
    Refuse(device, "cannot read a number from " + group + "/dma_flag", kUnknownKernel);
  } else if ((*flags & kDmaSingleProcess) != 0) {
    device->dma = DmaMode::kMapped;
  } else if ((*flags & kDmaPhysical) != 0) {
    Refuse(device,
           "it takes physical addresses (dma_flag 0x10), with which any user could read and write "
           "all memory",
           "boot with the SMMU on");
  } else if ((*flags & (kDmaSvm | kDmaSvmNoFault | kDmaMultiProcess)) != 0) {
    Refuse(device,
           "dma_flag " + std::to_string(*flags) +
               " needs the process bound by an ioctl that no released kernel has",
           "use a kernel with uacce, or bind a virtual function to vfio-pci");
  } else {
    Refuse(device, "dma_flag " + std::to_string(*flags) + " lets it reach no memory",
           kUnknownKernel);
  }
  if (!type) {
    Refuse(device, "cannot read a number from " + group + "/iommu_type", kUnknownKernel);
  } else if (*type != kType1 && *type != kType1v2) {
    Refuse(device,
           "iommu_type " + std::to_string(*type) +
               " is not VFIO's type 1 or type 1 v2: there is no IOMMU between the device "
               "and memory",
           "boot with the IOMMU on");
  } else {
    device->iommu_type = static_cast<int>(*type);
  }
}

struct MdevType {
  std::string path;
  std::string algorithm;  // or a name for all of them
  std::string api;
  std::optional<uint64_t> available;
};

std::vector<MdevType> ReadTypes(const std::string& parent) {
  std::vector<MdevType> types;
  const std::string directory = parent + "/mdev_supported_types";
  for (const std::string& name : ListDirectory(directory)) {
    MdevType type;
    type.path = directory + "/" + name;
    type.algorithm = ReadAttribute(type.path + "/name").value_or("");
    type.api = ReadAttribute(type.path + "/device_api").value_or("");
    type.available = ReadUnsigned(type.path + "/available_instances", UINT32_MAX);
    types.push_back(std::move(type));
  }
  return types;
}

// Types of one parent share its queues; where there is one per algorithm, each names its own.
void ReadTypeFields(DeviceDescription* device, const std::vector<MdevType>& types) {
  const MdevType& first = types.front();
  device->api = first.api;
  device->type_path = first.path;
  device->protocol = ParseApi(first.api).protocol;
  if (ParseApi(first.api).no_iommu) {
    Refuse(device, "its api says that it runs without an IOMMU", "boot with the IOMMU on");
  }
  bool listed = false;
  uint64_t available = 0;
  for (const MdevType& type : types) {
    if (type.api != first.api) {
      Refuse(
          device,
          "its types disagree about the queue protocol: '" + first.api + "' and '" + type.api + "'",
          kUnknownKernel);
    }
    if (IsCompression(type.algorithm)) {
      device->algorithms.push_back(type.algorithm);
      listed = true;
    }
    if (!type.available) {
      Refuse(device, "cannot read a number from " + type.path + "/available_instances",
             kUnknownKernel);
    }
    available = std::max(available, type.available.value_or(0));
  }
  device->available_queues = static_cast<uint32_t>(available);
  // The RFC has one type for all that the engine does, named after the driver.
  if (!listed && first.algorithm.find("zip") != std::string::npos) {
    device->algorithms = DefaultAlgorithms(device->protocol);
  } else if (!listed) {
    for (const MdevType& type : types) device->algorithms.push_back(type.algorithm);
  }
}

constexpr std::string_view kEndOthers =
    "end one of those (fuser -v /dev/vfio/* lists them), or remove mediated devices that nobody "
    "uses";

std::string GroupOf(const std::string& mdev) { return LinkTarget(mdev + "/iommu_group"); }

void CheckMdevs(DeviceDescription* device, const DiscoveryOptions& options) {
  const std::string create = device->type_path + "/create";
  if (device->mdevs.empty()) {
    if (!options.create_mdev || options.calls->Access(create.c_str(), W_OK) != 0) {
      RefuseForNow(device, {"it has no mediated device yet",
                            "as root, write a UUID to " + create +
                                " and give this user the /dev/vfio group that appears"});
    } else if (device->available_queues == 0) {
      RefuseForNow(device, {"no queue is left for a new mediated device", std::string(kEndOthers)});
    }
    return;
  }
  // In the RFC's second version the queue was taken when the mdev was made: what is left does not
  // matter to those that exist.
  if (!device->mdev_is_queue && device->available_queues == 0) {
    RefuseForNow(device,
                 {"no queue is left: other processes hold all of them", std::string(kEndOthers)});
  }
  std::vector<Complaint> complaints;
  for (const std::string& mdev : device->mdevs) {
    const std::string group = GroupOf(mdev);
    const Complaint complaint =
        group.empty() ? Complaint{mdev + " belongs to no IOMMU group", "load the module vfio_mdev"}
                      : WhyNoGroupAccess(options.calls, options.dev_root, group);
    if (complaint.empty()) {
      device->dev_path = options.dev_root + "/vfio/" + group;
      return;
    }
    complaints.push_back(complaint);
  }
  for (const Complaint& complaint : complaints) RefuseForNow(device, complaint);
}

DeviceDescription Describe(const std::string& class_path, const std::string& name,
                           const DiscoveryOptions& options) {
  DeviceDescription device;
  device.name = name;
  device.transport = TransportKind::kSpimdev;
  device.sysfs_path = class_path + "/" + name;
  device.usable = true;
  device.priority = 10;  // every request is copied, and compression only on some kernels
  const std::string parent = device.sysfs_path + "/device";
  const std::string group = ParameterGroup(parent);
  ReadDmaMode(&device, group);
  const auto node = ReadSigned(group + "/node_id");
  device.numa_node = std::max(-1, node ? *node : ReadSigned(parent + "/numa_node").value_or(-1));
  const std::vector<MdevType> types = ReadTypes(parent);
  if (types.empty()) {
    Refuse(&device, parent + "/mdev_supported_types has no type", kUnknownKernel);
    return device;
  }
  ReadTypeFields(&device, types);
  device.mdevs = ListMdevs(parent);
  const uint32_t revision = ReadHex(parent + "/revision").value_or(0);
  device.generation = GenerationOf(revision, device.protocol);
  if (device.protocol == 3) {
    Refuse(&device,
           "api '" + device.api +
               "': no kernel with this interface knows that hardware, so where its "
               "doorbell would be is not known",
           "use a kernel with uacce, or bind a virtual function to vfio-pci");
  }
  // The driver maps the 4 KiB behind the first page: with larger pages that is another place.
  if (device.protocol == 2 && options.page_size != 4096) {
    Refuse(&device,
           "hisi_qm_v2 through this interface needs 4 KiB pages, this kernel's have " +
               std::to_string(options.page_size) + " bytes",
           "use a kernel with 4 KiB pages, or uacce");
  }
  return device;
}

void DiscoverClass(const char* name, bool mdev_is_queue, const DiscoveryOptions& options,
                   std::vector<DeviceDescription>* devices) {
  const std::string path = options.sysfs_root + "/class/" + name;
  for (const std::string& parent : ListDirectory(path)) {
    DeviceDescription device = Describe(path, parent, options);
    device.mdev_is_queue = mdev_is_queue;
    if (!device.type_path.empty()) {
      CheckMdevs(&device, options);
      RefuseForPolicy(&device, options.allow_unsafe_doorbell);
    }
    devices->push_back(std::move(device));
  }
}

}  // namespace

std::vector<std::string> ListMdevs(const std::string& parent) {
  std::vector<std::string> mdevs;
  const std::string types = parent + "/mdev_supported_types";
  for (const std::string& type : ListDirectory(types)) {
    const std::string devices = types + "/" + type + "/devices";
    for (const std::string& uuid : ListDirectory(devices)) {
      if (IsUuid(uuid)) mdevs.push_back(devices + "/" + uuid);
    }
  }
  return mdevs;
}

std::vector<DeviceDescription> DiscoverSpimdev(const DiscoveryOptions& options) {
  std::vector<DeviceDescription> devices;
  DiscoverClass("spimdev", false, options, &devices);
  DiscoverClass("sdmdev", true, options, &devices);
  return devices;
}

}  // namespace warpdrive
