#include "warpdrive/hisilicon/completion_sleep.h"

#include <poll.h>
#include <time.h>

#include <algorithm>

#include "device/event_word.h"

namespace warpdrive::hisilicon {
namespace {

// About 20 us: less than two context switches, more than the gap between two completions.
constexpr int kSpins = 400;

constexpr int64_t kMsNs = 1'000'000;

timespec SpanOf(int64_t ns) {
  return {.tv_sec = static_cast<time_t>(ns / 1'000'000'000),
          .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool CompletionSleep::Ready() const {
  return std::any_of(targets_.begin(), targets_.end(), [](const WaitTarget& target) {
    return target.queue->HasCompletion() || target.queue->StopSeen();
  });
}

bool CompletionSleep::ClearOne() const {
  return std::any_of(targets_.begin(), targets_.end(),
                     [](const WaitTarget& target) { return target.used->ClearOne(); });
}

bool CompletionSleep::HasBatch() const {
  return std::any_of(targets_.begin(), targets_.end(), [](const WaitTarget& target) {
    return target.queue->HasBatch() || target.queue->StopSeen();
  });
}

bool CompletionSleep::Spin(bool batch) const {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (batch ? HasBatch() : Ready()) return true;
    CpuRelax();
  }
  return false;
}

void CompletionSleep::Pause(int64_t ns) const {
  pollfd entry{.fd = wake_fd_, .events = POLLIN, .revents = 0};
  const timespec span = SpanOf(ns);
  ppoll(&entry, wake_fd_ >= 0 ? 1 : 0, &span, nullptr);
}

// WAIT sleeps for one queue alone: with more of them busy, the others' completions would be late.
const WaitTarget* CompletionSleep::ToWaitFor() const {
  const WaitTarget* busy = nullptr;
  for (const WaitTarget& target : targets_) {
    if (target.queue->outstanding() == 0) continue;
    if (busy != nullptr) return nullptr;
    busy = &target;
  }
  return busy != nullptr && busy->transport->rings().waits && busy->wakes->Wakes() ? busy : nullptr;
}

bool CompletionSleep::Nap(int64_t until_ns) {
  const bool events = std::all_of(targets_.begin(), targets_.end(), [](const WaitTarget& target) {
    return target.queue->outstanding() == 0 || target.transport->rings().has_events;
  });
  const int64_t nap = std::min(nap_ns_, std::max<int64_t>(until_ns - NowNs(), 0));
  nap_ns_ = std::min(nap_ns_ * 2, events ? kLongestNapWithEventsNs : kLongestNapNs);

  // One is waited for, when a nap would be as long as a tick; or all are polled together.
  if (const WaitTarget* target = nap >= kMsNs ? ToWaitFor() : nullptr) {
    const WaitEnd end = target->transport->Wait(static_cast<uint32_t>(nap / kMsNs));
    target->wakes->Note(end, target->queue->HasCompletion());
    return end != WaitEnd::kGone;
  }
  std::array<pollfd, 3> entries;
  nfds_t count = 0;
  for (const WaitTarget& target : targets_) {
    if (target.queue->outstanding() == 0 || !target.transport->rings().has_events) continue;
    const int fd = target.transport->event_fd();
    if (fd < 0 || count == entries.size() - 1) continue;
    entries[count++] = {.fd = fd, .events = POLLIN, .revents = 0};
  }
  const nfds_t queues = count;
  if (wake_fd_ >= 0) entries[count++] = {.fd = wake_fd_, .events = POLLIN, .revents = 0};
  const timespec span = SpanOf(nap);
  if (ppoll(entries.data(), count, &span, nullptr) <= 0) return true;
  return std::none_of(entries.begin(), entries.begin() + queues, [](const pollfd& entry) {
    return (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  });
}

}  // namespace warpdrive::hisilicon
