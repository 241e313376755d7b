// Injected misbehaviour. Deterministic: the same faults, options and requests give the same.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace warpdrive::model {

enum class FaultKind {
  // Of a completion.
  kLose,           ///< executed, but neither SQE nor CQE is written
  kStatus,         ///< SQE status byte becomes `value`
  kConsumed,       ///< dword 0 becomes `value`
  kProduced,       ///< dword 1 becomes `value`
  kTag,            ///< the tag is xored with `value`
  kSqHead,         ///< sq_head of the CQE becomes `value`
  kSqNum,          ///< sq_num of the CQE becomes `value`
  kPhase,          ///< phase bit of the CQE is inverted
  kCqeStatus,      ///< status bits [15:1] of the CQE become `value`
  kDelay,          ///< written only at the `value`-th Run() after this one; others may overtake it
  kDuplicate,      ///< the CQE is written twice
  kMutateSqe,      ///< dword `dword` of the write-back becomes `value`
  kRandomSqe,      ///< one to four dwords of the write-back become random, anywhere in the SQE
  kRandomCqe,      ///< all of the CQE but its phase becomes random
  kCorruptOutput,  ///< one bit of the output is inverted
  kWildSource,     ///< the engine reads its input `value` pages of 4 KiB behind the address
  kWildTarget,     ///< the engine writes its output `value` pages of 4 KiB behind the address
  kPartial,        ///< stateful: takes at most `value` input bytes (at least 1) and reports that
  // Of the queue or the function, at this descriptor.
  kHang,    ///< the queue never completes anything again
  kReset,   ///< controller reset: stop flags, all contexts lost
  kRemove,  ///< the function disappears: reads give ones
  // Of mailbox commands.
  kMailboxStatus,  ///< not carried out, status bits become `value`
  kMailboxBusy,    ///< the busy bit stays set for `value` reads of it
};

struct Fault {
  FaultKind kind;
  uint32_t value = 0;
  uint32_t dword = 0;
  int queue = -1;       ///< queue number it is meant for; -1 any
  uint64_t after = 0;   ///< spares so many matching descriptors (mailbox commands)
  uint64_t count = 1;   ///< then hits so many
  uint32_t one_in = 1;  ///< of those, one in so many by the seeded generator
};

std::optional<FaultKind> FaultKindByName(std::string_view name);
const char* FaultKindName(FaultKind kind);

/// The faults in force. Not synchronised.
class FaultPlan {
 public:
  explicit FaultPlan(uint64_t seed) : random_(seed) {}
  void Add(const Fault& fault) { faults_.push_back(fault); }
  void Clear() { faults_.clear(); }
  /// What hits the next descriptor of this queue, in the order of Add().
  std::vector<Fault> ForDescriptor(int queue) { return Draw(queue, false); }
  std::vector<Fault> ForMailbox(int queue) { return Draw(queue, true); }
  uint32_t Random() { return static_cast<uint32_t>(random_()); }

 private:
  std::vector<Fault> Draw(int queue, bool mailbox);

  std::mt19937_64 random_;
  std::vector<Fault> faults_;
};

}  // namespace warpdrive::model
