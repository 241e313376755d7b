#include "model/faults.h"

namespace warpdrive::model {
namespace {

struct Named {
  FaultKind kind;
  const char* name;
};

constexpr Named kNames[] = {
    {FaultKind::kLose, "lose"},
    {FaultKind::kStatus, "status"},
    {FaultKind::kConsumed, "consumed"},
    {FaultKind::kProduced, "produced"},
    {FaultKind::kTag, "tag"},
    {FaultKind::kSqHead, "sq-head"},
    {FaultKind::kSqNum, "sq-num"},
    {FaultKind::kPhase, "phase"},
    {FaultKind::kCqeStatus, "cqe-status"},
    {FaultKind::kDelay, "delay"},
    {FaultKind::kDuplicate, "duplicate"},
    {FaultKind::kMutateSqe, "mutate-sqe"},
    {FaultKind::kRandomSqe, "random-sqe"},
    {FaultKind::kRandomCqe, "random-cqe"},
    {FaultKind::kCorruptOutput, "corrupt-output"},
    {FaultKind::kWildSource, "wild-source"},
    {FaultKind::kWildTarget, "wild-target"},
    {FaultKind::kPartial, "partial"},
    {FaultKind::kHang, "hang"},
    {FaultKind::kReset, "reset"},
    {FaultKind::kRemove, "remove"},
    {FaultKind::kMailboxStatus, "mailbox-status"},
    {FaultKind::kMailboxBusy, "mailbox-busy"},
};

bool IsOfMailbox(FaultKind kind) {
  return kind == FaultKind::kMailboxStatus || kind == FaultKind::kMailboxBusy;
}

}  // namespace

std::optional<FaultKind> FaultKindByName(std::string_view name) {
  for (const Named& named : kNames) {
    if (name == named.name) return named.kind;
  }
  return std::nullopt;
}

const char* FaultKindName(FaultKind kind) {
  for (const Named& named : kNames) {
    if (kind == named.kind) return named.name;
  }
  return "unknown";
}

std::vector<Fault> FaultPlan::Draw(int queue, bool mailbox) {
  std::vector<Fault> hits;
  for (Fault& fault : faults_) {
    if (IsOfMailbox(fault.kind) != mailbox || fault.count == 0) continue;
    if (fault.queue >= 0 && fault.queue != queue) continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    --fault.count;
    if (fault.one_in > 1 && random_() % fault.one_in != 0) continue;
    hits.push_back(fault);
  }
  return hits;
}

}  // namespace warpdrive::model
