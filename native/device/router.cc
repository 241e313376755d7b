#include "device/router.h"

#include <algorithm>

namespace warpdrive {
namespace {

// What is believed before anything was measured. Hardware: published for the ZIP engine, 8 KiB one
// at a time in 15 us. Software: level 6 at some 100 MB/s.
constexpr uint64_t kHardwareFixedNs = 20'000;
constexpr uint64_t kHardwareNsPerKib = 1'000;
constexpr uint64_t kSoftwareFixedNs = 5'000;
constexpr uint64_t kSoftwareNsPerKib = 10'000;

// The other side has to be a fifth faster before streams change over: bytes change with them.
constexpr uint64_t kFasterNumerator = 4;
constexpr uint64_t kFasterDenominator = 5;

// Every so-manieth stream goes to the slower side if that is not much slower: what it took there
// long ago need not be true any more.
constexpr uint32_t kMeasureEvery = 64;
constexpr uint64_t kMuchSlower = 4;

bool LevelAllows(const StreamNeeds& needs) {
  // This hardware has one ratio, worse than that of zlib's level 1. Levels above 3 are asked for
  // to save space, and level 0 stores.
  return needs.operation == Operation::kDecompress || needs.default_level ||
         (needs.params.level >= 1 && needs.params.level <= 3);
}

/// Bytes before which `plan` cuts no stream.
uint32_t FirstCut(const StreamPlan& plan) {
  return plan.first_block == 0 ? plan.block_size : std::min(plan.first_block, plan.block_size);
}

Request ProbeOf(const StreamNeeds& needs) {
  return {.operation = needs.operation,
          .flush = needs.flush,
          .params = needs.params,
          .input_size = needs.size,
          .history_size = needs.history_size};
}

}  // namespace

const char* NameOf(Reason reason) {
  static constexpr std::array<const char*, kReasons> kNames = {
      "no-device",          "named",           "faster",
      "measured",           "below-threshold", "level-policy",
      "unsupported-option", "queue-full",      "unsafe-doorbell",
      "quarantined",        "device-error",    "too-long"};
  return kNames[static_cast<size_t>(reason)];
}

RoutedDevice::RoutedDevice(Device* the_device, const HealthPolicy* policy, bool is_home)
    : device(the_device),
      info(the_device != nullptr ? the_device->Info() : DeviceInfo{}),
      present(the_device != nullptr),
      health(policy),
      cost(is_home ? kSoftwareFixedNs : kHardwareFixedNs,
           is_home ? kSoftwareNsPerKib : kHardwareNsPerKib) {}

Router::Router(std::vector<Device*> devices, const RoutingPolicy& policy, size_t spare)
    : policy_(policy), timeout_ms_(policy.timeout_ms) {
  devices.insert(devices.end() - 1, spare, nullptr);
  for (Device* device : devices) {
    const bool is_home = devices_.size() + 1 == devices.size();
    devices_.push_back(std::make_unique<RoutedDevice>(device, &policy_.health, is_home));
    if (device == nullptr) continue;
    AssignKind(*devices_.back());
    if (!is_home) hardware_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Router::AssignKind(RoutedDevice& added) {
  // Its own place, or that of the first of its kind.
  for (const auto& other : devices_) {
    if (other.get() == &added || (other->present.load() && other->info.kind == added.info.kind)) {
      return;
    }
    ++added.kind;
  }
}

bool Router::Add(Device* device) {
  const std::lock_guard lock(mutex_);
  for (const auto& place : devices_) {
    if (place->present.load(std::memory_order_relaxed)) continue;
    place->device = device;
    place->info = device->Info();
    AssignKind(*place);
    const bool allowed =
        !allowed_names_ || std::find(allowed_names_->begin(), allowed_names_->end(),
                                     place->info.name) != allowed_names_->end();
    place->allowed.store(allowed, std::memory_order_relaxed);
    place->present.store(true, std::memory_order_release);
    hardware_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

Reason Router::WhyNot(const RoutedDevice& device, const StreamNeeds& needs) const {
  if (!device.present.load(std::memory_order_acquire)) return Reason::kNoDevice;
  if (!device.allowed.load(std::memory_order_relaxed)) return Reason::kNoDevice;
  if (device.info.shared_doorbell && !unsafe_doorbell_allowed()) return Reason::kUnsafeDoorbell;
  if (!device.device->Supports(ProbeOf(needs))) return Reason::kUnsupportedOption;
  // It came after the stream began: a block as large as this is not among those that it gives, or
  // even takes.
  if (needs.gathered != 0 &&
      needs.gathered > FirstCut(device.device->PlanCompression(needs.params))) {
    return Reason::kNoDevice;
  }
  return Reason::kFaster;
}

Reason Router::Weigh(RoutedDevice& device, const StreamNeeds& needs, bool* to_hardware) {
  const int64_t threshold = threshold_.load(std::memory_order_relaxed);
  if (threshold != kMeasuredThreshold) {
    *to_hardware = needs.size >= threshold;
    return *to_hardware ? Reason::kFaster : Reason::kBelowThreshold;
  }
  const uint64_t here = device.cost.Estimate(needs.operation, needs.size);
  const uint64_t home = at(this->home()).cost.Estimate(needs.operation, needs.size);
  auto& preferred =
      device.preferred[static_cast<size_t>(needs.operation)][CostTable::ClassOf(needs.size)];
  bool hardware = preferred.load(std::memory_order_relaxed);
  const uint64_t current = hardware ? here : home;
  const uint64_t other = hardware ? home : here;
  if (other < current / kFasterDenominator * kFasterNumerator) {
    hardware = !hardware;
    preferred.store(hardware, std::memory_order_relaxed);
  }
  const bool near = std::max(here, home) < kMuchSlower * std::min(here, home);
  if (near && decisions_.fetch_add(1, std::memory_order_relaxed) % kMeasureEvery == 63) {
    *to_hardware = !hardware;
    return Reason::kMeasured;
  }
  *to_hardware = hardware;
  return hardware ? Reason::kFaster : Reason::kBelowThreshold;
}

Route Router::Decide(const StreamNeeds& needs) {
  if (!has_hardware()) return {};
  const Wish wish =
      needs.wish == kAnyDevice ? default_.load(std::memory_order_relaxed) : needs.wish;
  if (wish == static_cast<Wish>(home())) return {.reason = Reason::kNamed};
  const bool named = wish != kAnyDevice;
  if (!named && !LevelAllows(needs)) return {.reason = Reason::kLevelPolicy};

  std::vector<uint16_t> fit;
  Reason reason = Reason::kNoDevice;
  for (uint16_t i = 0; i < home(); ++i) {
    if (wish >= 0 && wish != i) continue;
    const Reason why = WhyNot(at(i), needs);
    if (why == Reason::kFaster) {
      fit.push_back(i);
    } else {
      reason = std::max(reason, why);
    }
  }
  // Least loaded first; the order of preference decides between equals.
  const auto load = [this](uint16_t i) { return at(i).in_flight.load(std::memory_order_relaxed); };
  std::stable_sort(fit.begin(), fit.end(),
                   [&load](uint16_t a, uint16_t b) { return load(a) < load(b); });
  for (const uint16_t i : fit) {
    Reason why = Reason::kNamed;
    if (!named) {
      bool hardware = false;
      why = load(i) >= policy_.long_queue ? Reason::kQueueFull : Weigh(at(i), needs, &hardware);
      if (!hardware) {
        reason = why;
        continue;
      }
    }
    // Last: when the back-off is over this makes the stream the one that tries the device.
    if (at(i).health.Admit(Now())) return {.device = i, .pinned = wish >= 0, .reason = why};
    reason = Reason::kQuarantined;
  }
  return {.reason = reason};
}

uint32_t Router::SmallestBlock(const StreamParams& params) const {
  uint32_t smallest = kMaxBlockSize;
  for (const auto& entry : devices_) {
    if (!entry->present.load(std::memory_order_acquire)) continue;
    smallest = std::min(smallest, FirstCut(entry->device->PlanCompression(params)));
  }
  return smallest;
}

bool Router::Find(std::string_view name, Wish* wish) const {
  if (name == "auto" || name == "hardware") {
    *wish = name == "auto" ? kAnyDevice : kAnyHardware;
    return true;
  }
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (!devices_[i]->present.load(std::memory_order_acquire)) continue;
    if (devices_[i]->info.name != name) continue;
    *wish = static_cast<Wish>(i);
    return true;
  }
  return false;
}

void Router::SetAllowed(std::span<const std::string> names) {
  const std::lock_guard lock(mutex_);
  allowed_names_.emplace(names.begin(), names.end());
  for (auto& device : devices_) {
    if (!device->present.load(std::memory_order_relaxed)) continue;
    device->allowed.store(std::find(names.begin(), names.end(), device->info.name) != names.end(),
                          std::memory_order_relaxed);
  }
}

void Router::AllowAll() {
  const std::lock_guard lock(mutex_);
  allowed_names_.reset();
  for (auto& device : devices_) device->allowed.store(true, std::memory_order_relaxed);
}

}  // namespace warpdrive
