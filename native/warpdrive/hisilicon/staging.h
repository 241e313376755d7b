// Where the input and output of compressions lie that the device cannot reach in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "warpdrive/dma.h"
#include "warpdrive/hisilicon/used_memory.h"

namespace warpdrive::hisilicon {

/// Blocks with room for an input and, 64-byte aligned behind it, an output. Requests of one size
/// follow each other, so a block is kept for the next one, whose input takes the place of the
/// last: it need not be cleared in between, and neither pool nor lock is asked. One thread.
class Staging {
 public:
  explicit Staging(DmaPool* pool) : pool_(pool), limit_(pool->size() / kShare) {}
  ~Staging() = default;
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  static constexpr uint32_t RoundUp(uint32_t size) { return (size + 63) & ~63u; }

  /// Zeros, but for the first `input` bytes, all of which the caller overwrites. Either size may be
  /// 0, not both. Empty if the pool is full.
  DmaBlock Take(uint32_t input, uint32_t output);
  /// Takes one back whose output has `produced` bytes that are not zero.
  void Keep(DmaBlock block, uint32_t input, uint32_t produced);
  /// Adds what was kept to memory that has to be cleared.
  void GiveUp(UsedMemory* used);

 private:
  /// One of so many parts of the pool may be kept.
  static constexpr size_t kShare = 8;

  struct Kept {
    DmaBlock block;
    uint32_t input;  ///< bytes before the output
  };

  DmaPool* pool_;
  const size_t limit_;  ///< bytes
  std::vector<Kept> kept_;
  size_t bytes_ = 0;  ///< in kept_
};

}  // namespace warpdrive::hisilicon
