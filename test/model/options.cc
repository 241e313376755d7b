#include "model/options.h"

namespace warpdrive::model {

uint64_t Store::word() const {
  uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = word << 8 | value[i];
  return word;
}

const char* ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kMemoryDisabled:
      return "memory-disabled";
    case Reason::kBusMasterDisabled:
      return "bus-master-disabled";
    case Reason::kUnknownRegister:
      return "unknown-register";
    case Reason::kAccessWidth:
      return "access-width";
    case Reason::kRegisterValue:
      return "register-value";
    case Reason::kSplitMailbox:
      return "split-mailbox";
    case Reason::kMailboxMalformed:
      return "mailbox-malformed";
    case Reason::kMailboxCommand:
      return "mailbox-command";
    case Reason::kMailboxQueue:
      return "mailbox-queue";
    case Reason::kMailboxOrder:
      return "mailbox-order";
    case Reason::kMailboxDma:
      return "mailbox-dma";
    case Reason::kContext:
      return "context";
    case Reason::kDoorbellPlace:
      return "doorbell-place";
    case Reason::kDoorbellCommand:
      return "doorbell-command";
    case Reason::kDoorbellQueue:
      return "doorbell-queue";
    case Reason::kDoorbellNotStarted:
      return "doorbell-not-started";
    case Reason::kDoorbellRandom:
      return "doorbell-random";
    case Reason::kDoorbellIndex:
      return "doorbell-index";
    case Reason::kDoorbellOverrun:
      return "doorbell-overrun";
    case Reason::kCqOverflow:
      return "cq-overflow";
    case Reason::kEqOverflow:
      return "eq-overflow";
    case Reason::kRingDma:
      return "ring-dma";
    case Reason::kSqeType:
      return "sqe-type";
    case Reason::kSqeReserved:
      return "sqe-reserved";
    case Reason::kSqeRequest:
      return "sqe-request";
    case Reason::kSqeBuffer:
      return "sqe-buffer";
    case Reason::kSqeOutputTooSmall:
      return "sqe-output-too-small";
    case Reason::kSqeEmptyInput:
      return "sqe-empty-input";
    case Reason::kSqeStream:
      return "sqe-stream";
    case Reason::kContextNotZeroed:
      return "context-not-zeroed";
    case Reason::kSqeDma:
      return "sqe-dma";
  }
  return "unknown";
}

}  // namespace warpdrive::model
