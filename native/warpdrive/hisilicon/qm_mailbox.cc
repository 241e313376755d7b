#include "warpdrive/hisilicon/qm_mailbox.h"

#include <cstring>
#include <string>

#include "warpdrive/hisilicon/barrier.h"

namespace warpdrive::hisilicon {
namespace {

// First word: [7:0] command, [12:9] status (read), [13] busy, [14] 1 = read; [31:16] queue.
constexpr uint32_t kStatusShift = 9;
constexpr uint32_t kStatusMask = 0xF;
constexpr uint32_t kBusy = 1u << 13;
constexpr uint32_t kRead = 1u << 14;

constexpr uint32_t kPollUs = 10;
// The kernel's driver gives up after a millisecond of silicon. An emulated function answers in its
// own time.
constexpr uint32_t kPolls = 100'000;

std::string Name(MailboxCommand command) {
  return "mailbox command " + std::to_string(static_cast<int>(command));
}

}  // namespace

Outcome QmMailbox::WaitIdle(uint32_t* word, MailboxCommand command) {
  for (uint32_t poll = 0; poll < kPolls; ++poll) {
    *word = bar2_->Read32(reg::kMailbox);
    // All ones: nobody answers on the bus any more.
    if (*word == 0xFFFFFFFF) {
      return Error{ErrorCode::kGone, 0, "the device does not answer any more"};
    }
    if ((*word & kBusy) == 0) return {};
    calls_->SleepMicroseconds(kPollUs);
  }
  return Error{ErrorCode::kProtocol, 0, Name(command) + " was not answered in time"};
}

Outcome QmMailbox::Run(MailboxCommand command, uint64_t address, uint16_t queue, bool read) {
  uint32_t word;
  if (Outcome outcome = WaitIdle(&word, command); !outcome) return outcome;
  const uint32_t words[4] = {
      static_cast<uint32_t>(command) | kBusy | (read ? kRead : 0) | uint32_t{queue} << 16,
      static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32), 0};
  uint8_t bytes[16];
  std::memcpy(bytes, words, sizeof(bytes));
  BarrierBeforeSubmit();  // the context block before the store that makes the device read it
  bar2_->Write128(reg::kMailbox, bytes);
  if (Outcome outcome = WaitIdle(&word, command); !outcome) return outcome;
  BarrierAfterPhase();  // the answer before what the device wrote for it
  const uint32_t status = word >> kStatusShift & kStatusMask;
  if (status == 0) return {};
  return Error{ErrorCode::kProtocol, 0,
               Name(command) + " for queue " + std::to_string(queue) + " failed with status " +
                   std::to_string(status)};
}

Outcome QmMailbox::Write(MailboxCommand command, uint64_t address, uint16_t queue) {
  const std::lock_guard lock(mutex_);
  return Run(command, address, queue, false);
}

Outcome QmMailbox::ReadInto(MailboxCommand command, uint64_t address, uint16_t queue) {
  const std::lock_guard lock(mutex_);
  return Run(command, address, queue, true);
}

Result<uint64_t> QmMailbox::Query(MailboxCommand command, uint16_t queue) {
  const std::lock_guard lock(mutex_);
  if (Outcome outcome = Run(command, 0, queue, true); !outcome) return outcome.error();
  return uint64_t{bar2_->Read32(reg::kMailboxLow)} | uint64_t{bar2_->Read32(reg::kMailboxHigh)}
                                                         << 32;
}

}  // namespace warpdrive::hisilicon
