// What a modelled function is, and what happens at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace warpdrive::model {

enum class Generation {
  kV1,     ///< QM V1, revision 0x20: HIP08 engineering sample
  kHip08,  ///< QM V2, revision 0x21, descriptors of sqe_type 0
  kHip09,  ///< QM V3, revision 0x30, descriptors of sqe_type 3
};

/// One store to a BAR, as it arrived.
struct Store {
  uint64_t sequence;  ///< counts all stores of the function from 0
  int bar;
  uint64_t offset;
  uint32_t size;      ///< bytes: 1 to 16
  uint8_t value[16];  ///< little-endian, zero behind `size`
  /// The first 8 bytes.
  uint64_t word() const;
};

/// Why something was refused, or noted.
enum class Reason {
  kMemoryDisabled,      ///< BAR access while the memory bit of the command register is 0
  kBusMasterDisabled,   ///< DMA needed while the bus-master bit is 0
  kUnknownRegister,     ///< store to an offset without register, or a read-only one
  kAccessWidth,         ///< store of the wrong size or alignment for its register
  kRegisterValue,       ///< value the register cannot take
  kSplitMailbox,        ///< note: a mailbox store that came as two of 8 bytes (see Options)
  kMailboxMalformed,    ///< busy bit missing, reserved bits set, bad operation
  kMailboxCommand,      ///< command unknown to this generation
  kMailboxQueue,        ///< queue number outside the function
  kMailboxOrder,        ///< queue context before event queues or tables
  kMailboxDma,          ///< context or table address misaligned or not mapped
  kContext,             ///< context block with impossible contents
  kDoorbellPlace,       ///< command at another command's or generation's place
  kDoorbellCommand,     ///< command that does not exist
  kDoorbellQueue,       ///< queue number outside the function, or not that of the page
  kDoorbellNotStarted,  ///< queue without contexts, stopped or disabled
  kDoorbellRandom,      ///< random word differs from the context's
  kDoorbellIndex,       ///< index outside the ring
  kDoorbellOverrun,     ///< more entries than the ring has, or a head ahead of the device
  kCqOverflow,          ///< completion had no free slot: queue disabled
  kEqOverflow,          ///< event had no free slot: all queues disabled
  kRingDma,             ///< SQE fetch, write-back or CQE met an unmapped address
  kSqeType,             ///< descriptor of another generation
  kSqeReserved,         ///< note: reserved bits set, or fields of another mode filled
  kSqeRequest,          ///< request type this generation does not know
  kSqeBuffer,           ///< buffer type, window, length or SGL impossible
  kSqeOutputTooSmall,   ///< below what the mode requires; at most 16 bytes: ignored altogether
  kSqeEmptyInput,       ///< no input where the engine needs some
  kSqeStream,           ///< stateful where impossible, or the stream was not handed back as it was
  kContextNotZeroed,    ///< note: new stream on a context with something left in it
  kSqeDma,              ///< data, SGL or context address not mapped
};
const char* ReasonName(Reason reason);

/// Something a driver should not have done. `refused` is false for notes: carried out, but wrong
/// or not possible on every machine.
struct Violation {
  Reason reason;
  bool refused;
  uint64_t sequence;   ///< stores seen until then
  std::string detail;  ///< for people: names the values
};

struct Options {
  Generation generation = Generation::kHip08;
  /// Device number 0xa251, or the PF's 0xa250. PF-only register blocks are not modelled.
  bool virtual_function = true;
  uint16_t queue_base = 64;   ///< first queue of this function in the device, for the VFT query
  uint16_t queue_count = 16;  ///< 1 to 1024
  /// Largest and advertised depths (capability registers of V3).
  uint16_t sq_depth = 1024;
  uint16_t cq_depth = 1024;
  uint16_t eq_depth = 2048;
  uint16_t aeq_depth = 1024;
  /// V3: a doorbell page per queue in BAR4, and none in BAR2.
  bool doorbell_isolation = true;
  /// V3: capability bit 9, the STOP_QP mailbox command.
  bool stop_qp = true;
  /// STOP_QP first completes what was submitted; otherwise the rest is never completed. The
  /// sources do not say which silicon does, so drivers must bear both.
  bool stop_qp_drains = true;
  /// Contexts may enable a PASID (it is ignored: addresses go to the one bus).
  bool sva = false;
  /// An x86 guest cannot make a 128-bit MMIO store: QEMU's TCG turns it into two of 8 bytes, the
  /// lower first (accel/tcg/cputlb.c, do_st16_mmio_leN). With this on, such a pair is taken as one
  /// mailbox store, with the note kSplitMailbox. Off, as on silicon: refused.
  bool split_mailbox = false;
  /// V1: whether stateful requests are known at all is not certain; refused unless this is on.
  bool v1_stateful = false;
  /// SQ doorbells run their descriptors before the store returns. Otherwise Run() or a thread does.
  bool run_on_doorbell = false;
  /// A data address that is not mapped completes with an error status; otherwise never.
  bool dma_fault_completes = true;
  /// When output is full the engine takes up to 63 bits of further input into the context.
  bool read_ahead = true;
  /// Status reported beside stream state 1 and 2 (output full): 0, or perhaps 0x0e.
  uint8_t no_space_status = 0;
  /// zlib's level for compression: the ratio is that of zlib, not of silicon.
  int level = 1;
  uint64_t seed = 1;           ///< of random faults
  size_t kept_stores = 65536;  ///< further stores push out the oldest

  // Called without locks held, on the thread that caused it. They may call the function.
  std::function<void(unsigned vector)> on_msi;
  /// Controller reset, as the kernel's driver tells processes: first (true, false), then, when
  /// the queues are stopped, (true, true).
  std::function<void(bool stop_tx, bool stop_rx)> on_stop;
  std::function<void(const Store&)> on_store;
  std::function<void(const Violation&)> on_violation;
};

}  // namespace warpdrive::model
