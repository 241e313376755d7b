// What the kernel's driver does to a function: for tests that need a queue which is set up
// already, as spimdev and uacce hand it out. No code of the user library is in here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/dma_bus.h"
#include "model/registers.h"
#include "model/zip_function.h"

namespace warpdrive::model {

/// Zeroed pages that the device reaches at their own address, until destroyed.
class SharedMemory {
 public:
  SharedMemory(MappedBus* bus, size_t size, uint32_t access = MappedBus::kReadWrite);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  uint64_t iova() const { return reinterpret_cast<uintptr_t>(data_); }

 private:
  MappedBus* bus_;
  uint8_t* data_;
  size_t size_;
};

class KernelSide {
 public:
  KernelSide(ZipFunction* function, MappedBus* bus) : function_(function), bus_(bus) {}

  /// Config space, event queues, tables, interrupts. False when the function refused a step.
  bool BringUp(bool interrupts = false);
  /// SQC and CQC. The rings stay the caller's: `sq_depth` x 128 and `cq_depth` x 16 zeroed bytes.
  bool StartQueue(uint16_t queue, bool decompress, uint64_t sq_iova, uint32_t sq_depth,
                  uint64_t cq_iova, uint32_t cq_depth, bool events = false);
  /// STOP_QP where the function knows it; zeroes the contexts.
  bool StopQueue(uint16_t queue);
  /// One command by one 128-bit store; the status bits.
  MailboxStatus Mailbox(MailboxCommand command, bool read, uint16_t queue, uint64_t address);
  /// The doorbell word of this generation, stored where it belongs.
  void Ring(Bell bell, uint16_t queue, uint16_t index, uint16_t priority = 0);

  SharedMemory* eq() { return eq_.get(); }
  SharedMemory* aeq() { return aeq_.get(); }
  SharedMemory* scratch() { return scratch_.get(); }

 private:
  ZipFunction* function_;
  MappedBus* bus_;
  std::unique_ptr<SharedMemory> eq_, aeq_, tables_, scratch_;
};

}  // namespace warpdrive::model
