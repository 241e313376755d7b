// The function's PCI configuration space: header, PCI Express capability with FLR, MSI.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/options.h"

namespace warpdrive::model {

constexpr size_t kConfigSize = 4096;

class ConfigSpace {
 public:
  /// `bar4_size` 0: no BAR4.
  ConfigSpace(const Options& options, uint64_t bar4_size);

  /// All as after power-on.
  void Reset();
  void Read(uint32_t offset, void* data, size_t size) const;
  /// True if the write asked for a function-level reset, which the caller then carries out.
  bool Write(uint32_t offset, const void* data, size_t size);

  bool memory_enabled() const { return (bytes_[4] & 2) != 0; }
  bool bus_master() const { return (bytes_[4] & 4) != 0; }

 private:
  void Put(uint32_t offset, uint32_t value, int bytes, uint32_t writable);
  void PutBar64(uint32_t offset, uint64_t size);

  std::array<uint8_t, kConfigSize> bytes_{};
  std::array<uint8_t, kConfigSize> initial_{};
  std::array<uint8_t, kConfigSize> writable_{};
};

}  // namespace warpdrive::model
