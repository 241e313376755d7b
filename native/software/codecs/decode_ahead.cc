#include "software/codecs/decode_ahead.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "software/codecs/block_run.h"
#include "software/codecs/gzip_member.h"

namespace warpdrive::software {
namespace {

using Part = AheadTask::Part;

// Output that one stream may have decoded ahead, in bytes: members of BGZF for hundreds of
// threads, runs of blocks for a few.
constexpr size_t kMostHeld = 16 << 20;
// DEFLATE expands at most 1032 times (zlib's technical notes): a larger hint is none.
constexpr uint64_t kMostExpansion = 1032;
// Blocks that expand more are not worth the memory that would have to be set apart for all.
constexpr size_t kMostBlocksExpansion = 16;
// Smaller parts cost less to decode than to hand over.
constexpr size_t kLeastMemberBytes = 2048;
constexpr size_t kLeastBlocksBytes = 16 << 10;
// So many runs of blocks in a row that refer to what came before them: they all do.
constexpr uint32_t kMostRefused = 4;

}  // namespace

DecodeAhead::~DecodeAhead() {
  for (const auto& task : tasks_) task->Cancel();
}

void DecodeAhead::Look(std::span<const uint8_t> input, uint64_t at) {
  if (members_) LookForMembers(input, at);
  if (blocks_) LookForBlocks(input, at);
  // One alone is for the thread that comes to it.
  if (unshared_.size() < 2) return;
  for (auto& task : unshared_) share_(std::move(task));
  unshared_.clear();
}

void DecodeAhead::LookForMembers(std::span<const uint8_t> input, uint64_t at) {
  if (open_member_ < at) open_member_ = 0;
  size_t from = static_cast<size_t>(std::max(members_looked_, at) - at);
  while (from < input.size()) {
    const size_t found = FindMember(input, from);
    const auto header = ReadMemberHeader(input.subspan(found));
    // The end of the input may hold the start of a header.
    if (!header && input.size() - found < kLeastMember) {
      from = std::max(from, input.size() - std::min(input.size(), kLeastMember));
      break;
    }
    from = found;  // where there is no room for a part, the next look begins here
    if (open_member_ != 0) {
      const size_t begin = static_cast<size_t>(open_member_ - at);
      if (!Add(Part::kMember, input.subspan(begin, found - begin), open_member_)) break;
      open_member_ = 0;
    }
    from = found + 1;
    if (!header) continue;
    promising_ = true;
    if (header->member_size < kLeastMember) {
      open_member_ = at + found;
      continue;
    }
    from = found;
    if (header->member_size > input.size() - found) break;
    if (!Add(Part::kMember, input.subspan(found, header->member_size), at + found)) break;
    from += header->member_size;
  }
  members_looked_ = std::max(members_looked_, at + from);
}

void DecodeAhead::LookForBlocks(std::span<const uint8_t> input, uint64_t at) {
  if (open_blocks_ < at) open_blocks_ = 0;
  size_t from = static_cast<size_t>(std::max(blocks_looked_, at) - at);
  while (from < input.size()) {
    const size_t found = FindSyncPoint(input, from);
    if (found == input.size()) {
      from = found;
      break;
    }
    const bool first = open_blocks_ == 0 || InMember(open_blocks_);
    if (!first && at + found - open_blocks_ < kLeastBlocksBytes) {
      from = found + 1;
      continue;
    }
    from = found - 1;
    if (!first) {
      promising_ = true;
      const size_t begin = static_cast<size_t>(open_blocks_ - at);
      if (!Add(Part::kBlocks, input.subspan(begin, found - begin), open_blocks_)) break;
    }
    open_blocks_ = at + found;
    from = found + 1;
  }
  blocks_looked_ = std::max(blocks_looked_, at + from);
}

// False if there is no room for it now.
bool DecodeAhead::Add(Part part, std::span<const uint8_t> bytes, uint64_t start) {
  uint64_t size = kMostBlocksExpansion * bytes.size();
  if (part == Part::kMember) {
    size = SizeHint(bytes);
    if (bytes.size() < kLeastMemberBytes || size > kMostExpansion * bytes.size()) return true;
  }
  if (size > kMostHeld) return true;
  const BlockPool& pool = BlockPool::Instance();
  if (held_ + size > kMostHeld || (!tasks_.empty() && pool.in_use() >= pool.limit())) return false;
  auto task = AheadTask::Make(part, start, bytes, static_cast<size_t>(size));
  if (task == nullptr) return true;
  if (part == Part::kMember) DropBlocks(start, start + bytes.size());
  held_ += size;
  unshared_.push_back(task);
  const auto before = std::find_if(tasks_.begin(), tasks_.end(),
                                   [start](const auto& other) { return other->start() > start; });
  tasks_.insert(before, std::move(task));
  return true;
}

bool DecodeAhead::InMember(uint64_t at) const {
  // No run of blocks begins inside a member, so the last to begin is the one.
  const auto after =
      std::upper_bound(tasks_.begin(), tasks_.end(), at,
                       [](uint64_t place, const auto& task) { return place < task->start(); });
  if (after == tasks_.begin()) return false;
  const AheadTask& task = **std::prev(after);
  return task.part() == Part::kMember && at < task.end();
}

void DecodeAhead::Drop(const std::shared_ptr<AheadTask>& task) {
  task->Cancel();
  held_ -= task->output_size();
  std::erase(unshared_, task);
}

void DecodeAhead::DropBlocks(uint64_t from, uint64_t to) {
  std::erase_if(tasks_, [&](const auto& task) {
    const bool drop = task->part() == Part::kBlocks && from <= task->start() && task->start() < to;
    if (drop) Drop(task);
    return drop;
  });
}

uint64_t DecodeAhead::NextAfter(uint64_t at, uint64_t none) const {
  for (const auto& task : tasks_) {
    if (task->start() > at) return std::min(task->start(), none);
  }
  return none;
}

bool DecodeAhead::StartsAt(uint64_t at) const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [at](const auto& task) { return task->start() == at; });
}

std::shared_ptr<AheadTask> DecodeAhead::Take(Part part, uint64_t at) {
  while (!tasks_.empty() && tasks_.front()->start() <= at) {
    const std::shared_ptr<AheadTask> task = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    const bool here = task->start() == at && task->part() == part;
    const bool sound = here && task->Finish();
    Drop(task);
    if (part == Part::kBlocks && here) refused_ = sound ? 0 : refused_ + 1;
    if (sound) return task;
  }
  if (refused_ >= kMostRefused) {
    blocks_ = promising_ = false;
    DropBlocks(0, UINT64_MAX);
  }
  return nullptr;
}

}  // namespace warpdrive::software
