#include "model/zip_function.h"

#include <algorithm>
#include <cstring>

#include "model/function_impl.h"

namespace warpdrive::model {
namespace {

template <typename Number>
Number Clamp(Number value, Number low, Number high) {
  return std::min(std::max(value, low), high);
}

Options Checked(Options options) {
  options.queue_count = Clamp<uint16_t>(options.queue_count, 1, 1024);
  options.sq_depth = Clamp<uint16_t>(options.sq_depth, 2, 4096);
  options.cq_depth = Clamp<uint16_t>(options.cq_depth, 2, 4096);
  options.eq_depth = Clamp<uint16_t>(options.eq_depth, 2, 4096);
  options.aeq_depth = Clamp<uint16_t>(options.aeq_depth, 2, 4096);
  options.level = Clamp(options.level, 1, 9);
  if (options.generation != Generation::kHip09) {
    options.doorbell_isolation = false;
    options.stop_qp = false;
  }
  return options;
}

uint64_t Bar4Size(const Options& options) {
  if (!options.doorbell_isolation) return 0;
  uint64_t size = kDoorbellPage;
  while (size < kDoorbellPage * options.queue_count) size *= 2;
  return size;
}

}  // namespace

ZipFunction::Impl::Impl(const Options& wanted, DmaBus* bus)
    : options(Checked(wanted)),
      bar4_size(Bar4Size(options)),
      recorder(options),
      faults(options.seed),
      bus_(bus, &recorder),
      config_(options, bar4_size),
      engine_(options, &bus_, &recorder),
      queues_(options.queue_count) {
  ResetLocked();
}

void ZipFunction::Impl::StopQueuesLocked() {
  for (QueuePair& pair : queues_) pair = QueuePair{};
  delayed_.clear();
  engine_.Forget();
  has_eq_ = has_aeq_ = false;
  eq_ = aeq_ = Ring{};
  eqc_ = aeqc_ = ContextBlock{};
  eq_ready_ = aeq_ready_ = true;
  sqc_table_ = cqc_table_ = 0;
  next_queue_ = 0;
}

void ZipFunction::Impl::ResetLocked() {
  StopQueuesLocked();
  config_.Reset();
  bus_.SetOpen(false);
  eq_source_ = aeq_source_ = 0;
  eq_mask_ = aeq_mask_ = 1;
  std::memset(message_, 0, sizeof(message_));
  page_size_ = writeback_done_ = 0;
  vf_state_ = IsV3() ? 1 : 0;
  std::memset(mailbox_, 0, sizeof(mailbox_));
  mailbox_busy_reads_ = 0;
  has_half_mailbox_ = false;
}

void ZipFunction::Impl::Reset() {
  const std::lock_guard run_lock(run);
  const std::lock_guard lock(state);
  if (!removed_) ResetLocked();
}

void ZipFunction::Impl::ControllerReset() {
  recorder.Stop(true, false);
  recorder.Deliver();
  {
    const std::lock_guard run_lock(run);
    const std::lock_guard lock(state);
    StopQueuesLocked();
  }
  recorder.Stop(true, true);
}

void ZipFunction::Impl::Remove() {
  const std::lock_guard run_lock(run);
  const std::lock_guard lock(state);
  removed_ = true;
  bus_.SetOpen(false);
  StopQueuesLocked();
}

void ZipFunction::Impl::ReadConfig(uint32_t offset, void* data, size_t size) {
  const std::lock_guard lock(state);
  if (removed_) {
    std::memset(data, 0xff, size);
  } else {
    config_.Read(offset, data, size);
  }
}

void ZipFunction::Impl::WriteConfig(uint32_t offset, const void* data, size_t size) {
  bool reset = false;
  {
    const std::lock_guard lock(state);
    if (removed_) return;
    reset = config_.Write(offset, data, size);
    bus_.SetOpen(config_.bus_master());
  }
  if (reset) Reset();
}

ZipFunction::ZipFunction(const Options& options, DmaBus* bus) : impl_(new Impl(options, bus)) {}

ZipFunction::~ZipFunction() { impl_->StopThread(); }

const Options& ZipFunction::options() const { return impl_->options; }

void ZipFunction::ReadConfig(uint32_t offset, void* data, size_t size) {
  impl_->ReadConfig(offset, data, size);
}

void ZipFunction::WriteConfig(uint32_t offset, const void* data, size_t size) {
  impl_->WriteConfig(offset, data, size);
  impl_->recorder.Deliver();
}

uint64_t ZipFunction::BarSize(int bar) const {
  return bar == 2 ? kBar2Size : bar == 4 ? impl_->bar4_size : 0;
}

void ZipFunction::Read(int bar, uint64_t offset, void* data, size_t size) {
  impl_->ReadBar(bar, offset, data, size);
  impl_->recorder.Deliver();
}

void ZipFunction::Write(int bar, uint64_t offset, const void* data, size_t size) {
  impl_->WriteBar(bar, offset, data, size);
  impl_->recorder.Deliver();
  if (impl_->options.run_on_doorbell) Run();
}

uint32_t ZipFunction::Read32(int bar, uint64_t offset) {
  uint32_t value = 0;
  Read(bar, offset, &value, sizeof(value));
  return value;
}

void ZipFunction::Write32(int bar, uint64_t offset, uint32_t value) {
  Write(bar, offset, &value, sizeof(value));
}

void ZipFunction::Write64(int bar, uint64_t offset, uint64_t value) {
  Write(bar, offset, &value, sizeof(value));
}

size_t ZipFunction::Run(size_t max) {
  const size_t count = impl_->Run(max);
  impl_->recorder.Deliver();
  return count;
}

bool ZipFunction::HasWork() { return impl_->HasWork(); }

void ZipFunction::StartThread() { impl_->StartThread(); }

void ZipFunction::StopThread() { impl_->StopThread(); }

void ZipFunction::Reset() { impl_->Reset(); }

void ZipFunction::ControllerReset() {
  impl_->ControllerReset();
  impl_->recorder.Deliver();
}

void ZipFunction::Remove() { impl_->Remove(); }

void ZipFunction::RaiseAsyncEvent(AsyncEvent event, uint16_t queue) {
  impl_->RaiseAsyncEvent(event, queue);
  impl_->recorder.Deliver();
}

void ZipFunction::Inject(const Fault& fault) {
  const std::lock_guard lock(impl_->state);
  impl_->faults.Add(fault);
}

void ZipFunction::ClearFaults() {
  const std::lock_guard lock(impl_->state);
  impl_->faults.Clear();
}

std::vector<Store> ZipFunction::stores() { return impl_->recorder.stores(); }

std::vector<Violation> ZipFunction::violations() { return impl_->recorder.violations(); }

Counters ZipFunction::counters() {
  const std::lock_guard lock(impl_->state);
  Counters counters = impl_->counts;
  counters.refused = impl_->recorder.refused();
  counters.interrupts = impl_->recorder.interrupts();
  return counters;
}

void ZipFunction::ClearRecords() {
  const std::lock_guard lock(impl_->state);
  impl_->recorder.Clear();
  impl_->counts = Counters{};
}

size_t ZipFunction::open_streams() {
  const std::lock_guard run_lock(impl_->run);
  return impl_->engine()->streams();
}

}  // namespace warpdrive::model
