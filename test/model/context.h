// Queue contexts in memory, 32 bytes each (drivers/crypto/hisilicon/qm.c, struct qm_sqc, qm_cqc,
// qm_eqc, qm_aeqc).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "model/options.h"
#include "model/recorder.h"
#include "model/registers.h"

namespace warpdrive::model {

struct ContextBlock {
  uint8_t bytes[kContextSize] = {};

  uint16_t U16(int offset) const {
    return static_cast<uint16_t>(bytes[offset] | bytes[offset + 1] << 8);
  }
  uint32_t U32(int offset) const {
    return U16(offset) | static_cast<uint32_t>(U16(offset + 2)) << 16;
  }
  uint64_t Ring() const { return U32(4) | static_cast<uint64_t>(U32(8)) << 32; }
  void SetU16(int offset, uint16_t value) { std::memcpy(bytes + offset, &value, sizeof(value)); }
  bool IsZero() const {
    for (const uint8_t byte : bytes) {
      if (byte != 0) return false;
    }
    return true;
  }
};

/// A ring as its context describes it.
struct Ring {
  uint64_t base = 0;
  uint32_t depth = 0;
  uint16_t head = 0;  ///< consumer's index
  uint16_t tail = 0;  ///< producer's index
  uint32_t used = 0;  ///< entries from head to tail
  bool phase = true;  ///< of the next entry the device writes
  bool tail_wrap = false;
  uint16_t random = 0;

  /// Moves the device's tail; the phase turns with each lap.
  void Produce() {
    ++used;
    if (++tail == depth) {
      tail = 0;
      phase = !phase;
      tail_wrap = !tail_wrap;
    }
  }
};

struct QueuePair {
  bool has_sqc = false;
  bool has_cqc = false;
  bool disabled = false;  ///< by SQC bit, STOP_QP, overflow, reset
  bool hung = false;
  bool decompress = false;
  bool event_armed = false;  ///< c_flag
  Ring sq;                   ///< produced by software
  Ring cq;                   ///< produced by the device
  ContextBlock sqc;
  ContextBlock cqc;

  bool started() const { return has_sqc && has_cqc && !disabled; }
};

/// Depth and entry size of an SQC or CQC; an empty string, or what is wrong.
inline std::string DecodeRing(const ContextBlock& block, Generation generation, uint32_t entry_log2,
                              uint32_t max_depth, Ring* ring) {
  const bool v1 = generation == Generation::kV1;
  const uint32_t dw3 = block.U32(12);
  const uint32_t depth = (v1 ? block.U16(16) : dw3 & 0xfff) + 1u;
  if ((dw3 >> 12) != entry_log2) return Hex("entry size: dword 3", dw3);
  if (v1 && (dw3 & 0xfff) != 0) return Hex("reserved bits: dword 3", dw3);
  if (depth < 2 || depth > max_depth) return Hex("depth", depth);
  if (block.Ring() == 0 || block.Ring() % kContextSize != 0)
    return Hex("ring address", block.Ring());
  if (block.U16(0) != 0 || block.U16(2) != 0) return Hex("head and tail", block.U32(0));
  *ring = Ring{};
  ring->base = block.Ring();
  ring->depth = depth;
  ring->random = v1 ? 0 : block.U16(16);
  return {};
}

}  // namespace warpdrive::model
