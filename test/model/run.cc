// Fetches descriptors, has them executed, writes completions.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "model/function_impl.h"

namespace warpdrive::model {

size_t ZipFunction::Impl::Run(size_t max) {
  const std::lock_guard run_lock(run);
  std::unique_lock lock(state);
  TickDelayed();
  size_t count = 0;
  while (count < max && Step(&lock)) ++count;
  return count;
}

bool ZipFunction::Impl::HasWork() {
  const std::lock_guard lock(state);
  if (!delayed_.empty()) return true;
  return std::any_of(queues_.begin(), queues_.end(), [](const QueuePair& pair) {
    return pair.started() && !pair.hung && pair.sq.used > 0;
  });
}

/// One descriptor; the state lock is given up while the engine works.
bool ZipFunction::Impl::Step(std::unique_lock<std::mutex>* lock) {
  Job job;
  if (!TakeJob(&job)) return false;
  EngineTweaks tweaks;
  if (!StartFaults(job, &tweaks)) return true;
  const bool decompress = queues_[job.queue].decompress;
  lock->unlock();
  Outcome outcome = engine_.Execute(job.sqe, decompress, tweaks);
  lock->lock();
  FinishJob(job, std::move(outcome));
  return true;
}

void ZipFunction::Impl::DrainQueue(uint16_t queue) {
  Job job;
  while (TakeFrom(queue, &job)) {
    EngineTweaks tweaks;
    if (!StartFaults(job, &tweaks)) continue;
    FinishJob(job, engine_.Execute(job.sqe, queues_[queue].decompress, tweaks));
  }
  for (size_t i = 0; i < delayed_.size();) {
    if (delayed_[i].queue != queue) {
      ++i;
      continue;
    }
    const Completion completion = delayed_[i];
    delayed_.erase(delayed_.begin() + static_cast<ptrdiff_t>(i));
    Post(completion);
  }
}

bool ZipFunction::Impl::TakeJob(Job* job) {
  for (size_t i = 0; i < queues_.size(); ++i) {
    const auto queue = static_cast<uint16_t>((next_queue_ + i) % queues_.size());
    if (!TakeFrom(queue, job)) continue;
    next_queue_ = (queue + 1u) % static_cast<uint32_t>(queues_.size());
    return true;
  }
  return false;
}

bool ZipFunction::Impl::TakeFrom(uint16_t queue, Job* job) {
  QueuePair& pair = queues_[queue];
  if (!pair.started() || pair.hung || pair.sq.used == 0) return false;
  Ring& sq = pair.sq;
  job->queue = queue;
  job->index = sq.head;
  const uint64_t at = sq.base + static_cast<uint64_t>(kSqeSize) * sq.head;
  if (!bus_.Read(at, job->sqe.dw.data(), kSqeSize)) {
    DisableQueue(&pair, Reason::kRingDma, Hex("SQE fetch at", at));
    return false;
  }
  sq.head = static_cast<uint16_t>((sq.head + 1u) % sq.depth);
  --sq.used;
  ++counts.descriptors;
  job->faults = faults.ForDescriptor(queue);
  return true;
}

void ZipFunction::Impl::DisableQueue(QueuePair* pair, Reason reason, const std::string& detail) {
  pair->disabled = true;
  recorder.Refuse(reason, detail + "; queue disabled");
}

void ZipFunction::Impl::ControllerResetLocked() {
  recorder.Stop(true, false);
  StopQueuesLocked();
  recorder.Stop(true, true);
}

/// Faults that strike before the engine sees the descriptor; false if it never does.
bool ZipFunction::Impl::StartFaults(const Job& job, EngineTweaks* tweaks) {
  for (const Fault& fault : job.faults) {
    switch (fault.kind) {
      case FaultKind::kHang:
        queues_[job.queue].hung = true;
        return false;
      case FaultKind::kReset:
        ControllerResetLocked();
        return false;
      case FaultKind::kRemove:
        removed_ = true;
        bus_.SetOpen(false);
        StopQueuesLocked();
        return false;
      case FaultKind::kCorruptOutput:
        tweaks->corrupt_output = true;
        break;
      case FaultKind::kWildSource:
        tweaks->source_offset = uint64_t{fault.value} << 12;
        break;
      case FaultKind::kWildTarget:
        tweaks->target_offset = uint64_t{fault.value} << 12;
        break;
      case FaultKind::kPartial:
        tweaks->most_input = std::max(fault.value, 1u);
        break;
      default:
        break;
    }
  }
  return true;
}

void ZipFunction::Impl::FinishJob(const Job& job, Outcome outcome) {
  counts.input_bytes += outcome.consumed;
  counts.output_bytes += outcome.produced;
  if (outcome.ignored) return;
  Completion completion{job.queue, job.index, 0, 1,     outcome.sqe,
                        job.index, job.queue, 0, false, false};
  bool lost = false;
  for (const Fault& fault : job.faults) ApplyFault(fault, &completion, &lost);
  if (lost) return;
  if (completion.runs_left > 0) {
    delayed_.push_back(completion);
  } else {
    Post(completion);
  }
}

void ZipFunction::Impl::ApplyFault(const Fault& fault, Completion* completion, bool* lost) {
  auto& dw = completion->sqe.dw;
  switch (fault.kind) {
    case FaultKind::kLose:
      *lost = true;
      break;
    case FaultKind::kStatus:
      dw[3] = (dw[3] & ~0xffu) | (fault.value & 0xff);
      break;
    case FaultKind::kConsumed:
      dw[0] = fault.value;
      break;
    case FaultKind::kProduced:
      dw[1] = fault.value;
      break;
    case FaultKind::kTag:
      dw[TagDword(options.generation)] ^= fault.value;
      break;
    case FaultKind::kSqHead:
      completion->sq_head = static_cast<uint16_t>(fault.value);
      break;
    case FaultKind::kSqNum:
      completion->sq_num = static_cast<uint16_t>(fault.value);
      break;
    case FaultKind::kPhase:
      completion->invert_phase = true;
      break;
    case FaultKind::kCqeStatus:
      completion->cqe_status = fault.value & 0x7fff;
      break;
    case FaultKind::kDelay:
      completion->runs_left = fault.value;
      break;
    case FaultKind::kDuplicate:
      completion->copies = 2;
      break;
    case FaultKind::kMutateSqe:
      dw[fault.dword % dw.size()] = fault.value;
      break;
    case FaultKind::kRandomSqe:
      for (uint32_t n = 1 + faults.Random() % 4; n > 0; --n) {
        const uint32_t index = faults.Random() % static_cast<uint32_t>(dw.size());
        dw[index] = faults.Random();
      }
      break;
    case FaultKind::kRandomCqe:
      completion->random = true;
      break;
    default:
      break;
  }
}

void ZipFunction::Impl::TickDelayed() {
  for (size_t i = 0; i < delayed_.size();) {
    if (--delayed_[i].runs_left > 0) {
      ++i;
      continue;
    }
    const Completion completion = delayed_[i];
    delayed_.erase(delayed_.begin() + static_cast<ptrdiff_t>(i));
    Post(completion);
  }
}

/// SQE first, in place; then the CQE, its phase word last.
void ZipFunction::Impl::Post(Completion completion) {
  QueuePair& pair = queues_[completion.queue];
  if (!pair.started()) return;
  const uint64_t at = pair.sq.base + static_cast<uint64_t>(kSqeSize) * completion.index;
  if (!bus_.Write(at, completion.sqe.dw.data(), kSqeSize)) {
    return DisableQueue(&pair, Reason::kRingDma, Hex("SQE write-back at", at));
  }
  for (; completion.copies > 0 && pair.started(); --completion.copies) PostCqe(completion, &pair);
}

void ZipFunction::Impl::PostCqe(const Completion& completion, QueuePair* pair) {
  Ring& cq = pair->cq;
  if (cq.used == cq.depth) {
    DisableQueue(pair, Reason::kCqOverflow, Hex("CQ overflow, queue", completion.queue));
    PostAsyncEvent(AsyncEvent::kCqOverflow, completion.queue);
    return;
  }
  uint32_t words[3] = {0, 0, completion.sq_head | static_cast<uint32_t>(completion.sq_num) << 16};
  if (completion.random) {
    for (uint32_t& word : words) word = faults.Random();
  }
  const uint16_t reserved = 0;
  const bool phase = cq.phase != completion.invert_phase;
  const auto last = static_cast<uint16_t>(phase | completion.cqe_status << 1);
  const uint64_t at = cq.base + static_cast<uint64_t>(kCqeSize) * cq.tail;
  if (!bus_.Write(at, words, 8) || !bus_.Write(at + 8, &words[2], 4) ||
      !bus_.Write(at + 12, &reserved, 2) || !bus_.Write(at + 14, &last, 2)) {
    return DisableQueue(pair, Reason::kRingDma, Hex("CQE at", at));
  }
  cq.Produce();
  ++counts.completions;
  if (!pair->event_armed) return;
  pair->event_armed = false;  // for the next completion only
  PostEvent(completion.queue);
}

void ZipFunction::Impl::StartThread() {
  if (thread_.joinable()) return;
  {
    const std::lock_guard lock(state);
    stopping_ = false;
  }
  thread_ = std::thread([this] { ThreadLoop(); });
}

void ZipFunction::Impl::StopThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(state);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ZipFunction::Impl::ThreadLoop() {
  for (;;) {
    {
      std::unique_lock lock(state);
      if (stopping_) return;
    }
    const size_t count = Run(1);
    recorder.Deliver();
    if (count > 0) continue;
    std::unique_lock lock(state);
    const auto busy = [this] {
      return stopping_ || std::any_of(queues_.begin(), queues_.end(), [](const QueuePair& pair) {
               return pair.started() && !pair.hung && pair.sq.used > 0;
             });
    };
    if (delayed_.empty()) {
      wake_.wait(lock, busy);
    } else {
      wake_.wait_for(lock, std::chrono::milliseconds(1), busy);
    }
  }
}

}  // namespace warpdrive::model
