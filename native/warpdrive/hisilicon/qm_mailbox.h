// The queue manager's mailbox: how software hands it contexts.
#pragma once

#include <cstdint>
#include <mutex>

#include "warpdrive/hisilicon/qm_registers.h"
#include "warpdrive/mmio.h"
#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"

namespace warpdrive::hisilicon {

/// One per function. Thread-safe: a command waits for the one before.
class QmMailbox {
 public:
  /// `bar2` and `calls` (for sleeping) outlive it.
  QmMailbox(Mmio* bar2, Syscalls* calls) : bar2_(bar2), calls_(calls) {}

  /// The device reads the block at `address` (an IOVA; 0 where the command has none).
  Outcome Write(MailboxCommand command, uint64_t address, uint16_t queue);
  /// The device writes the block at `address`.
  Outcome ReadInto(MailboxCommand command, uint64_t address, uint16_t queue);
  /// A command whose answer is 64 bits in registers.
  Result<uint64_t> Query(MailboxCommand command, uint16_t queue);

 private:
  Outcome Run(MailboxCommand command, uint64_t address, uint16_t queue, bool read);
  Outcome WaitIdle(uint32_t* word, MailboxCommand command);

  Mmio* bar2_;
  Syscalls* calls_;
  std::mutex mutex_;  ///< commands are rare, and each takes microseconds in the device
};

}  // namespace warpdrive::hisilicon
