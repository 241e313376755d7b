// Doorbells: one 64-bit store (drivers/crypto/hisilicon/qm.c, qm_db_v1(), qm_db_v2()), and the
// event queues they serve.
#include "model/function_impl.h"

namespace warpdrive::model {
namespace {

uint16_t Field(uint64_t value, int shift) { return static_cast<uint16_t>(value >> shift); }

}  // namespace

void ZipFunction::Impl::Doorbell(int bar, uint64_t offset, uint64_t value) {
  const auto refuse = [&](Reason reason, const char* why) {
    recorder.Refuse(
        reason, std::string("doorbell: ") + why + Hex(", offset", offset) + Hex(", value", value));
  };
  const uint16_t index = Field(value, 32);
  const uint16_t priority = Field(value, 48);
  uint16_t queue, command, random = 0;
  const bool v1 = options.generation == Generation::kV1;
  if (v1) {
    queue = Field(value, 0);
    command = Field(value, 16);
  } else {
    queue = value & 0xfff;
    command = value >> 12 & 0xf;
    random = Field(value, 16);
  }
  if (command > 3) return refuse(Reason::kDoorbellCommand, "no such command");
  const Bell bell = static_cast<Bell>(command);
  const bool of_queue = bell == Bell::kSq || bell == Bell::kCq;
  if (bar == 4) {
    if (offset % kDoorbellPage != reg::kDoorbell || !of_queue) {
      return refuse(Reason::kDoorbellPlace, "not the place of this command");
    }
    if (offset / kDoorbellPage != queue) {
      return refuse(Reason::kDoorbellQueue, "page of another queue");
    }
  } else {
    const uint64_t place = v1         ? reg::kDoorbellV1
                           : of_queue ? uint64_t{reg::kDoorbell}
                                      : uint64_t{reg::kEventBell};
    if (offset != place || (of_queue && options.doorbell_isolation)) {
      return refuse(Reason::kDoorbellPlace, "not the place of this command");
    }
  }
  if (queue >= (of_queue ? queues_.size() : 1)) {
    return refuse(Reason::kDoorbellQueue, "no such queue");
  }
  if (of_queue) return QueueBell(bell, queue, random, index, priority);
  if (random != 0 || priority != 0) {
    return refuse(Reason::kDoorbellRandom, "random word or priority of an event queue not 0");
  }
  EventBell(bell == Bell::kAeq, index);
}

void ZipFunction::Impl::QueueBell(Bell bell, uint16_t queue, uint16_t random, uint16_t index,
                                  uint16_t priority) {
  QueuePair& pair = queues_[queue];
  const auto refuse = [&](Reason reason, const std::string& why) {
    recorder.Refuse(reason, "doorbell of " + Hex("queue", queue) + ": " + why);
  };
  if (!pair.started()) return refuse(Reason::kDoorbellNotStarted, "not started");
  const Ring& ring = bell == Bell::kSq ? pair.sq : pair.cq;
  if (random != ring.random) {
    return refuse(Reason::kDoorbellRandom, Hex("random word", random) + Hex(", not", ring.random));
  }
  if (index >= ring.depth) {
    return refuse(Reason::kDoorbellIndex, Hex("index", index) + Hex(" of", ring.depth));
  }
  if (bell == Bell::kSq) {
    if (priority != 0) return refuse(Reason::kDoorbellCommand, Hex("SQ priority", priority));
    SqBell(&pair, queue, index);
  } else {
    if (priority > 1) return refuse(Reason::kDoorbellCommand, Hex("CQ event field", priority));
    CqBell(&pair, queue, index, priority);
  }
}

void ZipFunction::Impl::SqBell(QueuePair* pair, uint16_t queue, uint16_t index) {
  Ring& sq = pair->sq;
  const uint32_t more = (index + sq.depth - sq.tail) % sq.depth;
  if (more == 0) return;  // nothing new
  if (sq.used + more > sq.depth - 1) {
    recorder.Refuse(
        Reason::kDoorbellOverrun,
        "doorbell of " + Hex("queue", queue) + Hex(": tail", index) + Hex(" passes head", sq.head));
    return;
  }
  if (index < sq.tail) sq.tail_wrap = !sq.tail_wrap;
  sq.tail = index;
  sq.used += more;
  ++counts.sq_bells;
  wake_.notify_all();
}

void ZipFunction::Impl::CqBell(QueuePair* pair, uint16_t queue, uint16_t index, uint16_t priority) {
  Ring& cq = pair->cq;
  const uint32_t taken = (index + cq.depth - cq.head) % cq.depth;
  if (taken > cq.used) {
    recorder.Refuse(Reason::kDoorbellOverrun, "doorbell of " + Hex("queue", queue) +
                                                  Hex(": CQ head", index) +
                                                  Hex(" is ahead of the device's", cq.tail));
    return;
  }
  cq.head = index;
  cq.used -= taken;
  pair->event_armed = priority == 1;
  ++counts.cq_bells;
}

void ZipFunction::Impl::EventBell(bool async, uint16_t index) {
  const char* name = async ? "AEQ" : "EQ";
  Ring& ring = async ? aeq_ : eq_;
  if (!(async ? has_aeq_ : has_eq_)) {
    recorder.Refuse(Reason::kDoorbellNotStarted, std::string(name) + " doorbell without context");
    return;
  }
  const uint32_t taken = index < ring.depth ? (index + ring.depth - ring.head) % ring.depth : 0;
  if (index >= ring.depth || taken > ring.used) {
    recorder.Refuse(index >= ring.depth ? Reason::kDoorbellIndex : Reason::kDoorbellOverrun,
                    std::string(name) + Hex(" doorbell: head", index) + Hex(", tail", ring.tail));
    return;
  }
  ring.head = index;
  ring.used -= taken;
  (async ? aeq_ready_ : eq_ready_) = true;
  (async ? aeq_source_ : eq_source_) = ring.used > 0 ? 1 : 0;
  if (ring.used > 0) RaiseInterrupt(async);
}

void ZipFunction::Impl::RaiseInterrupt(bool async) {
  (async ? aeq_source_ : eq_source_) = 1;
  bool& ready = async ? aeq_ready_ : eq_ready_;
  if ((async ? aeq_mask_ : eq_mask_) != 0 || !ready || !config_.bus_master()) return;
  ready = false;
  recorder.Interrupt(async ? kVectorAeq : kVectorEq);
}

void ZipFunction::Impl::PostEvent(uint16_t queue) {
  if (!has_eq_) return;
  if (eq_.used == eq_.depth) {
    recorder.Refuse(Reason::kEqOverflow, "EQ overflow at event of " + Hex("queue", queue));
    PostAsyncEvent(AsyncEvent::kEqOverflow, 0);
    for (QueuePair& pair : queues_) pair.disabled = true;
    return;
  }
  const uint32_t entry = queue | static_cast<uint32_t>(eq_.phase) << 16;
  if (!bus_.Write(eq_.base + 4ull * eq_.tail, &entry, sizeof(entry))) {
    recorder.Refuse(Reason::kRingDma, Hex("EQE at", eq_.base + 4ull * eq_.tail));
    return;
  }
  eq_.Produce();
  ++counts.events;
  RaiseInterrupt(false);
}

void ZipFunction::Impl::PostAsyncEvent(AsyncEvent event, uint16_t queue) {
  if (!has_aeq_ || aeq_.used == aeq_.depth) return;
  const uint32_t entry =
      queue | static_cast<uint32_t>(aeq_.phase) << 16 | static_cast<uint32_t>(event) << 17;
  if (!bus_.Write(aeq_.base + 4ull * aeq_.tail, &entry, sizeof(entry))) {
    recorder.Refuse(Reason::kRingDma, Hex("AEQE at", aeq_.base + 4ull * aeq_.tail));
    return;
  }
  aeq_.Produce();
  RaiseInterrupt(true);
}

void ZipFunction::Impl::RaiseAsyncEvent(AsyncEvent event, uint16_t queue) {
  const std::lock_guard run_lock(run);
  const std::lock_guard lock(state);
  PostAsyncEvent(event, queue);
  if (event == AsyncEvent::kEqOverflow) {
    for (QueuePair& pair : queues_) pair.disabled = true;
  } else if (queue < queues_.size()) {
    queues_[queue].disabled = true;
  }
}

}  // namespace warpdrive::model
