// Numbers of the function's registers and memory structures, as the kernel's driver uses them
// (drivers/crypto/hisilicon/{qm.c,qm_common.h,zip/zip_main.c}, include/linux/hisi_acc_qm.h).
// Nothing here comes from the user library, so a wrong number on either side shows in the tests.
#pragma once

#include <cstdint>

namespace warpdrive::model {

// PCI identity.
constexpr uint16_t kVendorHuawei = 0x19e5;
constexpr uint16_t kDeviceZipPf = 0xa250;
constexpr uint16_t kDeviceZipVf = 0xa251;

// BAR2, queue manager.
namespace reg {
constexpr uint32_t kAeqSource = 0x0000;
constexpr uint32_t kAeqMask = 0x0004;  ///< 0 = interrupt enabled, 1 = masked
constexpr uint32_t kEqSource = 0x0008;
constexpr uint32_t kEqMask = 0x000c;
constexpr uint32_t kMessageSource = 0x0020;  ///< PF to VF messages, V3
constexpr uint32_t kMessageMask = 0x0024;
constexpr uint32_t kMessageStatus = 0x0028;
constexpr uint32_t kMessageSet = 0x002c;
constexpr uint32_t kIsolation = 0x0030;  ///< bit 0: each queue has a doorbell page of its own
constexpr uint32_t kPageSize = 0x0034;   ///< 0 = 4 KiB, 1 = 16 KiB, 2 = 64 KiB
constexpr uint32_t kVfState = 0x0060;    ///< 0 ready, 1 not ready, V3
constexpr uint32_t kWritebackStart = 0x0204;
constexpr uint32_t kWritebackDone = 0x0208;
constexpr uint32_t kMailbox = 0x0300;      ///< 16 bytes; read: +4, +8 give the result
constexpr uint32_t kDoorbellV1 = 0x0340;   ///< all commands
constexpr uint32_t kDoorbell = 0x1000;     ///< SQ and CQ, V2 and later
constexpr uint32_t kEventBell = 0x2000;    ///< EQ and AEQ, V2 and later
constexpr uint32_t kCapFunction = 0x3100;  ///< capability registers, V3
constexpr uint32_t kCapEventDepths = 0x3104;
constexpr uint32_t kCapQueueDepths = 0x3108;
constexpr uint32_t kCapEqIrq = 0x310c;
constexpr uint32_t kCapAeqIrq = 0x3110;
constexpr uint32_t kCapErrorIrq = 0x3114;
constexpr uint32_t kCapMessageIrq = 0x3118;
constexpr uint32_t kCapIrqCount = 0x311c;
constexpr uint32_t kCapCores = 0x313c;
constexpr uint32_t kCapCoreMask = 0x3140;
constexpr uint32_t kCapAlgorithms = 0x3148;
constexpr uint32_t kCapCoreAlgorithms = 0x314c;  ///< one register per core
constexpr uint32_t kEqcShadow = 0x8000;          ///< 7 dwords
constexpr uint32_t kAeqcShadow = 0x8020;
}  // namespace reg

constexpr uint64_t kBar2Size = 0x10000;
constexpr uint64_t kDoorbellPage = 0x10000;  ///< BAR4, V3 with isolation: one per queue

/// Doorbell commands.
enum class Bell : uint8_t { kSq = 0, kCq = 1, kEq = 2, kAeq = 3 };

/// Mailbox commands, bits [7:0] of its first word.
enum class MailboxCommand : uint8_t {
  kSqc = 0,
  kCqc = 1,
  kEqc = 2,
  kAeqc = 3,
  kSqcTable = 4,
  kCqcTable = 5,
  kVft = 6,
  kStopQp = 8,
};

/// Mailbox status, bits [12:9]. Silicon's values are not published: only that 0 is success.
enum class MailboxStatus : uint8_t {
  kOk = 0,
  kBadCommand = 1,
  kBadQueue = 2,
  kBadAddress = 3,
  kBadContext = 4,
  kNotReady = 5,
};

/// Interrupt vectors.
constexpr unsigned kVectorEq = 0;
constexpr unsigned kVectorAeq = 1;

/// AEQE type, bits [20:17].
enum class AsyncEvent : uint8_t { kCqOverflow = 0, kEqOverflow = 1, kCqeError = 2 };

constexpr uint32_t kSqeSize = 128;
constexpr uint32_t kCqeSize = 16;
constexpr uint32_t kContextSize = 32;

/// SQE status, dword 3 bits [7:0].
namespace status {
constexpr uint8_t kOk = 0x00;
constexpr uint8_t kNegativeCompression = 0x0d;
constexpr uint8_t kNoSpace = 0x0e;
constexpr uint8_t kChecksum = 0x10;
constexpr uint8_t kStreamEnd = 0x13;
// Every other value is a bad request; silicon's list is not published. These are the model's.
constexpr uint8_t kBadData = 0x1e;
constexpr uint8_t kBadDescriptor = 0x1f;
constexpr uint8_t kDmaFault = 0x20;
}  // namespace status
constexpr uint32_t kLastBlockFlag = 1u << 8;  ///< in SQE dword 3

/// SQE dword 9 [7:0].
namespace request {
constexpr uint8_t kRaw = 0x01;
constexpr uint8_t kZlib = 0x02;
constexpr uint8_t kGzip = 0x03;
}  // namespace request

/// Stream state, dword 15 [3:0].
namespace stream {
constexpr uint32_t kNoSpaceInLastBlock = 1;
constexpr uint32_t kNoSpace = 2;
constexpr uint32_t kBlockNotStarted = 3;
constexpr uint32_t kFinalBit = 1u << 7;
constexpr uint32_t kHeadBitsShift = 10;
}  // namespace stream

/// Limits of one request, bytes.
constexpr uint32_t kMaxBuffer = 0x800000;
constexpr uint32_t kIgnoredOutput = 0x10;    ///< at most so much output: request is ignored
constexpr uint32_t kMinStreamOutput = 200;   ///< stateful: output must be larger
constexpr uint32_t kContextBytes = 0x10000;  ///< what software reserves per stream
constexpr uint32_t kContextUsed = 0x9800;    ///< what the engine touches of it
constexpr uint32_t kContextWindow = 0xc00;   ///< window, then the cached input bits
constexpr uint32_t kMaxSges = 255;
constexpr uint32_t kMaxSgls = 256;

}  // namespace warpdrive::model
