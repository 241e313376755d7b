// What the kernel's strings and numbers say about a device: queue protocol, generation, algorithms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "warpdrive/transport.h"

namespace warpdrive {

/// The `api` / `device_api` attribute.
struct ApiVersion {
  int protocol = 0;       ///< 1, 2 or 3; 0 = not one that this library speaks
  bool no_iommu = false;  ///< "_noiommu": addresses in descriptors would be physical
};

/// "hisi_qm_v<decimal>", with "_noiommu" behind it from kernels outside mainline. Versions 3, 4 and
/// 5 have the same queue (UADK drives them alike), so all are protocol 3.
ApiVersion ParseApi(std::string_view api);

/// The PCI revision of a ZIP function is its queue manager's version. 0 = unknown revision.
int ProtocolOfRevision(uint32_t revision);

/// For people: "HIP08", "HIP09", "after HIP09". By revision if there is one (0 = none), else by
/// protocol.
std::string GenerationOf(uint32_t revision, int protocol);

inline constexpr uint32_t kHisiliconVendor = 0x19e5;
inline constexpr uint32_t kZipPhysicalFunction = 0xa250;
inline constexpr uint32_t kZipVirtualFunction = 0xa251;

/// Names that a compression device may list, whether this library uses them or not.
bool IsCompression(std::string_view algorithm);
/// zlib, gzip or deflate: what this library can ask for.
bool IsUsable(std::string_view algorithm);
/// What the engine of this protocol always has, where the kernel does not list it.
std::vector<std::string> DefaultAlgorithms(int protocol);

/// Something that is wrong, and what an operator can do about it.
struct Complaint {
  std::string why;  ///< empty = nothing is wrong
  std::string advice;
  bool empty() const { return why.empty(); }
};

/// Adds a reason for not using the device, and what to do. `usable` is false from then on.
void Refuse(DeviceDescription* device, std::string_view why, std::string_view advice);
/// The same for what may change by itself or by an operator's hand while a process runs. With no
/// other reason the device is worth another look later (`for_now`).
void RefuseForNow(DeviceDescription* device, const Complaint& complaint);
/// For errors and logs: why and what to do, in one line. Empty if it is usable.
std::string Explanation(const DeviceDescription& device);

/// What to do where kernel and this library do not understand each other.
inline constexpr std::string_view kUnknownKernel =
    "look into the kernel log; if the driver is sound, this package does not know it yet: report "
    "its version";

/// Reasons that all transports share, from the fields that are filled in: unknown protocol, no
/// algorithm of ours, isolation, a shared doorbell without consent.
void RefuseForPolicy(DeviceDescription* device, bool allow_unsafe_doorbell);

/// What the consent is about, for logs and the doctor.
inline constexpr std::string_view kSharedDoorbellRisk =
    "its doorbell is shared: every process that has a queue of this device can ring this one's "
    "doorbell with any value, stop it or make the whole device reset";
inline constexpr std::string_view kSharedDoorbellAdvice =
    "give allowUnsafeDoorbell or WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1 if all users of the device "
    "trust "
    "each other";

}  // namespace warpdrive
