// Device registers. Behind an interface, so that the model of the silicon (test/model) can stand
// where the mapping would be and see every store with its address, size and value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive {

/// A register region (BAR2, BAR4, or the one page that a driver maps). Offsets are in bytes and
/// aligned to the access; the caller keeps them inside size(). Values are little-endian words, as
/// every CPU this hardware exists beside.
///
/// Accesses of one thread reach the device in program order (VFIO and the drivers map registers as
/// device memory, uncached); they are not ordered against normal memory: barrier.h does that.
class Mmio {
 public:
  virtual ~Mmio() = default;
  virtual uint32_t Read32(size_t offset) = 0;
  virtual void Write32(size_t offset, uint32_t value) = 0;
  /// One 64-bit store: a doorbell in two halves would be two doorbells.
  virtual void Write64(size_t offset, uint64_t value) = 0;
  /// One 128-bit store, `offset` 16-byte aligned: the mailbox acts on the store that holds its
  /// busy bit, and the rest must have arrived by then.
  virtual void Write128(size_t offset, std::span<const uint8_t, 16> value) = 0;
  /// Bytes of the region.
  virtual size_t size() const = 0;
};

/// Registers in an mmap()ed region. Does not own the mapping.
class MappedMmio final : public Mmio {
 public:
  MappedMmio(void* base, size_t size) : base_(static_cast<uint8_t*>(base)), size_(size) {}
  uint32_t Read32(size_t offset) override;
  void Write32(size_t offset, uint32_t value) override;
  void Write64(size_t offset, uint64_t value) override;
  void Write128(size_t offset, std::span<const uint8_t, 16> value) override;
  size_t size() const override { return size_; }

 private:
  uint8_t* base_;
  size_t size_;
};

}  // namespace warpdrive
