// Keeps stores and violations, and hands them to the user's callbacks outside of all locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "model/options.h"

namespace warpdrive::model {

class Recorder {
 public:
  explicit Recorder(const Options& options) : options_(options) {}

  void AddStore(int bar, uint64_t offset, const void* value, uint32_t size);
  void Refuse(Reason reason, const std::string& detail) { Add(reason, true, detail); }
  void Note(Reason reason, const std::string& detail) { Add(reason, false, detail); }
  void Interrupt(unsigned vector);
  void Stop(bool stop_tx, bool stop_rx);
  /// Runs the callbacks that are due, in order. No lock of the function may be held.
  void Deliver();

  std::vector<Store> stores() const;
  std::vector<Violation> violations() const;
  uint64_t refused() const;
  uint64_t store_count() const;
  uint64_t interrupts() const;
  void Clear();

 private:
  struct Event {
    enum { kStore, kViolation, kInterrupt, kStop } kind;
    Store store;
    Violation violation;
    unsigned vector;
    bool stop_tx, stop_rx;
  };

  void Add(Reason reason, bool refused, const std::string& detail);

  const Options& options_;
  mutable std::mutex mutex_;
  std::deque<Store> stores_;
  std::deque<Violation> violations_;
  std::deque<Event> due_;
  bool delivering_ = false;
  uint64_t sequence_ = 0;
  uint64_t store_count_ = 0;
  uint64_t refused_ = 0;
  uint64_t interrupts_ = 0;
};

/// "name 0x12" for messages.
std::string Hex(const char* name, uint64_t value);

}  // namespace warpdrive::model
