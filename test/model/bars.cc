// The registers: loads and stores of the BARs.
#include <algorithm>
#include <cstring>

#include "model/function_impl.h"

namespace warpdrive::model {
namespace {

bool IsAccessSize(size_t size) {
  return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
}

}  // namespace

uint32_t ZipFunction::Impl::ReadCapability(uint32_t offset) const {
  if (!IsV3()) return 0;
  switch (offset) {
    case reg::kCapFunction:
      return 1u | (options.stop_qp ? 1u << 9 : 0) | 1u << 11;
    case reg::kCapEventDepths:
      return options.eq_depth | static_cast<uint32_t>(options.aeq_depth) << 16;
    case reg::kCapQueueDepths:
      return options.sq_depth | static_cast<uint32_t>(options.cq_depth) << 16;
    case reg::kCapEqIrq:
      return 0x10000;
    case reg::kCapAeqIrq:
      return 0x10001;
    case reg::kCapErrorIrq:
      return 0x10003;
    case reg::kCapMessageIrq:
      return 0x10002;
    case reg::kCapIrqCount:
      return 4u << 16 | 3;
    case reg::kCapCores:
      return 2u << 28 | 2u << 24 | 5u << 16 | 2u << 8 | 3;
    case reg::kCapCoreMask:
      return 0x1cu << 16 | 0x3;
    case reg::kCapAlgorithms:
      return 0x3f;  // zlib, gzip, deflate; no lz77
  }
  // Cores 0 and 1 compress (even bits), 2 to 4 decompress (odd bits).
  if (offset >= reg::kCapCoreAlgorithms && offset < reg::kCapCoreAlgorithms + 5 * 4) {
    return (offset - reg::kCapCoreAlgorithms) / 4 < 2 ? 0x15 : 0x2a;
  }
  return 0;
}

uint32_t ZipFunction::Impl::ReadRegister(uint32_t offset) {
  if (offset >= reg::kMailbox && offset < reg::kMailbox + 16) {
    return ReadMailboxWord((offset - reg::kMailbox) / 4);
  }
  switch (offset) {
    case reg::kAeqSource:
      return aeq_source_;
    case reg::kAeqMask:
      return aeq_mask_;
    case reg::kEqSource:
      return eq_source_;
    case reg::kEqMask:
      return eq_mask_;
    case reg::kIsolation:
      return options.doorbell_isolation ? 1 : 0;
    case reg::kPageSize:
      return page_size_;
    case reg::kVfState:
      return vf_state_;
    case reg::kWritebackDone:
      return writeback_done_;
  }
  if (offset >= reg::kMessageSource && offset <= reg::kMessageSet && IsV3()) {
    return message_[(offset - reg::kMessageSource) / 4];
  }
  if (offset >= reg::kEqcShadow && offset < reg::kEqcShadow + 28) {
    return CurrentContext(MailboxCommand::kEqc, 0).U32(static_cast<int>(offset - reg::kEqcShadow));
  }
  if (offset >= reg::kAeqcShadow && offset < reg::kAeqcShadow + 28) {
    return CurrentContext(MailboxCommand::kAeqc, 0)
        .U32(static_cast<int>(offset - reg::kAeqcShadow));
  }
  return ReadCapability(offset);
}

void ZipFunction::Impl::ReadBar(int bar, uint64_t offset, void* data, size_t size) {
  const std::lock_guard lock(state);
  std::memset(data, 0xff, size);
  if (removed_) return;
  if (!config_.memory_enabled()) {
    recorder.Refuse(Reason::kMemoryDisabled, Hex("load at offset", offset));
    return;
  }
  const uint64_t end = bar == 2 ? kBar2Size : bar == 4 ? bar4_size : 0;
  if (!IsAccessSize(size) || offset % size != 0 || offset >= end || size > end - offset) {
    recorder.Refuse(Reason::kAccessWidth, Hex("load at offset", offset) + Hex(" of size", size));
    return;
  }
  std::memset(data, 0, size);
  if (bar != 2) return;  // doorbells read as 0
  auto* to = static_cast<uint8_t*>(data);
  for (size_t done = 0; done < size;) {
    const auto at = static_cast<uint32_t>(offset + done);
    const uint32_t word = ReadRegister(at & ~3u);
    const size_t part = std::min<size_t>(size - done, 4 - at % 4);
    std::memcpy(to + done, reinterpret_cast<const uint8_t*>(&word) + at % 4, part);
    done += part;
  }
}

void ZipFunction::Impl::WriteBar(int bar, uint64_t offset, const void* data, size_t size) {
  // A mailbox command may end requests, so it waits for the one in execution; doorbells do not.
  const bool mailbox = bar == 2 && offset >= reg::kMailbox && offset < reg::kMailbox + 16;
  std::unique_lock run_lock(run, std::defer_lock);
  if (mailbox) run_lock.lock();
  const std::lock_guard lock(state);
  const auto width = static_cast<uint32_t>(std::min<size_t>(size, 16));
  recorder.AddStore(bar, offset, data, width);
  ++counts.stores;
  if (removed_) return;
  if (!config_.memory_enabled()) {
    recorder.Refuse(Reason::kMemoryDisabled, Hex("store at offset", offset));
    return;
  }
  const uint64_t end = bar == 2 ? kBar2Size : bar == 4 ? bar4_size : 0;
  if (!IsAccessSize(size) || offset % size != 0 || offset >= end || size > end - offset) {
    recorder.Refuse(Reason::kAccessWidth, Hex("store at offset", offset) + Hex(" of size", size));
    return;
  }
  const auto* from = static_cast<const uint8_t*>(data);
  if (mailbox) return MailboxStore(offset, from, size);
  if (has_half_mailbox_) {
    has_half_mailbox_ = false;
    recorder.Refuse(Reason::kAccessWidth, "lower half of a mailbox store without the upper");
  }
  const bool doorbell =
      bar == 4 || offset / 8 * 8 == reg::kDoorbell || offset / 8 * 8 == reg::kEventBell ||
      (offset / 8 * 8 == reg::kDoorbellV1 && options.generation == Generation::kV1);
  if (!doorbell) return WriteRegister(offset, from, size);
  if (size != 8) {
    recorder.Refuse(Reason::kAccessWidth,
                    Hex("doorbell store at offset", offset) + Hex(" of size", size));
    return;
  }
  uint64_t value;
  std::memcpy(&value, data, sizeof(value));
  Doorbell(bar, offset, value);
}

void ZipFunction::Impl::WriteRegister(uint64_t offset, const uint8_t* data, size_t size) {
  if (size != 4) {
    recorder.Refuse(Reason::kAccessWidth,
                    Hex("register store at offset", offset) + Hex(" of size", size));
    return;
  }
  uint32_t value;
  std::memcpy(&value, data, sizeof(value));
  WriteRegister32(static_cast<uint32_t>(offset), value);
}

void ZipFunction::Impl::WriteRegister32(uint32_t offset, uint32_t value) {
  const auto bad = [&](Reason reason) {
    recorder.Refuse(reason, Hex("store at offset", offset) + Hex(" of", value));
  };
  const bool v3_only = offset == reg::kVfState || offset == reg::kPageSize ||
                       (offset >= reg::kMessageSource && offset <= reg::kMessageSet);
  if (v3_only && !IsV3()) return bad(Reason::kUnknownRegister);
  const uint32_t most = offset == reg::kPageSize ? 2 : 1;
  switch (offset) {
    case reg::kAeqMask:
    case reg::kEqMask:
    case reg::kPageSize:
    case reg::kVfState:
    case reg::kWritebackStart:
      if (value > most) return bad(Reason::kRegisterValue);
      break;
    case reg::kMessageMask:
    case reg::kMessageSet:
      message_[(offset - reg::kMessageSource) / 4] = value;
      return;
    default:
      return bad(Reason::kUnknownRegister);
  }
  if (offset == reg::kPageSize) page_size_ = value;
  if (offset == reg::kVfState) vf_state_ = value;
  if (offset == reg::kWritebackStart) writeback_done_ = value;
  if (offset == reg::kAeqMask || offset == reg::kEqMask) {
    const bool async = offset == reg::kAeqMask;
    (async ? aeq_mask_ : eq_mask_) = value;
    if (value == 0 && (async ? aeq_source_ : eq_source_) != 0) RaiseInterrupt(async);
  }
}

}  // namespace warpdrive::model
