#include "device/fault_device.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace warpdrive {
namespace {

using Clock = std::chrono::steady_clock;

bool IsAboutRequests(FaultType type) {
  return type != FaultType::kRefuseSend && type != FaultType::kRefuseQueue;
}

/// Sits between the owner and the wrapped queue. What never reaches the wrapped queue touches no
/// memory, so its destructor is that of the wrapped queue.
class FaultQueue final : public Queue {
 public:
  FaultQueue(FaultDevice* device, std::unique_ptr<Queue> inner)
      : device_(device), inner_(std::move(inner)) {}

  bool alive() const override { return !dead_ && inner_->alive(); }

  size_t Send(std::span<const Request> requests) override {
    if (dead_ || device_->Hits(FaultType::kRefuseSend)) return 0;
    requests = requests.first(std::min(requests.size(), Room()));
    size_t done = 0;
    for (const Request& request : requests) {
      if (dead_) break;
      const FaultRule* const rule = device_->RuleFor(request);
      if (!Take(request, rule)) break;
      ++done;
    }
    return done;
  }

  void Cancel(uint64_t tag) override { inner_->Cancel(tag); }

  size_t Receive(std::span<Completion> completions) override {
    size_t count = 0;
    while (count < completions.size() && TakeReady(&completions[count])) ++count;
    Completion completion;
    while (!dead_ && count < completions.size() && inner_->Receive({&completion, 1}) != 0) {
      if (Spoil(&completion)) completions[count++] = completion;
    }
    return count;
  }

  bool Arm() override {
    // What waits here notifies nobody: the owner looks again by its own clock.
    const bool due = std::any_of(held_.begin(), held_.end(),
                                 [](const Held& held) { return held.due <= Clock::now(); });
    return !due && (dead_ || inner_->Arm());
  }

