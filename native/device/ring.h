// The `ring` queue protocol: our own plain one. The software device speaks it in process; a
// device behind VFIO can speak it over mapped memory. Layout and rules are in docs/architecture.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "device/request.h"

namespace warpdrive::ring {

/// Submission entry: one cache line. Addresses are IOVAs, which in process are pointers.
struct Sqe {
  uint64_t tag;
  uint64_t input;
  uint64_t output;
  uint64_t history;
  uint64_t context;
  uint32_t input_size;
  uint32_t output_size;
  uint32_t history_size;
  uint8_t operation;
  uint8_t flush;
  uint8_t format;
  int8_t level;
  uint8_t window_bits;
  uint8_t mem_level;
  uint8_t strategy;
  uint8_t canceled;  ///< the one field that the host may set (to 1) after the doorbell
  uint32_t reserved;
};
static_assert(sizeof(Sqe) == 64 && offsetof(Sqe, input_size) == 40 &&
              offsetof(Sqe, operation) == 52);

/// Completion entry. `phase` is written last, with release order, and read first.
struct Cqe {
  uint64_t tag;
  uint32_t consumed;
  uint32_t produced;
  uint32_t checksum;
  uint16_t sq_index;
  uint8_t status;
  uint8_t reserved;
  uint32_t reserved2;
  std::atomic<uint32_t> phase;  ///< bit 0: 1 on odd laps of the ring, 0 on even ones
};
static_assert(sizeof(Cqe) == 32 && offsetof(Cqe, phase) == 28);

/// The words both sides share, each on a cache line of its own.
struct Doorbells {
  alignas(64) std::atomic<uint32_t> sq_tail{0};  ///< host: entries submitted so far, mod 2^32
  alignas(64) std::atomic<uint32_t> sq_head{0};  ///< device: entries claimed so far
  alignas(64) std::atomic<uint32_t> cq_tail{0};  ///< device: completion slots claimed so far
};

/// The memory of one queue: doorbells, SQ and CQ of the same depth (a power of two).
class Memory {
 public:
  explicit Memory(uint32_t depth);
  uint32_t depth() const { return mask_ + 1; }
  Doorbells& doorbells() { return doorbells_; }
  Sqe& sqe(uint32_t index) { return sq_[index & mask_]; }
  Cqe& cqe(uint32_t index) { return cq_[index & mask_]; }
  /// The phase of completion number `index` (counted from 0): 1 on the first lap.
  uint32_t PhaseOf(uint32_t index) const { return (index / depth() & 1) ^ 1; }

 private:
  uint32_t mask_;
  Doorbells doorbells_;
  std::unique_ptr<Sqe[]> sq_;
  std::unique_ptr<Cqe[]> cq_;
};

/// The submitting side. One thread.
class Host {
 public:
  explicit Host(Memory* memory);
  uint32_t Room() const;
  /// Writes an entry; the device sees it at the next RingDoorbell(). Room() must not be 0.
  void Push(const Request& request);
  void RingDoorbell();
  /// Marks an entry whose completion was not taken yet; the device looks at the mark when it claims
  /// the entry. Looks through the ring.
  void Cancel(uint64_t tag);
  /// Takes the next completion if there is one. A completion that names no outstanding entry is
  /// dropped and counted; one with impossible lengths or an unknown status becomes kDeviceError.
  bool Pop(Completion* completion);
  /// True if a completion is there to be popped.
  bool HasCompletion() const;
  uint32_t outstanding() const { return outstanding_; }
  uint64_t protocol_errors() const { return protocol_errors_; }

 private:
  /// What was submitted in a slot, to check the completion against. Never read back from the ring.
  struct Slot {
    uint64_t tag;
    uint32_t input_size;
    uint32_t output_size;
    bool busy;
  };
  Memory* memory_;
  std::vector<Slot> slots_;
  uint32_t tail_ = 0;     ///< next entry to write
  uint32_t oldest_ = 0;   ///< oldest entry not completed: its slot and all after it are in use
  uint32_t cq_head_ = 0;  ///< next completion to read
  uint32_t outstanding_ = 0;
  uint64_t protocol_errors_ = 0;
};

/// The executing side. Any number of threads.
class Target {
 public:
  explicit Target(Memory* memory) : memory_(memory) {}
  /// Takes the next submitted entry, if any; `sq_index` goes back in Post().
  bool Claim(Request* request, uint16_t* sq_index);
  void Post(const Completion& completion, uint16_t sq_index);

 private:
  Memory* memory_;
};

}  // namespace warpdrive::ring
