// What the function sees of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <shared_mutex>

namespace warpdrive::model {

/// Memory as the device reaches it, by I/O virtual address. A call touches all of its range or
/// fails; on failure a write may have written part of it, as on a real bus. Calls come from the
/// thread that stores to a register and from the one that runs descriptors, so implementations
/// must bear several at once.
class DmaBus {
 public:
  virtual ~DmaBus() = default;
  /// `size` bytes at `iova`; false when not all of them may be read. An aligned word of 2, 4 or 8
  /// bytes is one load with acquire order.
  virtual bool Read(uint64_t iova, void* data, size_t size) = 0;
  /// As Read. An aligned word of 2, 4 or 8 bytes is one store with release order: the phase word
  /// of a CQE is such a store, and comes after all that the completion reports.
  virtual bool Write(uint64_t iova, const void* data, size_t size) = 0;
};

/// A DmaBus over memory of this process: an IOMMU with any number of mapped ranges.
class MappedBus final : public DmaBus {
 public:
  enum Access : uint32_t { kRead = 1, kWrite = 2, kReadWrite = 3 };

  /// Lets the device reach `size` bytes at `memory` by `iova`. The memory stays the caller's and
  /// must stay until Unmap(). False: empty, wraps around, or overlaps a mapping.
  bool Map(uint64_t iova, void* memory, uint64_t size, uint32_t access = kReadWrite);
  /// As Map() with the pointer as address: shared virtual addressing.
  bool MapIdentity(void* memory, uint64_t size, uint32_t access = kReadWrite) {
    return Map(reinterpret_cast<uintptr_t>(memory), memory, size, access);
  }
  /// Takes away every mapping inside the range; false if there was none or one only partly in it
  /// (which then stays). Waits for accesses in progress: afterwards none touches the memory.
  bool Unmap(uint64_t iova, uint64_t size);
  void UnmapAll();
  /// Accesses that found no mapping or not the right.
  uint64_t faults() const;

  bool Read(uint64_t iova, void* data, size_t size) override;
  bool Write(uint64_t iova, const void* data, size_t size) override;

 private:
  struct Range {
    uint8_t* memory;
    uint64_t size;
    uint32_t access;
  };
  template <typename Copy>
  bool Walk(uint64_t iova, size_t size, uint32_t access, Copy copy);

  mutable std::shared_mutex mutex_;
  std::map<uint64_t, Range> ranges_;  // by iova
  uint64_t faults_ = 0;               // atomic access only
};

}  // namespace warpdrive::model