  bool Wait(uint32_t timeout_ms) override {
    const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
    while (true) {
      for (const Held& held : held_) {
        if (held.due <= Clock::now()) return true;
      }
      if (!dead_ && inner_->Wait(1)) return true;
      if (timeout_ms != 0 && Clock::now() >= end) return false;
      if (dead_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  size_t Room() const override { return dead_ ? 0 : inner_->Room(); }

  bool RunInline(const Request& request, Completion* completion) override {
    return !dead_ && inner_->RunInline(request, completion);
  }

 private:
  struct Held {
    Completion completion;
    Clock::time_point due;
  };
  struct Marked {
    uint64_t tag;
    const FaultRule* rule;
    uint32_t input_size;
    uint32_t output_size;
  };

  void Hold(const Completion& completion, uint32_t delay_ms) {
    held_.push_back({completion, Clock::now() + std::chrono::milliseconds(delay_ms)});
  }

  bool TakeReady(Completion* completion) {
    for (size_t i = 0; i < held_.size(); ++i) {
      if (held_[i].due > Clock::now()) continue;
      *completion = held_[i].completion;
      held_.erase(held_.begin() + static_cast<ptrdiff_t>(i));
      return true;
    }
    return false;
  }

  bool Take(const Request& request, const FaultRule* rule) {
    if (rule == nullptr) return inner_->Send({&request, 1}) == 1;
    switch (rule->type) {
      case FaultType::kErrorStatus:
        Hold({.tag = request.tag, .status = Status::kDeviceError}, 0);
        return true;
      case FaultType::kUnsupported:
        Hold({.tag = request.tag, .status = Status::kUnsupported}, 0);
        return true;
      case FaultType::kHang:
        return true;
      case FaultType::kRemoval:
        dead_ = true;
        return true;
      default:
        marked_.push_back({request.tag, rule, request.input_size, request.output_size});
        return inner_->Send({&request, 1}) == 1;
    }
  }

  /// @return whether the completion goes on now
  bool Spoil(Completion* completion) {
    const auto found = std::find_if(marked_.begin(), marked_.end(), [&](const Marked& marked) {
      return marked.tag == completion->tag;
    });
    if (found == marked_.end()) return true;
    const Marked marked = *found;
    marked_.erase(found);
    switch (marked.rule->type) {
      case FaultType::kDelay:
        Hold(*completion, marked.rule->value);
        return false;
      case FaultType::kLyingLengths:
        completion->produced = marked.output_size + 1;
        completion->consumed = marked.input_size + 1;
        return true;
      case FaultType::kShortInput:
        completion->consumed -= completion->consumed != 0 ? 1 : 0;
        return true;
      case FaultType::kWrongChecksum:
        completion->checksum ^= 0x00010000;
        return true;
      case FaultType::kUnknownTag:
        completion->tag ^= uint64_t{1} << 63;
        return true;
      case FaultType::kTwice:
        Hold(*completion, 0);
        return true;
      default:  // kLostCompletion
        return false;
    }
  }

  FaultDevice* const device_;
  const std::unique_ptr<Queue> inner_;
  std::vector<Held> held_;
  std::vector<Marked> marked_;
  bool dead_ = false;
};

}  // namespace

FaultDevice::FaultDevice(Device* inner, FaultIdentity identity, std::vector<FaultRule> rules)
    : inner_(inner),
      identity_(std::move(identity)),
      rules_(std::move(rules)),
      counters_(std::make_unique<Counter[]>(rules_.size())) {}

FaultDevice::~FaultDevice() = default;

DeviceInfo FaultDevice::Info() const {
  DeviceInfo info = inner_->Info();
  if (!identity_.name.empty()) info.name = identity_.name;
  if (!identity_.kind.empty()) info.kind = identity_.kind;
  if (!identity_.transport.empty()) info.transport = identity_.transport;
  info.shared_doorbell |= identity_.shared_doorbell;
  return info;
}

bool FaultDevice::Supports(const Request& request) const {
  if (request.operation == Operation::kDecompress) return identity_.decompress;
  return identity_.compress && inner_->Supports(request);
}

std::unique_ptr<Queue> FaultDevice::OpenQueue(const QueueOptions& options) {
  if (Hits(FaultType::kRefuseQueue)) {
    if (options.refusal != nullptr) *options.refusal = "refused as the fault rules say";
    return nullptr;
  }
  auto queue = inner_->OpenQueue(options);
  if (queue == nullptr) return nullptr;
  return std::make_unique<FaultQueue>(this, std::move(queue));
}

StreamPlan FaultDevice::PlanCompression(const StreamParams& params) const {
  StreamPlan plan = inner_->PlanCompression(params);
  if (identity_.block_size != 0) {
    plan.block_size = identity_.block_size;
    plan.first_block = 0;
  }
  if (identity_.window != 0) plan.window = identity_.window;
  return plan;
}

std::unique_ptr<StreamContext> FaultDevice::MakeDeflateContext(const StreamParams& params,
                                                               std::span<const uint8_t> history) {
  return identity_.compress ? inner_->MakeDeflateContext(params, history) : nullptr;
}

std::unique_ptr<StreamContext> FaultDevice::MakeInflateContext(
    const StreamParams& params, std::span<const uint8_t> dictionary) {
  return identity_.decompress ? inner_->MakeInflateContext(params, dictionary) : nullptr;
}

bool FaultDevice::Followable(const StreamParams& params) const {
  return params.one_member || params.format == Format::kRaw || params.format == Format::kZlib;
}

bool FaultDevice::Count(size_t index) {
  const FaultRule& rule = rules_[index];
  Counter& counter = counters_[index];
  const uint64_t seen = counter.seen.fetch_add(1, std::memory_order_relaxed);
  if (seen < rule.skip || (seen - rule.skip) % rule.interval != 0) return false;
  if (counter.hit.fetch_add(1, std::memory_order_relaxed) >= rule.count) return false;
  hits_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

const FaultRule* FaultDevice::RuleFor(const Request& request) {
  const FaultRule* found = nullptr;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const FaultRule& rule = rules_[i];
    const bool applies =
        request.operation == Operation::kCompress ? rule.compress : rule.decompress;
    if (!IsAboutRequests(rule.type) || !applies) continue;
    if (Count(i) && found == nullptr) found = &rule;
  }
  return found;
}

bool FaultDevice::Hits(FaultType type) {
  bool hit = false;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].type == type) hit |= Count(i);
  }
  return hit;
}

}  // namespace warpdrive
