#include "model/recorder.h"

#include <cstdio>
#include <cstring>

namespace warpdrive::model {
namespace {

constexpr size_t kKeptViolations = 4096;

}  // namespace

std::string Hex(const char* name, uint64_t value) {
  char text[96];
  std::snprintf(text, sizeof(text), "%s 0x%llx", name, static_cast<unsigned long long>(value));
  return text;
}

void Recorder::AddStore(int bar, uint64_t offset, const void* value, uint32_t size) {
  const std::lock_guard lock(mutex_);
  Store store{sequence_++, bar, offset, size, {}};
  std::memcpy(store.value, value, size < sizeof(store.value) ? size : sizeof(store.value));
  ++store_count_;
  stores_.push_back(store);
  while (stores_.size() > options_.kept_stores) stores_.pop_front();
  if (options_.on_store) due_.push_back({Event::kStore, store, {}, 0, false, false});
}

void Recorder::Add(Reason reason, bool refused, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  Violation violation{reason, refused, sequence_, detail};
  if (refused) ++refused_;
  violations_.push_back(violation);
  while (violations_.size() > kKeptViolations) violations_.pop_front();
  if (options_.on_violation) due_.push_back({Event::kViolation, {}, violation, 0, false, false});
}

void Recorder::Interrupt(unsigned vector) {
  const std::lock_guard lock(mutex_);
  ++interrupts_;
  if (options_.on_msi) due_.push_back({Event::kInterrupt, {}, {}, vector, false, false});
}

void Recorder::Stop(bool stop_tx, bool stop_rx) {
  const std::lock_guard lock(mutex_);
  if (options_.on_stop) due_.push_back({Event::kStop, {}, {}, 0, stop_tx, stop_rx});
}

void Recorder::Deliver() {
  std::unique_lock lock(mutex_);
  // One thread at a time, so that callbacks come in order; the others' events are taken along.
  if (delivering_) return;
  delivering_ = true;
  while (!due_.empty()) {
    const Event event = std::move(due_.front());
    due_.pop_front();
    lock.unlock();
    switch (event.kind) {
      case Event::kStore:
        options_.on_store(event.store);
        break;
      case Event::kViolation:
        options_.on_violation(event.violation);
        break;
      case Event::kInterrupt:
        options_.on_msi(event.vector);
        break;
      case Event::kStop:
        options_.on_stop(event.stop_tx, event.stop_rx);
        break;
    }
    lock.lock();
  }
  delivering_ = false;
}

std::vector<Store> Recorder::stores() const {
  const std::lock_guard lock(mutex_);
  return {stores_.begin(), stores_.end()};
}

std::vector<Violation> Recorder::violations() const {
  const std::lock_guard lock(mutex_);
  return {violations_.begin(), violations_.end()};
}

uint64_t Recorder::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

uint64_t Recorder::store_count() const {
  const std::lock_guard lock(mutex_);
  return store_count_;
}

uint64_t Recorder::interrupts() const {
  const std::lock_guard lock(mutex_);
  return interrupts_;
}

void Recorder::Clear() {
  const std::lock_guard lock(mutex_);
  stores_.clear();
  violations_.clear();
  store_count_ = refused_ = interrupts_ = 0;
}

}  // namespace warpdrive::model
