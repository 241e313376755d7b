#include "device/health.h"

#include <algorithm>
#include <utility>

#include "device/clock.h"

namespace warpdrive {

const char* NameOf(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kErrorStatus:
      return "error-status";
    case Fault::kBadResult:
      return "bad-result";
    case Fault::kTimeout:
      return "timeout";
    case Fault::kQueueRefused:
      return "queue-refused";
    case Fault::kQueueDead:
      return "queue-dead";
  }
  return "none";
}

bool DeviceHealth::Admit(uint64_t now) {
  if (state_.load(std::memory_order_relaxed) == State::kHealthy) return true;
  const std::lock_guard lock(mutex_);
  if (state_.load(std::memory_order_relaxed) == State::kHealthy) return true;
  if (now < until_) return false;
  until_ = now + policy_->probe_ms * kNsPerMs;
  state_.store(State::kProbing, std::memory_order_relaxed);
  return true;
}

bool DeviceHealth::Fail(Fault fault, uint64_t now, std::string detail) {
  const std::lock_guard lock(mutex_);
  // Other threads notice the same fault a little later: that is not a second one.
  if (state_.load(std::memory_order_relaxed) == State::kQuarantined) return false;
  const bool forgotten = state_.load(std::memory_order_relaxed) == State::kHealthy &&
                         now - healthy_since_ >= policy_->forget_ms * kNsPerMs;
  backoff_ms_ = backoff_ms_ == 0 || forgotten
                    ? policy_->first_backoff_ms
                    : std::min(2 * backoff_ms_, policy_->longest_backoff_ms);
  until_ = now + backoff_ms_ * kNsPerMs;
  last_fault_ = fault;
  detail_ = std::move(detail);
  ++quarantines_;
  errors_.store(0, std::memory_order_relaxed);
  state_.store(State::kQuarantined, std::memory_order_relaxed);
  return true;
}

bool DeviceHealth::Error(uint64_t now) {
  const bool probing = state_.load(std::memory_order_relaxed) == State::kProbing;
  if (errors_.fetch_add(1, std::memory_order_relaxed) + 1 < policy_->errors_in_row && !probing) {
    return false;
  }
  return Fail(Fault::kErrorStatus, now, "requests came back with an error status");
}

bool DeviceHealth::Succeed(uint64_t now) {
  if (errors_.load(std::memory_order_relaxed) != 0) errors_.store(0, std::memory_order_relaxed);
  if (state_.load(std::memory_order_relaxed) != State::kProbing) return false;
  const std::lock_guard lock(mutex_);
  if (state_.load(std::memory_order_relaxed) != State::kProbing) return false;
  healthy_since_ = now;
  state_.store(State::kHealthy, std::memory_order_relaxed);
  return true;
}

DeviceHealth::Snapshot DeviceHealth::Look(uint64_t now) const {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot;
  snapshot.state = state_.load(std::memory_order_relaxed);
  snapshot.last_fault = last_fault_;
  snapshot.detail = detail_;
  snapshot.quarantines = quarantines_;
  if (snapshot.state == State::kQuarantined && now < until_) {
    snapshot.retry_in_ms = (until_ - now + kNsPerMs - 1) / kNsPerMs;
  }
  return snapshot;
}

}  // namespace warpdrive
