#include "warpdrive/hisilicon/qm_function.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "warpdrive/hisilicon/barrier.h"
#include "warpdrive/hisilicon/qm_protocol.h"

namespace warpdrive::hisilicon {
namespace {

// PCI configuration space (PCI Local Bus Specification 3.0, 6.1).
constexpr uint32_t kConfigId = 0x00;
constexpr uint32_t kConfigCommand = 0x04;
constexpr uint32_t kConfigRevision = 0x08;
constexpr uint32_t kCommandMemory = 1u << 1;
constexpr uint32_t kCommandBusMaster = 1u << 2;

constexpr uint32_t kIdPhysical = 0xA250'19E5;
constexpr uint32_t kIdVirtual = 0xA251'19E5;

/// A function needs no more to be useful, and its tables cost 64 bytes a queue.
constexpr uint32_t kMostQueues = 1024;
/// V1 cannot be asked: its only virtual function has all queues behind the physical one's 64.
constexpr uint32_t kV1Queues = 4096 - 64;

constexpr int kDrainPolls = 1000;
constexpr uint32_t kDrainPollUs = 150;

int ProtocolOf(uint8_t revision) {
  switch (revision) {
    case 0x20:
      return 1;
    case 0x21:
      return 2;
    case 0x30:  // HIP09, and its successors, which the kernel drives alike
    case 0x50:
    case 0x51:
      return 3;
    default:
      return 0;
  }
}

std::string Hex(uint32_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[value >> shift & 0xF];
  return text;
}

}  // namespace

QmFunction::QmFunction(const QmFunctionParts& parts)
    : parts_(parts), mailbox_(parts.bar2, parts.calls) {}

QmFunction::~QmFunction() = default;

Result<std::unique_ptr<QmFunction>> QmFunction::Start(const QmFunctionParts& parts) {
  std::unique_ptr<QmFunction> function(new QmFunction(parts));
  if (Outcome outcome = function->Identify(); !outcome) return outcome.error();
  if (Outcome outcome = function->CountQueues(); !outcome) return outcome.error();
  if (Outcome outcome = function->SetUpTables(); !outcome) return outcome.error();
  if (Outcome outcome = function->SetUpEvents(); !outcome) return outcome.error();
  return function;
}

Outcome QmFunction::Identify() {
  const uint32_t id = parts_.config->Read32(kConfigId);
  if (id != kIdPhysical && id != kIdVirtual) {
    return Error{ErrorCode::kUnsupported, 0,
                 "PCI id " + Hex(id) + " is no HiSilicon ZIP function (19e5:a250, 19e5:a251)"};
  }
  const auto revision = static_cast<uint8_t>(parts_.config->Read32(kConfigRevision));
  protocol_ = ProtocolOf(revision);
  if (protocol_ == 0) {
    return Error{ErrorCode::kUnsupported, 0,
                 "PCI revision " + Hex(revision) + " is no known queue manager"};
  }
  if (parts_.bar2->size() < reg::kEnd) {
    return Error{ErrorCode::kProtocol, 0,
                 "BAR2 has " + std::to_string(parts_.bar2->size()) + " bytes, at least " +
                     std::to_string(reg::kEnd) + " are needed"};
  }
  const uint32_t command = parts_.config->Read32(kConfigCommand);
  parts_.config->Write16(kConfigCommand,
                         static_cast<uint16_t>(command | kCommandMemory | kCommandBusMaster));
  if (protocol_ < 3) return {};

  capabilities_ = parts_.bar2->Read32(reg::kCapabilities);
  if (capabilities_ == 0xFFFFFFFF) {
    return Error{ErrorCode::kGone, 0, "the device's registers do not answer"};
  }
  const uint32_t queue_depths = parts_.bar2->Read32(reg::kQueueDepths);
  const uint32_t event_depths = parts_.bar2->Read32(reg::kEventDepths);
  // Ours to choose, up to what the device can.
  sq_depth_ = std::min(sq_depth_, queue_depths & 0xFFFF);
  cq_depth_ = std::min(cq_depth_, queue_depths >> 16);
  eq_depth_ = std::min(eq_depth_, event_depths & 0xFFFF);
  aeq_depth_ = std::min(aeq_depth_, event_depths >> 16);
  if (std::min({sq_depth_, cq_depth_, eq_depth_, aeq_depth_}) < 2) {
    return Error{ErrorCode::kProtocol, 0,
                 "the device reports rings of no size: queues " + Hex(queue_depths) + ", events " +
                     Hex(event_depths)};
  }
  doorbell_pages_ = (parts_.bar2->Read32(reg::kIsolation) & 1) != 0;
  if (doorbell_pages_ && parts_.bar4 == nullptr) {
    return Error{ErrorCode::kProtocol, 0, "doorbell pages are on, but there is no BAR4"};
  }
  return {};
}

Outcome QmFunction::CountQueues() {
  uint32_t count = kV1Queues;
  if (protocol_ != 1) {
    const Result<uint64_t> range = mailbox_.Query(MailboxCommand::kQueueRange, 0);
    if (!range) return range.error();
    count = static_cast<uint32_t>(range.value() >> 45 & 0x3FF) + 1;
  }
  count = std::min(count, kMostQueues);
  if (doorbell_pages_) {
    count =
        static_cast<uint32_t>(std::min<size_t>(count, parts_.bar4->size() / kDoorbellPageBytes));
  }
  if (count == 0) {
    return Error{ErrorCode::kBusy, 0,
                 "the function has no queues: the physical function's driver assigns them when "
                 "sriov_numvfs is written"};
  }
  used_.resize(count);
  return {};
}

Outcome QmFunction::SetUpTables() {
  Result<std::unique_ptr<DmaPool>> pool =
      DmaPool::Create(parts_.mapper, parts_.arena_size, parts_.calls);
  if (!pool) return pool.error();
  pool_ = pool.Take();
  const size_t table = size_t{queue_count()} * kContextBlockBytes;
  constexpr size_t kPage = 4096;
  tables_ = pool_->Take(2 * table, kPage);
  events_ = pool_->Take((eq_depth_ + aeq_depth_) * kEventBytes, kPage);
  context_ = pool_->Take(kContextBlockBytes);
  if (!tables_ || !events_ || !context_) {
    return Error{ErrorCode::kMemoryLimit, 0,
                 "an arena of " + std::to_string(parts_.arena_size) +
                     " bytes does not hold the tables of " + std::to_string(queue_count()) +
                     " queues"};
  }
  const ContextBlock eq = EqContext(protocol_, events_.iova(), eq_depth_);
  const ContextBlock aeq = AeqContext(events_.iova() + eq_depth_ * kEventBytes, aeq_depth_);
  if (Outcome outcome = HandOver(MailboxCommand::kEqc, eq, 0); !outcome) return outcome;
  if (Outcome outcome = HandOver(MailboxCommand::kAeqc, aeq, 0); !outcome) return outcome;
  const Outcome outcome = mailbox_.Write(MailboxCommand::kSqcTable, tables_.iova(), 0);
  if (!outcome) return outcome;
  return mailbox_.Write(MailboxCommand::kCqcTable, tables_.iova() + table, 0);
}

Outcome QmFunction::SetUpEvents() {
  if ((capabilities_ & kCapSvaPrefetch) != 0) {
    const long page = sysconf(_SC_PAGESIZE);
    parts_.bar2->Write32(reg::kPageSize, page == 65536 ? 2 : page == 16384 ? 1 : 0);
  }
  // The event rings must exist, but nobody sleeps on them: completions are polled for.
  parts_.bar2->Write32(reg::kAeqMask, 1);
  parts_.bar2->Write32(reg::kEqMask, 1);
  RingEventDoorbells();
  if (protocol_ >= 3) parts_.bar2->Write32(reg::kVfState, 0);
  return {};
}

void QmFunction::RingEventDoorbells() {
  const size_t place = protocol_ == 1 ? reg::kDoorbellV1 : reg::kEventDoorbell;
  BarrierBeforeSubmit();  // the zeroed rings before the store that opens them
  for (const DoorbellCommand command : {DoorbellCommand::kAeq, DoorbellCommand::kEq}) {
    parts_.bar2->Write64(place, Encode({.command = command}, protocol_));
  }
}

Outcome QmFunction::HandOver(MailboxCommand command, const ContextBlock& block, uint16_t queue) {
  std::memcpy(context_.data(), block.data(), kContextBlockBytes);
  return mailbox_.Write(command, context_.iova(), queue);
}

Result<ContextBlock> QmFunction::Fetch(MailboxCommand command, uint16_t queue) {
  std::memset(context_.data(), 0, kContextBlockBytes);
  if (Outcome outcome = mailbox_.ReadInto(command, context_.iova(), queue); !outcome) {
    return outcome.error();
  }
  ContextBlock block;
  std::memcpy(block.data(), context_.data(), kContextBlockBytes);
  return block;
}

Outcome QmFunction::StartContexts(uint16_t number, Direction direction, const DmaBlock& rings) {
  const uint64_t cq = rings.iova() + size_t{sq_depth_} * kSqeBytes;
  const ContextBlock sqc =
      SqContext(protocol_, rings.iova(), sq_depth_, number, static_cast<uint8_t>(direction));
  if (Outcome outcome = HandOver(MailboxCommand::kSqc, sqc, number); !outcome) return outcome;
  return HandOver(MailboxCommand::kCqc, CqContext(protocol_, cq, cq_depth_), number);
}

Result<QueueRings> QmFunction::StartQueue(Direction direction) {
  const std::lock_guard lock(mutex_);
  if (stop_word_ != 0) return Error{ErrorCode::kGone, 0, "the function waits for a reset"};
  const auto free =
      std::find_if(used_.begin(), used_.end(), [](const QueueSlot& slot) { return !slot.used; });
  if (free == used_.end()) {
    return Error{ErrorCode::kBusy, 0,
                 "all " + std::to_string(queue_count()) + " queues of the function are in use"};
  }
  const auto number = static_cast<uint16_t>(free - used_.begin());
  const size_t sq_bytes = size_t{sq_depth_} * kSqeBytes;
  DmaBlock rings = pool_->Take(sq_bytes + size_t{cq_depth_} * kCqeBytes, 4096);
  if (!rings) {
    return Error{ErrorCode::kBusy, 0, "the function's arena has no room for another queue"};
  }
  if (Outcome outcome = StartContexts(number, direction, rings); !outcome) {
    Break();
    rings.Abandon();
    return outcome.error();
  }
  QueueRings result;
  result.sq = rings.data();
  result.cq = rings.data() + sq_bytes;
  result.sq_depth = sq_depth_;
  result.cq_depth = cq_depth_;
  result.sqe_size = kSqeBytes;
  result.queue_number = number;
  result.protocol = protocol_;
  result.doorbell = doorbell_pages_ ? parts_.bar4 : parts_.bar2;
  result.doorbell_offset = protocol_ == 1    ? reg::kDoorbellV1
                           : doorbell_pages_ ? number * kDoorbellPageBytes + reg::kDoorbell
                                             : reg::kDoorbell;
  result.stop_send = &stop_word_;
  result.stop_receive = &stop_word_;
  *free = {.used = true, .stopped = false, .rings = std::move(rings)};
  return result;
}

bool QmFunction::WaitDrained(uint16_t number) {
  for (int poll = 0; poll < kDrainPolls; ++poll) {
    const Result<ContextBlock> sq = Fetch(MailboxCommand::kSqc, number);
    const Result<ContextBlock> cq = Fetch(MailboxCommand::kCqc, number);
    if (!sq || !cq) return false;
    if (IsDrained(sq.value(), cq.value())) return true;
    parts_.calls->SleepMicroseconds(kDrainPollUs);
  }
  return false;
}

bool QmFunction::StopQueue(uint16_t number) {
  const std::lock_guard lock(mutex_);
  QueueSlot& slot = used_[number];
  if (!slot.used || slot.stopped) return slot.stopped;
  // A broken function is reset before anything else may use it, but until then it may do anything.
  if (stop_word_ != 0) return false;
  const bool stopped = (capabilities_ & kCapStopQueue) != 0
                           ? mailbox_.Write(MailboxCommand::kStopQueue, 0, number).ok()
                           : WaitDrained(number);
  // Without contexts the queue exists no more, and its number can be used again.
  slot.stopped = stopped && HandOver(MailboxCommand::kSqc, {}, number).ok() &&
                 HandOver(MailboxCommand::kCqc, {}, number).ok();
  if (!slot.stopped) Break();
  return slot.stopped;
}

void QmFunction::ReleaseQueue(uint16_t number) {
  const std::lock_guard lock(mutex_);
  QueueSlot& slot = used_[number];
  if (!slot.stopped) {
    slot.rings.Abandon();
    return;
  }
  slot = {};
}

bool QmFunction::Healthy() {
  const std::lock_guard lock(mutex_);
  if (stop_word_ != 0) return false;
  // Any asynchronous event is an error: a ring that overflowed, or a completion that failed. The
  // phase bit is in the word that says so, and nothing else is read for it: no barrier.
  const uint8_t* aeq = events_.data() + size_t{eq_depth_} * kEventBytes;
  const uint32_t event = *reinterpret_cast<const volatile uint32_t*>(aeq);
  // Not the identity: VFIO makes that up for virtual functions.
  const bool silent = parts_.config->Read32(kConfigRevision) == 0xFFFFFFFF;
  if ((event & kEventPhase) != 0 || silent) Break();
  return stop_word_ == 0;
}

// Seen by the queues' owners, who look at the word as at one that the kernel writes: volatile, and
// no order needed, since it only makes them stop. What made us set it they need not see.
void QmFunction::Break() { *static_cast<volatile uint32_t*>(&stop_word_) = 1; }

}  // namespace warpdrive::hisilicon
