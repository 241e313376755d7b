#include "addon/machine.h"

#include <uv.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "device/fault_spec.h"
#include "software/codecs/checksum.h"

namespace warpdrive::addon {
namespace {

/// Devices that can be found later. Each place costs a channel some bytes and a comparison per
/// turn.
constexpr size_t kSpareDevices = 4;
constexpr uint64_t kLateMs = 1000;

uint32_t DefaultThreads() {
  if (const char* text = std::getenv("WARPDRIVE_THREADS")) {
    const long wanted = std::strtol(text, nullptr, 10);
    if (wanted >= 1) {
      return static_cast<uint32_t>(std::min<long>(wanted, software::SoftwareDevice::kMaxThreads));
    }
  }
  return std::max(1u, uv_available_parallelism());
}

std::string_view Setting(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? "" : text;
}

}  // namespace

software::SoftwareDevice& Software() {
  static auto* const device = new software::SoftwareDevice(DefaultThreads());
  return *device;
}

Machine& Machine::Instance() {
  static auto* const machine = new Machine;
  return *machine;
}

Machine::Machine() {
  // Consent is given in so many words; src/environment.ts warns of others.
  const bool allow = Setting("WARPDRIVE_ALLOW_UNSAFE_DOORBELL") == "1";
  std::vector<Device*> devices;
  AddTestDevices(&devices);
#if defined(__linux__)
  if (Setting("WARPDRIVE_DEVICES") != "software") {
    hardware::Options options{.unsafe_doorbell = &unsafe_doorbell_};
    // Tests have a tree of their own.
    const std::string root(Setting("WARPDRIVE_TEST_ROOT"));
    options.sysfs_root = root + options.sysfs_root;
    options.dev_root = root + options.dev_root;
    inventory_.emplace(options);
    for (const hardware::Found& found : inventory_->found()) {
      if (found.device) devices.push_back(found.device.get());
    }
  }
#endif
  devices.push_back(&Software());
  RoutingPolicy policy;
  policy.checksum = software::ChecksumFor;
  router_ = std::make_shared<Router>(std::move(devices), policy, kSpareDevices);
  AllowUnsafeDoorbell(allow);
}

void Machine::Look(uint64_t now_ms) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // another thread is at it
  uint64_t due = UINT64_MAX;
  if (!late_.empty()) {
    // As hardware is: not before a second has passed.
    due = now_ms + kLateMs;
    if (due_ms_.load(std::memory_order_relaxed) != 0) AddLateTestDevices();
  }
#if defined(__linux__)
  if (inventory_) {
    for (Device* device : inventory_->LookAgain(now_ms)) router_->Add(device);
    due = std::min(due, inventory_->due_ms());
  }
#endif
  due_ms_.store(due, std::memory_order_relaxed);
}

void Machine::AddLateTestDevices() {
  for (Device* device : std::exchange(late_, {})) router_->Add(device);
}

bool Machine::CanBeNamed(std::string_view name, std::string* refusal) {
  Wish wish = kAnyDevice;
  if (router_->Find(name, &wish)) return true;
  const std::lock_guard lock(mutex_);
  AddLateTestDevices();
#if defined(__linux__)
  if (inventory_) {
    for (Device* device : inventory_->LookNow()) router_->Add(device);
  }
#endif
  if (router_->Find(name, &wish)) return true;
  refusal->clear();
#if defined(__linux__)
  if (!inventory_) return false;
  for (const hardware::Found& found : inventory_->found()) {
    if (found.description.name != name) continue;
    const Complaint complaint = hardware::WhyUnusable(found, router_->unsafe_doorbell_allowed());
    *refusal = found.device ? "it came later, and this process has no place for another device; "
                              "start the process again"
                            : complaint.why + "; " + complaint.advice;
  }
#endif
  return false;
}

void Machine::AllowUnsafeDoorbell(bool allow) {
  unsafe_doorbell_.store(allow, std::memory_order_relaxed);
  router_->AllowUnsafeDoorbell(allow);
}

/// WARPDRIVE_TEST_DEVICES: devices made of software that fail as they are told (fault_spec.h), for
/// tests of failover.
void Machine::AddTestDevices(std::vector<Device*>* devices) {
  std::vector<FaultSpec> specs;
  std::string error;
  if (!ParseFaultSpecs(Setting("WARPDRIVE_TEST_DEVICES"), &specs, &error)) {
    std::fprintf(stderr, "warpdrive-zlib: WARPDRIVE_TEST_DEVICES: %s\n", error.c_str());
    return;
  }
  for (FaultSpec& spec : specs) {
    test_devices_.push_back(std::make_unique<software::SoftwareDevice>(2));
    auto device = std::make_unique<FaultDevice>(test_devices_.back().get(), spec.identity,
                                                std::move(spec.rules));
    (spec.late ? late_ : *devices).push_back(device.get());
    test_devices_.push_back(std::move(device));
  }
}

}  // namespace warpdrive::addon
