#include "warpdrive/vfio_container.h"

#include <fcntl.h>
#include <linux/vfio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "warpdrive/process_id.h"

namespace warpdrive {
namespace {

Error OpenError(int error, const std::string& path) {
  Error result = SystemError(error, "cannot open " + path);
  switch (error) {
    case ENOENT:
      result.message += "; is the device bound to a VFIO driver, and the module vfio loaded?";
      break;
    case EACCES:
    case EPERM:
      result.message += "; give this user read and write permission on it (a udev rule, or chown)";
      break;
    case EBUSY:
      result.message += "; another process uses the group";
      break;
    default:
      break;
  }
  return result;
}

Outcome CheckGroup(Syscalls* calls, int group, const std::string& path) {
  vfio_group_status status{};
  status.argsz = sizeof(status);
  if (const int error = calls->Ioctl(group, VFIO_GROUP_GET_STATUS, &status); error < 0) {
    return SystemError(-error, "cannot read the state of " + path);
  }
  if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0) {
    return Error{ErrorCode::kUnsupported, 0,
                 path +
                     " is not viable: bind every device of the IOMMU group to vfio-pci or to "
                     "no driver"};
  }
  return {};
}

Outcome SelectIommu(Syscalls* calls, int container, int type) {
  const int version = calls->IoctlValue(container, VFIO_GET_API_VERSION, 0);
  if (version != VFIO_API_VERSION) {
    return Error{ErrorCode::kUnsupported, version < 0 ? -version : 0,
                 "VFIO API version " + std::to_string(version) + ", this library speaks " +
                     std::to_string(VFIO_API_VERSION)};
  }
  if (calls->IoctlValue(container, VFIO_CHECK_EXTENSION, static_cast<unsigned long>(type)) <= 0) {
    return Error{ErrorCode::kUnsupported, 0,
                 "this kernel's VFIO has no IOMMU type " + std::to_string(type) +
                     "; load the module vfio_iommu_type1"};
  }
  return {};
}

}  // namespace

VfioContainer::VfioContainer(Syscalls* calls, UniqueFd group, UniqueFd container, IovaPolicy policy)
    : calls_(calls),
      pid_(ProcessId()),
      policy_(policy),
      group_(std::move(group)),
      container_(std::move(container)) {}

Result<std::unique_ptr<VfioContainer>> VfioContainer::Open(const VfioContainerOptions& options,
                                                           Syscalls* calls) {
  const int group_fd = calls->Open(options.group_path.c_str(), O_RDWR);
  if (group_fd < 0) return OpenError(-group_fd, options.group_path);
  UniqueFd group(group_fd, calls);
  const int container_fd = calls->Open(options.container_path.c_str(), O_RDWR);
  if (container_fd < 0) return OpenError(-container_fd, options.container_path);
  UniqueFd container(container_fd, calls);

  if (Outcome outcome = SelectIommu(calls, container_fd, options.iommu_type); !outcome) {
    return outcome.error();
  }
  if (Outcome outcome = CheckGroup(calls, group_fd, options.group_path); !outcome) {
    return outcome.error();
  }
  int32_t argument = container_fd;
  if (const int error = calls->Ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &argument); error < 0) {
    return SystemError(-error, "cannot attach " + options.group_path + " to a container");
  }
  const auto type = static_cast<unsigned long>(options.iommu_type);
  if (const int error = calls->IoctlValue(container_fd, VFIO_SET_IOMMU, type); error < 0) {
    return SystemError(-error, "cannot select IOMMU type " + std::to_string(options.iommu_type) +
                                   " for " + options.group_path);
  }
  std::unique_ptr<VfioContainer> result(
      new VfioContainer(calls, std::move(group), std::move(container), options.policy));
  if (options.policy == IovaPolicy::kAllocated) result->ReadIovaRanges();
  return result;
}

Result<UniqueFd> VfioContainer::OpenDevice(const std::string& name) {
  std::string argument = name;  // the kernel takes char*, and only reads
  const int fd = calls_->Ioctl(group_.get(), VFIO_GROUP_GET_DEVICE_FD, argument.data());
  if (fd < 0) return SystemError(-fd, "cannot open the VFIO device " + name);
  // O_CLOEXEC is set by the kernel (drivers/vfio/group.c, vfio_device_open_file's callers).
  return UniqueFd(fd, calls_);
}

