// Whether a device is trusted with work: quarantine with exponential back-off, and probes.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace warpdrive {

/// What a device did wrong. Names for people are in NameOf().
enum class Fault : uint8_t {
  kNone,
  kErrorStatus,   ///< a completion said kDeviceError, or that it was not able to
  kBadResult,     ///< impossible lengths, unknown tag, wrong checksum
  kTimeout,       ///< no completion in time
  kQueueRefused,  ///< no queue: busy, no permission, gone
  kQueueDead,     ///< removal, reset, stop flags
};
inline constexpr size_t kFaults = 6;
const char* NameOf(Fault fault);

struct HealthPolicy {
  uint64_t first_backoff_ms = 1000;      ///< after the first fault
  uint64_t longest_backoff_ms = 60'000;  ///< each next one doubles it up to here
  /// Healthy for so long, a device starts with the first back-off again.
  uint64_t forget_ms = 60'000;
  /// So long one stream tries a device whose back-off is over before another may.
  uint64_t probe_ms = 5000;
  /// Error statuses in a row that make a fault. One alone can be the request's doing.
  uint32_t errors_in_row = 3;
};

/// One device's, shared by all threads. Times are nanoseconds of one clock.
class DeviceHealth {
 public:
  enum class State : uint8_t { kHealthy, kQuarantined, kProbing };

  /// `policy` outlives it.
  explicit DeviceHealth(const HealthPolicy* policy) : policy_(policy) {}

  /// Whether a queue that is open may be given requests. No lock: asked for each request.
  bool Open() const { return state_.load(std::memory_order_relaxed) != State::kQuarantined; }
  /// Whether a new stream may go there. When the back-off is over this is true for one caller,
  /// whose stream is the probe; the others hear when it went well.
  bool Admit(uint64_t now);

  /// A fault that ends the trust. @return true if this call put the device into quarantine
  bool Fail(Fault fault, uint64_t now, std::string detail);
  /// An error status. @return true if it was one too many, which put it into quarantine
  bool Error(uint64_t now);
  /// A request completed as it should. @return true if that ended the quarantine
  bool Succeed(uint64_t now);

  struct Snapshot {
    State state = State::kHealthy;
    Fault last_fault = Fault::kNone;
    std::string detail;
    uint64_t quarantines = 0;
    uint64_t retry_in_ms = 0;  ///< until the back-off is over
  };
  Snapshot Look(uint64_t now) const;

 private:
  const HealthPolicy* const policy_;
  std::atomic<State> state_{State::kHealthy};
  std::atomic<uint32_t> errors_{0};
  // Taken on transitions only, which are rare by construction.
  mutable std::mutex mutex_;
  uint64_t until_ = 0;  ///< end of the back-off, or of the probe
  uint64_t backoff_ms_ = 0;
  uint64_t healthy_since_ = 0;
  uint64_t quarantines_ = 0;
  Fault last_fault_ = Fault::kNone;
  std::string detail_;
};

}  // namespace warpdrive
