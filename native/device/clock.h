// Time for routing and failover, in nanoseconds since some start; tests put their own in.
#pragma once

#include <chrono>
#include <cstdint>

namespace warpdrive {

using Clock = uint64_t (*)();

inline uint64_t SteadyClock() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

inline constexpr uint64_t kNsPerMs = 1'000'000;

}  // namespace warpdrive
