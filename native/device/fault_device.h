// A device that wraps another and fails as it is told: what SPDK's error module is to its
// accelerators. Tests run every failover with it, on machines without hardware.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace warpdrive {

enum class FaultType : uint8_t {
  kErrorStatus,     ///< kDeviceError, and the request is not executed
  kUnsupported,     ///< kUnsupported likewise
  kLostCompletion,  ///< executed, and nobody hears of it
  kHang,            ///< neither executed nor completed
  kDelay,           ///< the completion comes `value` ms late
  kLyingLengths,    ///< more produced and consumed than there was room and input
  kShortInput,      ///< kOk, but a byte of a block's input was left out
  kWrongChecksum,   ///< of the input, in compression
  kUnknownTag,      ///< a completion of something else comes instead
  kTwice,           ///< the completion comes twice
  kRefuseSend,      ///< Send() takes nothing
  kRefuseQueue,     ///< OpenQueue() fails
  kRemoval,         ///< the queue dies with all that is in it
};

/// One rule. It counts the requests that it applies to (for kRefuseQueue and kRefuseSend: calls).
struct FaultRule {
  FaultType type = FaultType::kErrorStatus;
  bool compress = true;           ///< applies to compression
  bool decompress = true;         ///< applies to decompression
  uint64_t skip = 0;              ///< so many pass first
  uint64_t interval = 1;          ///< then every interval-th is hit
  uint64_t count = ~uint64_t{0};  ///< until so many were hit
  uint32_t value = 0;             ///< kDelay: milliseconds
};

/// What the device says of itself. Empty and zero: what the wrapped one says.
struct FaultIdentity {
  std::string name = {};
  std::string kind = {};
  std::string transport = {};
  uint32_t block_size = 0;  ///< StreamPlan
  uint32_t window = 0;      ///< StreamPlan
  bool compress = true;     ///< Supports() compression
  bool decompress = true;   ///< Supports() decompression
  bool shared_doorbell = false;
};

/// Thread-safe; its queues are as thread-safe as the wrapped ones.
class FaultDevice final : public Device {
 public:
  /// `inner` outlives it.
  FaultDevice(Device* inner, FaultIdentity identity, std::vector<FaultRule> rules);
  ~FaultDevice() override;

  /// Requests that were hit so far, by all rules.
  uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }

  DeviceInfo Info() const override;
  bool Supports(const Request& request) const override;
  std::unique_ptr<Queue> OpenQueue(const QueueOptions& options) override;
  StreamPlan PlanCompression(const StreamParams& params) const override;
  std::unique_ptr<StreamContext> MakeDeflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> history) override;
  std::unique_ptr<StreamContext> MakeInflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> dictionary) override;
  /// Streams of one member: software's contexts do not say where another begins.
  bool Followable(const StreamParams& params) const override;

  /// Used by the queue: the rule that hits this request, if any. Each call counts.
  const FaultRule* RuleFor(const Request& request);
  /// Whether the rules of that type hit now. Each call counts.
  bool Hits(FaultType type);

 private:
  struct Counter {
    std::atomic<uint64_t> seen{0};
    std::atomic<uint64_t> hit{0};
  };
  bool Count(size_t rule);

  Device* const inner_;
  const FaultIdentity identity_;
  const std::vector<FaultRule> rules_;
  const std::unique_ptr<Counter[]> counters_;
  std::atomic<uint64_t> hits_{0};
};

}  // namespace warpdrive
