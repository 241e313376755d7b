#include "warpdrive/hardware.h"

#include <algorithm>
#include <utility>

#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/hisilicon/zip_device.h"
#include "warpdrive/transports/spimdev.h"
#include "warpdrive/transports/uacce.h"
#include "warpdrive/transports/vfio_pci.h"

namespace warpdrive::hardware {
namespace {

constexpr size_t kMinPoolBytes = 4u << 20;

std::unique_ptr<Transport> MakeTransport(const DeviceDescription& description,
                                         const Options& options) {
  const size_t pool_bytes = std::max(options.pool_bytes, kMinPoolBytes);
  if (description.transport == TransportKind::kVfioPci) {
    return MakeVfioPci(description, {.container_path = options.dev_root + "/vfio/vfio",
                                     .arena_bytes = pool_bytes,
                                     .calls = options.calls});
  }
  TransportOptions transport;
  transport.unsafe_doorbell = options.unsafe_doorbell;
  transport.create_mdev = options.create_mdev;
  transport.mapped_pool_bytes = pool_bytes;
  transport.dev_root = options.dev_root;
  transport.calls = options.calls;
  return description.transport == TransportKind::kUacce ? MakeUacce(description, transport)
                                                        : MakeSpimdev(description, transport);
}

std::string AdviceFor(ErrorCode code, const DeviceDescription& description) {
  const std::string& node = description.dev_path;
  switch (code) {
    case ErrorCode::kBusy:
      return "another process has it, or it is being reset: fuser -v " + node +
             " lists its users; end one of them, give each process a device of its own, or wait "
             "(it is tried again)";
    case ErrorCode::kGone:
      return "it was removed or reset: look into the kernel log; if it comes back it is tried "
             "again";
    case ErrorCode::kPermission:
      return "let a udev rule give " + node +
             " to a group that this user is in (docs/hardware.md "
             "has the rule)";
    case ErrorCode::kMemoryLimit:
      return "raise the limit of locked memory (ulimit -l; LimitMEMLOCK= of a systemd unit; "
             "--ulimit memlock= of a container)";
    case ErrorCode::kUnsupported:
    case ErrorCode::kProtocol:
    case ErrorCode::kSystem:
      break;
  }
  return std::string(kUnknownKernel);
}

}  // namespace

std::vector<Found> OpenDevices(const Options& options) {
  DiscoveryOptions discovery;
  discovery.sysfs_root = options.sysfs_root;
  discovery.dev_root = options.dev_root;
  // Consent may come and go while the process runs: the transports ask for it.
  discovery.allow_unsafe_doorbell = true;
  discovery.create_mdev = options.create_mdev;
  discovery.caller_node = options.caller_node;
  discovery.calls = options.calls;
  std::vector<Found> all;
  for (DeviceDescription& description : Discover(discovery)) {
    Found found;
    found.needs_consent = description.doorbell == DoorbellSafety::kShared;
    if (description.usable) {
      found.device = std::make_unique<hisilicon::ZipDevice>(MakeTransport(description, options));
    }
    found.description = std::move(description);
    all.push_back(std::move(found));
  }
  return all;
}

Complaint WhyUnusable(const Found& found, bool unsafe_doorbell_allowed) {
  if (!found.description.usable) return {found.description.why_unusable, found.description.advice};
  if (!found.needs_consent || unsafe_doorbell_allowed) return {};
  return {std::string(kSharedDoorbellRisk), std::string(kSharedDoorbellAdvice)};
}

Complaint TryToOpen(const Found& found, bool unsafe_doorbell_allowed) {
  Complaint complaint = WhyUnusable(found, unsafe_doorbell_allowed);
  if (!complaint.empty() || !found.device) return complaint;
  auto& device = static_cast<hisilicon::ZipDevice&>(*found.device);
  const auto queue = device.transport().OpenQueue(Direction::kCompress);
  if (queue) return {};
  return {queue.error().message, AdviceFor(queue.error().code, found.description)};
}

}  // namespace warpdrive::hardware
