#include "device/cost.h"

#include <algorithm>
#include <bit>

namespace warpdrive {

size_t CostTable::ClassOf(uint64_t input_size) {
  const uint64_t kib = (input_size + 1023) / 1024;
  const size_t log = kib <= 1 ? 0 : static_cast<size_t>(std::bit_width(kib - 1));
  return std::min(log, kClasses - 1);
}

CostTable::CostTable(uint64_t fixed_ns, uint64_t ns_per_kib) {
  for (auto& classes : ns_) {
    for (size_t i = 0; i < kClasses; ++i) classes[i] = fixed_ns + (ns_per_kib << i);
  }
}

void CostTable::Add(Operation operation, uint64_t input_size, uint64_t ns) {
  auto& slot = ns_[static_cast<size_t>(operation)][ClassOf(input_size)];
  const uint64_t old = slot.load(std::memory_order_relaxed);
  // One sample moves the average by no more than its own share, however long something slept.
  const uint64_t sample = std::min(ns, 8 * old + 1'000'000);
  slot.store(old + sample / kWeight - old / kWeight, std::memory_order_relaxed);
}

uint64_t CostTable::Estimate(Operation operation, uint64_t input_size) const {
  return ns_[static_cast<size_t>(operation)][ClassOf(input_size)].load(std::memory_order_relaxed);
}

}  // namespace warpdrive
