#include "device/ring.h"

namespace warpdrive::ring {
namespace {

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

template <typename T>
T* Pointer(uint64_t address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address));
}

Sqe Encode(const Request& request) {
  return {
      .tag = request.tag,
      .input = Address(request.input),
      .output = Address(request.output),
      .history = Address(request.history),
      .context = Address(request.context),
      .input_size = request.input_size,
      .output_size = request.output_size,
      .history_size = request.history_size,
      .operation = static_cast<uint8_t>(request.operation),
      .flush = static_cast<uint8_t>(request.flush),
      .format = static_cast<uint8_t>(request.params.format),
      .level = request.params.level,
      .window_bits = request.params.window_bits,
      .mem_level = request.params.mem_level,
      .strategy = request.params.strategy,
      .canceled = request.canceled,
      .reserved = 0,
  };
}

// Both sides may be at it at once. It orders nothing: whoever misses it executes the request. Not
// std::atomic_ref, which libc++ has only since 19.
bool IsCanceled(const Sqe& sqe) { return __atomic_load_n(&sqe.canceled, __ATOMIC_RELAXED) != 0; }
void SetCanceled(Sqe& sqe) { __atomic_store_n(&sqe.canceled, uint8_t{1}, __ATOMIC_RELAXED); }

Request Decode(const Sqe& sqe) {
  return {
      .tag = sqe.tag,
      .operation = static_cast<Operation>(sqe.operation),
      .flush = static_cast<Flush>(sqe.flush),
      .params = {.format = static_cast<Format>(sqe.format),
                 .level = sqe.level,
                 .window_bits = sqe.window_bits,
                 .mem_level = sqe.mem_level,
                 .strategy = sqe.strategy},
      .input = Pointer<const uint8_t>(sqe.input),
      .input_size = sqe.input_size,
      .history = Pointer<const uint8_t>(sqe.history),
      .history_size = sqe.history_size,
      .output = Pointer<uint8_t>(sqe.output),
      .output_size = sqe.output_size,
      .context = Pointer<StreamContext>(sqe.context),
      .canceled = IsCanceled(sqe),
  };
}

}  // namespace

Memory::Memory(uint32_t depth)
    : mask_(depth - 1), sq_(std::make_unique<Sqe[]>(depth)), cq_(std::make_unique<Cqe[]>(depth)) {}

Host::Host(Memory* memory) : memory_(memory), slots_(memory->depth()) {}

// A slot is free only when its own completion was taken, not merely when as many completions
// came back: requests finish out of order, and a worker may still be reading an old entry.
uint32_t Host::Room() const { return memory_->depth() - 1 - (tail_ - oldest_); }

void Host::Push(const Request& request) {
  memory_->sqe(tail_) = Encode(request);
  slots_[tail_ & (memory_->depth() - 1)] = {request.tag, request.input_size, request.output_size,
                                            true};
  ++tail_;
  ++outstanding_;
}

void Host::RingDoorbell() { memory_->doorbells().sq_tail.store(tail_, std::memory_order_release); }

void Host::Cancel(uint64_t tag) {
  for (uint32_t index = oldest_; index != tail_; ++index) {
    const Slot& slot = slots_[index & (memory_->depth() - 1)];
    if (!slot.busy || slot.tag != tag) continue;
    SetCanceled(memory_->sqe(index));
    return;
  }
}

bool Host::HasCompletion() const {
  return memory_->cqe(cq_head_).phase.load(std::memory_order_acquire) == memory_->PhaseOf(cq_head_);
}

bool Host::Pop(Completion* completion) {
  while (HasCompletion()) {
    const Cqe& cqe = memory_->cqe(cq_head_);
    const uint64_t tag = cqe.tag;
    const uint32_t index = cqe.sq_index;
    const uint8_t status = cqe.status;
    *completion = {tag, static_cast<Status>(status), cqe.consumed, cqe.produced, cqe.checksum};
    ++cq_head_;
    if (index >= slots_.size() || !slots_[index].busy || slots_[index].tag != tag) {
      ++protocol_errors_;
      continue;
    }
    Slot& slot = slots_[index];
    if (status > static_cast<uint8_t>(Status::kCanceled) ||
        completion->consumed > slot.input_size || completion->produced > slot.output_size) {
      ++protocol_errors_;
      *completion = {.tag = tag, .status = Status::kDeviceError};
    }
    slot.busy = false;
    --outstanding_;
    while (oldest_ != tail_ && !slots_[oldest_ & (memory_->depth() - 1)].busy) ++oldest_;
    return true;
  }
  return false;
}

bool Target::Claim(Request* request, uint16_t* sq_index) {
  Doorbells& doorbells = memory_->doorbells();
  // Acquire, so that the tail read below is no older than the one that let the previous entry be
  // claimed: an old tail with a new head would look like an entry that nobody submitted.
  uint32_t head = doorbells.sq_head.load(std::memory_order_acquire);
  do {
    // Acquire: the entries below the tail are written. Signed: a tail behind the head is empty too.
    const uint32_t tail = doorbells.sq_tail.load(std::memory_order_acquire);
    if (static_cast<int32_t>(tail - head) <= 0) return false;
  } while (!doorbells.sq_head.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                                    std::memory_order_acquire));
  *request = Decode(memory_->sqe(head));
  *sq_index = static_cast<uint16_t>(head & (memory_->depth() - 1));
  return true;
}

void Target::Post(const Completion& completion, uint16_t sq_index) {
  // Acquire-release: the thread that takes a slot on the next lap must see that the host has
  // read this one, which it knows through the threads that took the slots between.
  const uint32_t index = memory_->doorbells().cq_tail.fetch_add(1, std::memory_order_acq_rel);
  Cqe& cqe = memory_->cqe(index);
  cqe.tag = completion.tag;
  cqe.consumed = completion.consumed;
  cqe.produced = completion.produced;
  cqe.checksum = completion.checksum;
  cqe.sq_index = sq_index;
  cqe.status = static_cast<uint8_t>(completion.status);
  cqe.phase.store(memory_->PhaseOf(index), std::memory_order_release);
}

}  // namespace warpdrive::ring
