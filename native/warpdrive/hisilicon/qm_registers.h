// The queue manager's registers in BAR2 of a function, and its mailbox and contexts. Source: the
// kernel's drivers/crypto/hisilicon/qm.c and qm_common.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace warpdrive::hisilicon {

namespace reg {
inline constexpr size_t kAeqMask = 0x0004;  ///< 1 = no interrupt
inline constexpr size_t kEqMask = 0x000C;
inline constexpr size_t kIsolation = 0x0030;  ///< V3: bit 0 = a doorbell page per queue in BAR4
inline constexpr size_t kPageSize = 0x0034;   ///< 0 = 4K, 1 = 16K, 2 = 64K
inline constexpr size_t kVfState = 0x0060;    ///< V3: 0 = ready
inline constexpr size_t kMailbox = 0x0300;    ///< 16 bytes
inline constexpr size_t kMailboxLow = 0x0304;
inline constexpr size_t kMailboxHigh = 0x0308;
inline constexpr size_t kDoorbellV1 = 0x0340;  ///< all commands
inline constexpr size_t kDoorbell = 0x1000;    ///< V2: SQ and CQ; V3: in the queue's page of BAR4
inline constexpr size_t kEventDoorbell = 0x2000;  ///< V2 and later: EQ and AEQ
inline constexpr size_t kCapabilities = 0x3100;   ///< from V3
inline constexpr size_t kEventDepths = 0x3104;    ///< low half EQ, high half AEQ
inline constexpr size_t kQueueDepths = 0x3108;    ///< low half SQ, high half CQ
inline constexpr size_t kEnd = 0x3200;            ///< nothing that is used lies beyond
}  // namespace reg

inline constexpr size_t kDoorbellPageBytes = 0x10000;  ///< per queue in BAR4

// Bits of reg::kCapabilities.
inline constexpr uint32_t kCapStopQueue = 1u << 9;
inline constexpr uint32_t kCapSvaPrefetch = 1u << 14;

enum class MailboxCommand : uint8_t {
  kSqc = 0,
  kCqc = 1,
  kEqc = 2,
  kAeqc = 3,
  kSqcTable = 4,
  kCqcTable = 5,
  kQueueRange = 6,  ///< SQC_VFT_V2
  kStopQueue = 8,
};

/// EQE and AEQE: queue number [15:0], phase [16], type [20:17] (AEQE only).
inline constexpr uint32_t kEventBytes = 4;
inline constexpr uint32_t kEventPhase = 1u << 16;

/// 32 bytes, 32-byte aligned, as 8 words.
inline constexpr uint32_t kContextBlockBytes = 32;
using ContextBlock = std::array<uint32_t, kContextBlockBytes / 4>;

/// Contexts of queue `queue`: rings at IOVAs `sq` and `cq`. `direction`: 0 compress, 1 decompress.
/// No PASID; no events (they are masked, and their ring is never read).
ContextBlock SqContext(int protocol, uint64_t sq, uint32_t depth, uint16_t queue,
                       uint8_t direction);
ContextBlock CqContext(int protocol, uint64_t cq, uint32_t depth);
ContextBlock EqContext(int protocol, uint64_t ring, uint32_t depth);
ContextBlock AeqContext(uint64_t ring, uint32_t depth);

/// Whether the device is done with a queue: it has advanced its completion ring as far as its
/// submission ring, laps included.
bool IsDrained(const ContextBlock& sq, const ContextBlock& cq);

}  // namespace warpdrive::hisilicon