// The capability VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, since Linux 5.4. The kernel's answer is
// parsed as if it were a device's: offsets are checked.
void VfioContainer::ReadIovaRanges() {
  ranges_ = {{kFirstIova, kDefaultEnd}};
  vfio_iommu_type1_info head{};
  head.argsz = sizeof(head);
  if (calls_->Ioctl(container_.get(), VFIO_IOMMU_GET_INFO, &head) < 0) return;
  if (head.argsz <= sizeof(head) || head.argsz > 1u << 20) return;
  std::vector<uint8_t> info(head.argsz);
  std::memcpy(info.data(), &head, sizeof(head));
  if (calls_->Ioctl(container_.get(), VFIO_IOMMU_GET_INFO, info.data()) < 0) return;
  std::memcpy(&head, info.data(), sizeof(head));
  if ((head.flags & VFIO_IOMMU_INFO_CAPS) == 0) return;

  size_t at = head.cap_offset;
  for (int caps = 0; caps < 32 && at >= sizeof(head); ++caps) {
    vfio_info_cap_header cap{};
    if (at + sizeof(cap) > info.size()) return;
    std::memcpy(&cap, info.data() + at, sizeof(cap));
    if (cap.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
      vfio_iommu_type1_info_cap_iova_range list{};
      if (at + sizeof(list) > info.size()) return;
      std::memcpy(&list, info.data() + at, sizeof(list));
      std::vector<Range> ranges;
      for (size_t i = 0; i < list.nr_iovas; ++i) {
        vfio_iova_range range{};
        const size_t offset = at + sizeof(list) + i * sizeof(range);
        if (offset + sizeof(range) > info.size()) break;
        std::memcpy(&range, info.data() + offset, sizeof(range));
        if (range.end > range.start) ranges.push_back({range.start, range.end + 1});
      }
      if (!ranges.empty()) ranges_ = std::move(ranges);
      return;
    }
    at = cap.next;
  }
}

uint64_t VfioContainer::AllocateIova(uint64_t size) {
  // 2 MiB apart: lets the IOMMU use large pages where the memory has them.
  constexpr uint64_t kAlign = 2u << 20;
  const std::lock_guard lock(mutex_);
  for (const Range& range : ranges_) {
    const uint64_t begin = (std::max(range.begin, next_) + kAlign - 1) & ~(kAlign - 1);
    // Below the range: rounded up beyond 2^64.
    if (begin < range.begin || begin >= range.end || size > range.end - begin) continue;
    next_ = begin + size;
    return begin;
  }
  return 0;
}

Result<uint64_t> VfioContainer::Map(void* address, size_t size) {
  if (ProcessId() != pid_) {
    return Error{ErrorCode::kGone, 0, "the VFIO container was opened before fork()"};
  }
  vfio_iommu_type1_dma_map map{};
  map.argsz = sizeof(map);
  map.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
  map.vaddr = reinterpret_cast<uintptr_t>(address);
  map.iova = policy_ == IovaPolicy::kVirtualAddress ? map.vaddr : AllocateIova(size);
  map.size = size;
  if (map.iova == 0) {
    return Error{ErrorCode::kMemoryLimit, 0,
                 "the IOMMU has no room for " + std::to_string(size) + " bytes of addresses"};
  }
  if (const int error = calls_->Ioctl(container_.get(), VFIO_IOMMU_MAP_DMA, &map); error < 0) {
    return SystemError(-error, "cannot map " + std::to_string(size) + " bytes for DMA");
  }
  return static_cast<uint64_t>(map.iova);
}

void VfioContainer::Unmap(uint64_t iova, size_t size) {
  // In a child this would take the parent's memory away from the device.
  if (ProcessId() != pid_) return;
  vfio_iommu_type1_dma_unmap unmap{};
  unmap.argsz = sizeof(unmap);
  unmap.iova = iova;
  unmap.size = size;
  // Closing the container unmaps whatever this could not.
  static_cast<void>(calls_->Ioctl(container_.get(), VFIO_IOMMU_UNMAP_DMA, &unmap));
}

}  // namespace warpdrive
