// How long requests take on a device, measured while it works.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "device/request.h"

namespace warpdrive {

/// Running averages of the time from submission to completion, by operation and size (a class per
/// power of two). Shared by all threads: a sample that two threads write at once may be lost.
class CostTable {
 public:
  /// What is believed before anything was measured: `fixed_ns` + `ns_per_kib` for each KiB.
  CostTable(uint64_t fixed_ns, uint64_t ns_per_kib);

  void Add(Operation operation, uint64_t input_size, uint64_t ns);
  /// Nanoseconds that a request of this size takes.
  uint64_t Estimate(Operation operation, uint64_t input_size) const;

  static constexpr size_t kClasses = 13;  ///< up to 1 KiB, ..., up to 2 MiB, above
  static size_t ClassOf(uint64_t input_size);

 private:
  static constexpr uint64_t kWeight = 16;  ///< the newest sample counts for one part in so many

  std::array<std::array<std::atomic<uint64_t>, kClasses>, 2> ns_;
};

}  // namespace warpdrive
