#include "software/codecs/member_ahead.h"

#include <algorithm>
#include <utility>

#include "software/codecs/gzip_member.h"

namespace warpdrive::software {
namespace {

// Output that one stream may have decoded ahead: enough for a member each for dozens of threads
// if they are BGZF's, and for a few large ones.
constexpr size_t kMostHeld = 8 << 20;
// DEFLATE expands at most 1032 times (zlib's technical notes): a larger hint is none.
constexpr uint64_t kMostExpansion = 1032;
// A smaller member costs less to decode than to hand over.
constexpr size_t kLeastWorth = 2048;

}  // namespace

MemberAhead::~MemberAhead() {
  for (const auto& task : tasks_) task->Cancel();
}

void MemberAhead::Look(std::span<const uint8_t> input, uint64_t at) {
  if (open_ < at) open_ = 0;
  size_t from = static_cast<size_t>(std::max(looked_to_, at) - at);
  while (from < input.size()) {
    const size_t found = FindMember(input, from);
    const auto header = ReadMemberHeader(input.subspan(found));
    // The end of the input may hold the start of a header.
    if (!header && input.size() - found < kLeastMember) {
      from = std::max(from, input.size() - std::min(input.size(), kLeastMember));
      break;
    }
    if (open_ != 0) {
      const size_t begin = static_cast<size_t>(open_ - at);
      if (!Add(input.subspan(begin, found - begin), open_)) break;
      open_ = 0;
    }
    from = found + 1;
    if (!header) continue;
    if (header->member_size < kLeastMember) {
      open_ = at + found;
    } else if (header->member_size > input.size() - found) {
      from = found;
      break;
    } else {
      if (!Add(input.subspan(found, header->member_size), at + found)) {
        from = found;
        break;
      }
      from = found + header->member_size;
    }
  }
  looked_to_ = std::max(looked_to_, at + from);
  // One alone is for the thread that comes to it.
  if (unshared_.size() < 2) return;
  for (auto& task : unshared_) share_(std::move(task));
  unshared_.clear();
}

// False if there is no room for it now.
bool MemberAhead::Add(std::span<const uint8_t> member, uint64_t start) {
  const uint64_t size = SizeHint(member);
  if (member.size() < kLeastWorth || size > kMostExpansion * member.size() || size > kMostHeld) {
    return true;
  }
  const BlockPool& pool = BlockPool::Instance();
  if (held_ + size > kMostHeld || (!tasks_.empty() && pool.in_use() >= pool.limit())) return false;
  auto task = MemberTask::Make(start, member, static_cast<size_t>(size));
  if (task == nullptr) return true;
  held_ += size;
  tasks_.push_back(task);
  unshared_.push_back(std::move(task));
  return true;
}

uint64_t MemberAhead::NextAfter(uint64_t at, uint64_t none) const {
  for (const auto& task : tasks_) {
    if (task->start() > at) return std::min(task->start(), none);
  }
  return none;
}

std::shared_ptr<MemberTask> MemberAhead::Take(uint64_t at) {
  while (!tasks_.empty() && tasks_.front()->start() <= at) {
    const std::shared_ptr<MemberTask> task = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    held_ -= task->output_size();
    if (!unshared_.empty() && unshared_.front() == task) unshared_.erase(unshared_.begin());
    if (task->start() == at && task->Finish()) return task;
    task->Cancel();
  }
  return nullptr;
}

}  // namespace warpdrive::software
