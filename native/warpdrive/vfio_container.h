// A VFIO container with one group: what opens a device and maps memory for it. Used by spimdev
// (mediated devices) and vfio-pci. Ioctls: the kernel's include/uapi/linux/vfio.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "warpdrive/dma.h"
#include "warpdrive/fd.h"
#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"

namespace warpdrive {

/// Where Map() puts memory in the device's address space.
enum class IovaPolicy : uint8_t {
  kVirtualAddress,  ///< at the address this process has it (spimdev's rule)
  kAllocated,       ///< low, inside what the IOMMU can address: it may have 39 bits, we have 47
};

struct VfioContainerOptions {
  std::string container_path = "/dev/vfio/vfio";
  std::string group_path;  ///< "/dev/vfio/12"
  int iommu_type = 1;      ///< for SET_IOMMU: VFIO_TYPE1_IOMMU unless the parent says otherwise
  IovaPolicy policy = IovaPolicy::kAllocated;
};

/// Mappings belong to the process that made the container: a child made by fork() has the
/// descriptors, and its calls do nothing.
class VfioContainer final : public DmaMapper {
 public:
  /// Opens both nodes, attaches the group, selects the IOMMU. Errors name the node and the remedy.
  static Result<std::unique_ptr<VfioContainer>> Open(const VfioContainerOptions& options,
                                                     Syscalls* calls = Syscalls::Kernel());

  /// `name`: a PCI address ("0000:75:00.1") or an mdev's UUID.
  Result<UniqueFd> OpenDevice(const std::string& name);

  Result<uint64_t> Map(void* address, size_t size) override;
  void Unmap(uint64_t iova, size_t size) override;

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;  ///< exclusive
  };

  VfioContainer(Syscalls* calls, UniqueFd group, UniqueFd container, IovaPolicy policy);
  void ReadIovaRanges();
  uint64_t AllocateIova(uint64_t size);

  Syscalls* calls_;
  pid_t pid_;
  IovaPolicy policy_;
  // The container goes first: that ends its mappings while the group is still ours.
  UniqueFd group_;
  UniqueFd container_;
  std::mutex mutex_;            ///< guards next_; mapping is rare
  std::vector<Range> ranges_;   ///< what the IOMMU can address, ascending
  uint64_t next_ = kFirstIova;  ///< IOVAs are not used twice: there are 2^39 and few arenas

  /// Above what firmware and old devices use below 4 GiB, MSI windows among it.
  static constexpr uint64_t kFirstIova = uint64_t{1} << 32;
  /// What to assume of an IOMMU that does not say: Intel's smallest.
  static constexpr uint64_t kDefaultEnd = uint64_t{1} << 39;
};

}  // namespace warpdrive
