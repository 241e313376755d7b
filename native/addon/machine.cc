#include "addon/machine.h"

#include <uv.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "device/fault_spec.h"
#include "software/codecs/checksum.h"

namespace warpdrive::addon {
namespace {

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
  const std::string_view consent = Setting("WARPDRIVE_ALLOW_UNSAFE_DOORBELL");
  const bool allow = !consent.empty() && consent != "0";
  std::vector<Device*> devices;
  AddTestDevices(&devices);
#if defined(__linux__)
  if (Setting("WARPDRIVE_DEVICES") != "software") {
    found_ = hardware::OpenDevices({.unsafe_doorbell = &unsafe_doorbell_});
    for (const hardware::Found& found : found_) {
      if (found.device) devices.push_back(found.device.get());
    }
  }
#endif
  devices.push_back(&Software());
  RoutingPolicy policy;
  policy.checksum = software::ChecksumFor;
  router_ = std::make_shared<Router>(std::move(devices), policy);
  AllowUnsafeDoorbell(allow);
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
    devices->push_back(device.get());
    test_devices_.push_back(std::move(device));
  }
}

}  // namespace warpdrive::addon
