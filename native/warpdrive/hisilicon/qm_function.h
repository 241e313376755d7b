// A queue manager function that is ours alone, register by register: what the kernel's driver
// does for its users, done in user space behind vfio-pci. No published user-space program does
// this; it follows the kernel's virtual function driver (drivers/crypto/hisilicon/qm.c) and has
// been run against a model of the silicon only.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "warpdrive/dma.h"
#include "warpdrive/hisilicon/qm_mailbox.h"
#include "warpdrive/mmio.h"
#include "warpdrive/result.h"
#include "warpdrive/transport.h"

namespace warpdrive::hisilicon {

/// PCI configuration space.
class PciConfig {
 public:
  virtual ~PciConfig() = default;
  /// All ones if the device is gone.
  virtual uint32_t Read32(uint32_t offset) = 0;
  virtual void Write16(uint32_t offset, uint16_t value) = 0;
};

/// What a function is made of. Everything outlives it.
struct QmFunctionParts {
  PciConfig* config = nullptr;
  Mmio* bar2 = nullptr;
  Mmio* bar4 = nullptr;  ///< nullptr if there is none
  DmaMapper* mapper = nullptr;
  Syscalls* calls = Syscalls::Kernel();
  /// Of the one arena: rings, tables, contexts and data.
  size_t arena_size = 0;
};

/// Thread-safe. The device must have been reset before, and must be reset or cut off from memory
/// after: see Stop().
class QmFunction {
 public:
  /// Takes the function into operation, without queues.
  static Result<std::unique_ptr<QmFunction>> Start(const QmFunctionParts& parts);
  ~QmFunction();

  int protocol() const { return protocol_; }
  uint32_t queue_count() const { return static_cast<uint32_t>(used_.size()); }
  DmaPool& pool() { return *pool_; }

  /// Starts the lowest free queue. The rings live in the function's arena until ReleaseQueue().
  Result<QueueRings> StartQueue(Direction direction);
  /// Stops queue `number`. @return true if the device touches none of its memory any more. Once
  /// per queue; false makes the whole function broken.
  bool StopQueue(uint16_t number);
  /// Frees a stopped queue's number and rings. What could not be stopped is never used again.
  void ReleaseQueue(uint16_t number);

  /// False once something cannot be mended but by a reset: all queues' stop words say so too.
  bool Healthy();

 private:
  struct QueueSlot {
    bool used = false;
    bool stopped = false;
    DmaBlock rings;
  };

  explicit QmFunction(const QmFunctionParts& parts);
  Outcome Identify();
  Outcome CountQueues();
  Outcome SetUpTables();
  Outcome SetUpEvents();
  Outcome HandOver(MailboxCommand command, const ContextBlock& block, uint16_t queue);
  Result<ContextBlock> Fetch(MailboxCommand command, uint16_t queue);
  Outcome StartContexts(uint16_t number, Direction direction, const DmaBlock& rings);
  bool WaitDrained(uint16_t number);
  void RingEventDoorbells();
  void Break();

  const QmFunctionParts parts_;
  QmMailbox mailbox_;
  int protocol_ = 0;
  uint32_t capabilities_ = 0;
  uint32_t sq_depth_ = 1024;
  uint32_t cq_depth_ = 1024;
  uint32_t eq_depth_ = 2048;
  uint32_t aeq_depth_ = 1024;
  bool doorbell_pages_ = false;
  std::unique_ptr<DmaPool> pool_;
  DmaBlock tables_;   ///< SQC table, then CQC table
  DmaBlock events_;   ///< EQ, then AEQ
  DmaBlock context_;  ///< the block that a mailbox command names; guarded by mutex_
  std::mutex mutex_;  ///< queues start and stop, none of which is on a hot path
  std::vector<QueueSlot> used_;
  /// The kernel's stop word for queues that have no kernel driver: 1 = broken.
  uint32_t stop_word_ = 0;
};

}  // namespace warpdrive::hisilicon
