// Surviving the removal of a device: the kernel takes its mappings away, and whoever looks at a
// ring or rings a doorbell in that moment gets SIGBUS, which ends a process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace warpdrive {

/// While it lives, an access to a page of [data, data + size) that is no longer there finds
/// ordinary memory instead, all bits one: stop words say "stopped", a completion entry names an
/// impossible slot, registers read as those of a device that left the bus, and stores go nowhere.
///
/// Works by a handler for SIGBUS, installed with the first guard and left there. Faults elsewhere
/// go to the handler that was there before, or end the process as ever.
class MappingGuard {
 public:
  MappingGuard() = default;
  /// `data` and `size`: whole pages, mapped. Protects nothing if kMaxGuards are in use.
  MappingGuard(uint8_t* data, size_t size);
  MappingGuard(MappingGuard&& other) noexcept;
  MappingGuard& operator=(MappingGuard&& other) noexcept;
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;
  /// Before the range is unmapped, and after its last use.
  ~MappingGuard() { Reset(); }
  void Reset();

  /// True once an access failed: the device is gone. Any thread.
  bool lost() const;

  static constexpr int kMaxGuards = 1024;

 private:
  int slot_ = -1;
};

}  // namespace warpdrive
