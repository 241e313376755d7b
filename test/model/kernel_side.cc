#include "model/kernel_side.h"

#include <cstdlib>
#include <cstring>

namespace warpdrive::model {
namespace {

constexpr size_t kPage = 4096;

void PutU16(uint8_t* to, uint16_t value) { std::memcpy(to, &value, sizeof(value)); }
void PutU32(uint8_t* to, uint32_t value) { std::memcpy(to, &value, sizeof(value)); }
void PutU64(uint8_t* to, uint64_t value) { std::memcpy(to, &value, sizeof(value)); }

}  // namespace

SharedMemory::SharedMemory(MappedBus* bus, size_t size, uint32_t access)
    : bus_(bus), size_((size + kPage - 1) / kPage * kPage) {
  data_ = static_cast<uint8_t*>(std::aligned_alloc(kPage, size_));
  if (data_ == nullptr) std::abort();
  std::memset(data_, 0, size_);
  bus_->MapIdentity(data_, size_, access);
}

SharedMemory::~SharedMemory() {
  bus_->Unmap(iova(), size_);
  std::free(data_);
}

MailboxStatus KernelSide::Mailbox(MailboxCommand command, bool read, uint16_t queue,
                                  uint64_t address) {
  uint8_t message[16] = {};
  PutU16(message,
         static_cast<uint16_t>(static_cast<unsigned>(command) | 1u << 13 | (read ? 1u << 14 : 0)));
  PutU16(message + 2, queue);
  PutU64(message + 4, address);
  function_->Write(2, reg::kMailbox, message, sizeof(message));
  uint32_t word = function_->Read32(2, reg::kMailbox);
  for (int i = 0; i < 1000 && (word >> 13 & 1) != 0; ++i) {
    word = function_->Read32(2, reg::kMailbox);
  }
  return static_cast<MailboxStatus>(word >> 9 & 0xf);
}

void KernelSide::Ring(Bell bell, uint16_t queue, uint16_t index, uint16_t priority) {
  const auto command = static_cast<uint64_t>(bell);
  uint64_t value =
      queue | static_cast<uint64_t>(index) << 32 | static_cast<uint64_t>(priority) << 48;
  const bool of_queue = bell == Bell::kSq || bell == Bell::kCq;
  const Options& options = function_->options();
  if (options.generation == Generation::kV1) {
    return function_->Write64(2, reg::kDoorbellV1, value | command << 16);
  }
  value |= command << 12;
  if (!of_queue) return function_->Write64(2, reg::kEventBell, value);
  if (!options.doorbell_isolation) return function_->Write64(2, reg::kDoorbell, value);
  function_->Write64(4, kDoorbellPage * queue + reg::kDoorbell, value);
}

bool KernelSide::BringUp(bool interrupts) {
  const Options& options = function_->options();
  const uint16_t command = 0x0006;  // memory, bus master
  function_->WriteConfig(4, &command, sizeof(command));
  eq_.reset(new SharedMemory(bus_, 4u * options.eq_depth));
  aeq_.reset(new SharedMemory(bus_, 4u * options.aeq_depth));
  tables_.reset(new SharedMemory(bus_, 2u * kContextSize * options.queue_count));
  scratch_.reset(new SharedMemory(bus_, kPage));
  const bool v1 = options.generation == Generation::kV1;
  for (const bool async : {false, true}) {
    uint8_t* block = scratch_->data();
    std::memset(block, 0, kContextSize);
    PutU64(block + 4, async ? aeq_->iova() : eq_->iova());
    PutU32(block + 12, v1 && !async ? 2u << 12 : 0);
    PutU32(block + 24, ((async ? options.aeq_depth : options.eq_depth) - 1u) | 1u << 16);
    const auto which = async ? MailboxCommand::kAeqc : MailboxCommand::kEqc;
    if (Mailbox(which, false, 0, scratch_->iova()) != MailboxStatus::kOk) return false;
  }
  const uint64_t cqc_table = tables_->iova() + kContextSize * options.queue_count;
  if (Mailbox(MailboxCommand::kSqcTable, false, 0, tables_->iova()) != MailboxStatus::kOk ||
      Mailbox(MailboxCommand::kCqcTable, false, 0, cqc_table) != MailboxStatus::kOk) {
    return false;
  }
  Ring(Bell::kAeq, 0, 0);
  Ring(Bell::kEq, 0, 0);
  if (interrupts) {
    function_->Write32(2, reg::kAeqMask, 0);
    function_->Write32(2, reg::kEqMask, 0);
  }
  if (options.generation == Generation::kHip09) function_->Write32(2, reg::kVfState, 0);
  return true;
}

bool KernelSide::StartQueue(uint16_t queue, bool decompress, uint64_t sq_iova, uint32_t sq_depth,
                            uint64_t cq_iova, uint32_t cq_depth, bool events) {
  const bool v1 = function_->options().generation == Generation::kV1;
  const auto fill = [&](uint64_t ring, uint32_t depth, uint32_t entry_log2) {
    uint8_t* block = scratch_->data();
    std::memset(block, 0, kContextSize);
    PutU64(block + 4, ring);
    PutU32(block + 12, v1 ? entry_log2 << 12 : (depth - 1) | entry_log2 << 12);
    PutU16(block + 16, v1 ? static_cast<uint16_t>(depth - 1) : 0);
    return block;
  };
  uint8_t* block = fill(sq_iova, sq_depth, 7);
  PutU16(block + 24, queue);
  PutU16(block + 26, decompress ? 0x0110 : 0x0010);
  if (Mailbox(MailboxCommand::kSqc, false, queue, scratch_->iova()) != MailboxStatus::kOk) {
    return false;
  }
  block = fill(cq_iova, cq_depth, 4);
  PutU32(block + 24, events ? 3 : 1);
  return Mailbox(MailboxCommand::kCqc, false, queue, scratch_->iova()) == MailboxStatus::kOk;
}

bool KernelSide::StopQueue(uint16_t queue) {
  bool good = true;
  if (function_->options().stop_qp) {
    good = Mailbox(MailboxCommand::kStopQp, false, queue, 0) == MailboxStatus::kOk;
  }
  std::memset(scratch_->data(), 0, kContextSize);
  for (const MailboxCommand command : {MailboxCommand::kSqc, MailboxCommand::kCqc}) {
    good &= Mailbox(command, false, queue, scratch_->iova()) == MailboxStatus::kOk;
  }
  return good;
}

}  // namespace warpdrive::model
