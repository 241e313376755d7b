#include "warpdrive/hardware.h"

#include <algorithm>
#include <utility>

#include "warpdrive/discovery/discovery.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/discovery/sysfs.h"
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
    if constexpr (sizeof(void*) < sizeof(uint64_t)) {
      Refuse(&description, "a 32-bit program cannot ring a doorbell with one store of 64 bits",
             "use a 64-bit Node");
    }
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

Inventory::Inventory(const Options& options)
    : options_(options), found_(OpenDevices(options)), classes_(ListClasses()) {}

std::vector<std::string> Inventory::ListClasses() const {
  std::vector<std::string> names;
  for (const char* name : {"uacce", "spimdev", "sdmdev"}) {
    for (std::string& entry : ListDirectory(options_.sysfs_root + "/class/" + name)) {
      names.push_back(std::move(entry));
    }
  }
  return names;
}

std::vector<Device*> Inventory::LookAgain(uint64_t now_ms) {
  if (due_ms_ == 0) due_ms_ = now_ms + kFirstLookMs;
  if (now_ms < due_ms_) return {};
  std::vector<Device*> usable;
  std::vector<std::string> classes = ListClasses();
  const bool wanting = std::any_of(found_.begin(), found_.end(),
                                   [](const Found& found) { return found.device == nullptr; });
  if (classes != classes_ || wanting) usable = Merge(OpenDevices(options_));
  const bool news = classes != classes_ || !usable.empty();
  classes_ = std::move(classes);
  wait_ms_ = news ? kFirstLookMs : std::min(2 * wait_ms_, kLongestMs);
  due_ms_ = now_ms + wait_ms_;
  return usable;
}

std::vector<Device*> Inventory::LookNow() {
  classes_ = ListClasses();
  return Merge(OpenDevices(options_));
}

std::vector<Device*> Inventory::Merge(std::vector<Found> fresh) {
  // What failed since is the router's to know; its Device may be in use.
  std::erase_if(found_, [](const Found& found) { return found.device == nullptr; });
  std::vector<Device*> usable;
  for (Found& found : fresh) {
    const auto same = [&found](const Found& other) {
      return other.description.name == found.description.name;
    };
    if (std::any_of(found_.begin(), found_.end(), same)) continue;
    if (found.device) usable.push_back(found.device.get());
    found_.push_back(std::move(found));
  }
  return usable;
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
