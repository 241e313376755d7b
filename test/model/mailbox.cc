// The mailbox: 16 bytes at 0x300, one 128-bit store per command (drivers/crypto/hisilicon/qm.c,
// qm_mb_write()).
#include <cstring>

#include "model/function_impl.h"

namespace warpdrive::model {
namespace {

constexpr uint16_t kBusy = 1u << 13;
constexpr uint16_t kRead = 1u << 14;
constexpr uint16_t kStatusBits = 0xf << 9;
constexpr uint16_t kUnused = 1u << 15;

constexpr uint32_t kSqeLog2 = 7;
constexpr uint32_t kCqeLog2 = 4;

}  // namespace

MailboxStatus ZipFunction::Impl::BadMailbox(Reason reason, MailboxStatus status,
                                            const std::string& detail) {
  recorder.Refuse(reason, "mailbox: " + detail);
  return status;
}

uint32_t ZipFunction::Impl::ReadMailboxWord(uint32_t index) {
  if (index != 0) return mailbox_[index];
  uint32_t word = mailbox_[0];
  if (has_half_mailbox_) {
    std::memcpy(&word, half_mailbox_, sizeof(word));
  } else if (mailbox_busy_reads_ > 0) {
    --mailbox_busy_reads_;
    word |= kBusy;
  }
  return word;
}

void ZipFunction::Impl::MailboxStore(uint64_t offset, const uint8_t* data, size_t size) {
  uint8_t message[16];
  const bool upper = has_half_mailbox_ && offset == reg::kMailbox + 8 && size == 8;
  if (has_half_mailbox_ && !upper) {
    recorder.Refuse(Reason::kAccessWidth, "lower half of a mailbox store without the upper");
  }
  has_half_mailbox_ = false;
  if (upper) {
    std::memcpy(message, half_mailbox_, 8);
    std::memcpy(message + 8, data, 8);
    recorder.Note(Reason::kSplitMailbox, "mailbox store in two halves");
    return MailboxRun(message);
  }
  if (size == 16) return MailboxRun(data);
  if (options.split_mailbox && offset == reg::kMailbox && size == 8) {
    std::memcpy(half_mailbox_, data, 8);
    has_half_mailbox_ = true;
    return;
  }
  recorder.Refuse(Reason::kAccessWidth,
                  Hex("mailbox store at offset", offset) + Hex(" of size", size));
}

void ZipFunction::Impl::MailboxRun(const uint8_t* message) {
  uint32_t words[4];
  std::memcpy(words, message, sizeof(words));
  const auto control = static_cast<uint16_t>(words[0]);
  const auto queue = static_cast<uint16_t>(words[0] >> 16);
  const auto command = static_cast<MailboxCommand>(control & 0xff);
  if (mailbox_busy_reads_ > 0) {
    recorder.Refuse(Reason::kMailboxMalformed, Hex("mailbox: store while busy:", words[0]));
    return;
  }
  if ((control & kBusy) == 0) {
    recorder.Refuse(Reason::kMailboxMalformed, Hex("mailbox: busy bit not set:", words[0]));
    return;
  }
  MailboxStatus status = MailboxStatus::kOk;
  uint8_t forced = 0;
  for (const Fault& fault : faults.ForMailbox(queue)) {
    if (fault.kind == FaultKind::kMailboxStatus) forced = fault.value & 0xf;
    if (fault.kind == FaultKind::kMailboxBusy) mailbox_busy_reads_ = fault.value;
  }
  std::memcpy(mailbox_, words, sizeof(mailbox_));
  if ((control & (kStatusBits | kUnused)) != 0 || words[3] != 0) {
    status = BadMailbox(Reason::kMailboxMalformed, MailboxStatus::kBadCommand,
                        Hex("reserved bits:", words[0]) + Hex(", last word", words[3]));
  } else if (forced == 0) {
    const uint64_t address = words[1] | static_cast<uint64_t>(words[2]) << 32;
    status = MailboxCarryOut(command, (control & kRead) != 0, queue, address);
  }
  const uint32_t code = forced != 0 ? forced : static_cast<uint32_t>(status);
  mailbox_[0] = (words[0] & ~static_cast<uint32_t>(kBusy | kStatusBits)) | code << 9;
}

MailboxStatus ZipFunction::Impl::MailboxCarryOut(MailboxCommand command, bool read, uint16_t queue,
                                                 uint64_t address) {
  switch (command) {
    case MailboxCommand::kSqc:
    case MailboxCommand::kCqc:
    case MailboxCommand::kEqc:
    case MailboxCommand::kAeqc:
      return ContextMailbox(command, read, queue, address);
    case MailboxCommand::kSqcTable:
    case MailboxCommand::kCqcTable: {
      if (read) break;
      if (queue != 0) {
        return BadMailbox(Reason::kMailboxQueue, MailboxStatus::kBadQueue,
                          Hex("table, queue", queue));
      }
      uint8_t probe[kContextSize];
      const uint64_t last = address + kContextSize * (queues_.size() - 1);
      if (address == 0 || address % kContextSize != 0 || !bus_.Read(address, probe, kContextSize) ||
          !bus_.Read(last, probe, kContextSize)) {
        return BadMailbox(Reason::kMailboxDma, MailboxStatus::kBadAddress,
                          Hex("table at", address));
      }
      (command == MailboxCommand::kSqcTable ? sqc_table_ : cqc_table_) = address;
      return MailboxStatus::kOk;
    }
    case MailboxCommand::kVft:
      if (!read) break;
      if (options.generation == Generation::kV1) break;
      return QueryVft();
    case MailboxCommand::kStopQp:
      if (read || !options.stop_qp) break;
      return StopQueue(queue);
  }
  return BadMailbox(Reason::kMailboxCommand, MailboxStatus::kBadCommand,
                    Hex("command", static_cast<uint8_t>(command)) + (read ? ", read" : ", write"));
}

MailboxStatus ZipFunction::Impl::QueryVft() {
  const uint64_t value = static_cast<uint64_t>(options.queue_base) << 28 |
                         static_cast<uint64_t>(options.queue_count - 1) << 45;
  mailbox_[1] = static_cast<uint32_t>(value);
  mailbox_[2] = static_cast<uint32_t>(value >> 32);
  return MailboxStatus::kOk;
}

MailboxStatus ZipFunction::Impl::ContextMailbox(MailboxCommand command, bool read, uint16_t queue,
                                                uint64_t address) {
  const bool of_queue = command == MailboxCommand::kSqc || command == MailboxCommand::kCqc;
  if (queue >= (of_queue ? queues_.size() : 1)) {
    return BadMailbox(Reason::kMailboxQueue, MailboxStatus::kBadQueue, Hex("queue", queue));
  }
  if (address == 0 || address % kContextSize != 0) {
    return BadMailbox(Reason::kMailboxDma, MailboxStatus::kBadAddress, Hex("context at", address));
  }
  if (read) {
    const ContextBlock block = CurrentContext(command, queue);
    if (bus_.Write(address, block.bytes, kContextSize)) return MailboxStatus::kOk;
  } else {
    ContextBlock block;
    if (bus_.Read(address, block.bytes, kContextSize)) return WriteContext(command, queue, block);
  }
  return BadMailbox(Reason::kMailboxDma, MailboxStatus::kBadAddress, Hex("context at", address));
}

MailboxStatus ZipFunction::Impl::WriteContext(MailboxCommand command, uint16_t queue,
                                              const ContextBlock& block) {
  if (command == MailboxCommand::kEqc) return WriteEventQueue(false, block);
  if (command == MailboxCommand::kAeqc) return WriteEventQueue(true, block);
  if (!has_eq_ || !has_aeq_ || sqc_table_ == 0 || cqc_table_ == 0) {
    return BadMailbox(Reason::kMailboxOrder, MailboxStatus::kNotReady,
                      "queue context before EQC, AEQC and both tables");
  }
  const bool sqc = command == MailboxCommand::kSqc;
  const uint64_t slot = (sqc ? sqc_table_ : cqc_table_) + kContextSize * queue;
  if (!bus_.Write(slot, block.bytes, kContextSize)) {
    return BadMailbox(Reason::kMailboxDma, MailboxStatus::kBadAddress, Hex("table entry at", slot));
  }
  return sqc ? WriteSqc(queue, block) : WriteCqc(queue, block);
}

MailboxStatus ZipFunction::Impl::WriteSqc(uint16_t queue, const ContextBlock& block) {
  QueuePair& pair = queues_[queue];
  const auto bad = [&](const std::string& why) {
    return BadMailbox(Reason::kContext, MailboxStatus::kBadContext,
                      Hex("SQC of queue", queue) + ": " + why);
  };
  pair.has_sqc = false;
  pair.hung = false;
  std::erase_if(delayed_, [queue](const Completion& late) { return late.queue == queue; });
  if (block.IsZero()) return MailboxStatus::kOk;  // taken out of use
  const uint16_t w13 = block.U16(26);
  pair.disabled = (w13 >> 6 & 1) != 0;
  if (pair.disabled) return MailboxStatus::kOk;  // as the kernel's reset path leaves it
  const std::string why =
      DecodeRing(block, options.generation, kSqeLog2, options.sq_depth, &pair.sq);
  if (!why.empty()) return bad(why);
  const uint32_t type = w13 >> 8 & 0xf;
  if (type > 1) return bad(Hex("type", type));
  if ((w13 & ~0x0f5fu) != 0) return bad(Hex("reserved bits: word 13", w13));
  if (block.U16(24) != queue) return bad(Hex("cq_num", block.U16(24)));
  if (!options.sva && (block.U16(20) != 0 || (block.U16(22) & 0x80) != 0)) {
    return bad(Hex("PASID without SVA:", block.U16(20)));
  }
  pair.decompress = type == 1;
  pair.sqc = block;
  pair.has_sqc = true;
  return MailboxStatus::kOk;
}

MailboxStatus ZipFunction::Impl::WriteCqc(uint16_t queue, const ContextBlock& block) {
  QueuePair& pair = queues_[queue];
  const auto bad = [&](const std::string& why) {
    return BadMailbox(Reason::kContext, MailboxStatus::kBadContext,
                      Hex("CQC of queue", queue) + ": " + why);
  };
  pair.has_cqc = false;
  if (block.IsZero()) return MailboxStatus::kOk;
  const std::string why =
      DecodeRing(block, options.generation, kCqeLog2, options.cq_depth, &pair.cq);
  if (!why.empty()) return bad(why);
  const uint32_t dw6 = block.U32(24);
  if ((dw6 & 1) == 0) return bad(Hex("phase must start as 1: dword 6", dw6));
  if ((dw6 & ~3u) != 0) return bad(Hex("reserved bits: dword 6", dw6));
  if (!options.sva && (block.U16(20) != 0 || (block.U16(22) & 1) != 0)) {
    return bad(Hex("PASID without SVA:", block.U16(20)));
  }
  pair.event_armed = (dw6 >> 1 & 1) != 0;
  pair.cqc = block;
  pair.has_cqc = true;
  return MailboxStatus::kOk;
}

MailboxStatus ZipFunction::Impl::WriteEventQueue(bool async, const ContextBlock& block) {
  const uint32_t dw6 = block.U32(24);
  const uint32_t depth = (dw6 & 0xffff) + 1;
  const uint32_t most = async ? options.aeq_depth : options.eq_depth;
  const uint32_t dw3 = options.generation == Generation::kV1 && !async ? 2u << 12 : 0;
  bool& has = async ? has_aeq_ : has_eq_;
  has = false;
  if (block.IsZero()) return MailboxStatus::kOk;
  if (block.Ring() == 0 || block.Ring() % kContextSize != 0 || depth < 2 || depth > most ||
      (dw6 >> 16) != 1 || block.U32(12) != dw3 || block.U32(0) != 0) {
    return BadMailbox(Reason::kContext, MailboxStatus::kBadContext,
                      Hex(async ? "AEQC: ring" : "EQC: ring", block.Ring()) +
                          Hex(", dword 3", block.U32(12)) + Hex(", dword 6", dw6));
  }
  Ring& ring = async ? aeq_ : eq_;
  ring = Ring{};
  ring.base = block.Ring();
  ring.depth = depth;
  (async ? aeqc_ : eqc_) = block;
  (async ? aeq_ready_ : eq_ready_) = true;
  has = true;
  return MailboxStatus::kOk;
}

ContextBlock ZipFunction::Impl::CurrentContext(MailboxCommand command, uint16_t queue) const {
  ContextBlock block;
  if (command == MailboxCommand::kSqc) {
    const QueuePair& pair = queues_[queue];
    if (!pair.has_sqc) return block;
    block = pair.sqc;
    block.SetU16(0, pair.sq.head);
    block.SetU16(2, pair.sq.tail);
    block.SetU16(22, static_cast<uint16_t>((block.U16(22) & ~0x40) | pair.sq.tail_wrap << 6));
    if (pair.disabled) block.SetU16(26, block.U16(26) | 0x40);
  } else if (command == MailboxCommand::kCqc) {
    const QueuePair& pair = queues_[queue];
    if (!pair.has_cqc) return block;
    block = pair.cqc;
    block.SetU16(0, pair.cq.head);
    block.SetU16(2, pair.cq.tail);
    block.SetU16(22, static_cast<uint16_t>((block.U16(22) & ~0x40) | pair.cq.tail_wrap << 6));
    block.SetU16(24, static_cast<uint16_t>(pair.cq.phase | pair.event_armed << 1));
  } else {
    const bool async = command == MailboxCommand::kAeqc;
    if (!(async ? has_aeq_ : has_eq_)) return block;
    const Ring& ring = async ? aeq_ : eq_;
    block = async ? aeqc_ : eqc_;
    block.SetU16(0, ring.head);
    block.SetU16(2, ring.tail);
    block.SetU16(26, ring.phase);
  }
  return block;
}

MailboxStatus ZipFunction::Impl::StopQueue(uint16_t queue) {
  if (queue >= queues_.size()) {
    return BadMailbox(Reason::kMailboxQueue, MailboxStatus::kBadQueue, Hex("queue", queue));
  }
  QueuePair& pair = queues_[queue];
  if (!pair.has_sqc || !pair.has_cqc) {
    return BadMailbox(Reason::kMailboxQueue, MailboxStatus::kBadQueue,
                      Hex("STOP_QP of a queue without contexts:", queue));
  }
  if (options.stop_qp_drains) DrainQueue(queue);
  pair.disabled = true;
  return MailboxStatus::kOk;
}

}  // namespace warpdrive::model
