// The HiSilicon queue manager's words, versions 1 to 3. Source: the kernel's
// drivers/crypto/hisilicon/qm.c and qm_common.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace warpdrive::hisilicon {

inline constexpr uint32_t kSqeBytes = 128;
inline constexpr uint32_t kCqeBytes = 16;
/// Offsets in a CQE: u16 index of the completed descriptor, u16 phase (bit 0) and status (ignored:
/// no driver knows its meaning; results are in the written back descriptor).
inline constexpr uint32_t kCqeSqHead = 8;
inline constexpr uint32_t kCqePhase = 14;
inline constexpr uint32_t kMaxDepth = 1u << 16;  ///< indices have 16 bits

enum class DoorbellCommand : uint8_t { kSq = 0, kCq = 1, kEq = 2, kAeq = 3 };

struct Doorbell {
  DoorbellCommand command = DoorbellCommand::kSq;
  uint16_t queue = 0;   ///< below QueueLimit()
  uint16_t index = 0;   ///< SQ: next free slot; CQ, EQ, AEQ: next slot to read
  uint16_t random = 0;  ///< V2 and later: the word in the queue's context
  bool event = false;   ///< CQ: raise an event at the next completion
};

/// The 64-bit word to store.
///
///          queue    command  random   index    event
///   V1     [15:0]   [31:16]  -        [47:32]  [63:48]
///   V2+    [11:0]   [15:12]  [31:16]  [47:32]  [63:48]
constexpr uint64_t Encode(const Doorbell& bell, int protocol) {
  const uint64_t high = uint64_t{bell.index} << 32 | uint64_t{bell.event} << 48;
  const auto command = static_cast<uint64_t>(bell.command);
  if (protocol == 1) return high | command << 16 | bell.queue;
  return high | uint64_t{bell.random} << 16 | command << 12 | (bell.queue & 0x3FFu);
}

/// First queue number that a doorbell cannot name. V2 has 12 bits by layout, of which user
/// libraries use 10; the hardware has no more than 1024 queues.
constexpr uint32_t QueueLimit(int protocol) { return protocol == 1 ? 1u << 16 : 1u << 10; }

}  // namespace warpdrive::hisilicon
