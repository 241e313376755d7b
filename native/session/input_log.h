// Compressed input that a stream's hardware context has used, for software to begin anew with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <utility>

#include "device/block_pool.h"

namespace warpdrive {

/// Bytes of a stream by their offset from its start. Memory of the pool, so that its limit counts.
class InputLog {
 public:
  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }
  uint64_t size() const { return end_ - begin_; }

  /// @return false, and nothing changed, if memory ran out
  bool Append(std::span<const uint8_t> bytes) {
    const size_t used = static_cast<size_t>(end_ - tail_begin_);
    const size_t space = pieces_.empty() ? 0 : pieces_.back().capacity() - used;
    const size_t first = std::min(space, bytes.size());
    const std::span<const uint8_t> rest = bytes.subspan(first);
    Block block;
    if (!rest.empty()) {
      block = BlockPool::Instance().Take(std::max(rest.size(), kPiece));
      if (!block) return false;
    }
    if (first != 0) std::memcpy(pieces_.back().data() + used, bytes.data(), first);
    end_ += first;
    if (rest.empty()) return true;
    std::memcpy(block.data(), rest.data(), rest.size());
    if (!pieces_.empty()) begins_.push_back(tail_begin_);
    tail_begin_ = end_;
    pieces_.push_back(std::move(block));
    end_ += rest.size();
    return true;
  }

  /// The bytes from `offset` on (begin() to end()) that lie in one piece; empty at the end.
  std::span<const uint8_t> From(uint64_t offset) const {
    if (offset >= end_) return {};
    for (size_t i = 0; i < begins_.size(); ++i) {
      const uint64_t next = i + 1 < begins_.size() ? begins_[i + 1] : tail_begin_;
      if (offset < next) {
        return {pieces_[i].data() + (offset - begins_[i]), static_cast<size_t>(next - offset)};
      }
    }
    return {pieces_.back().data() + (offset - tail_begin_), static_cast<size_t>(end_ - offset)};
  }

  /// Forgets what comes before `offset`; memory goes back in whole pieces.
  void DropBefore(uint64_t offset) {
    begin_ = std::clamp(offset, begin_, end_);
    while (!begins_.empty() && (begins_.size() > 1 ? begins_[1] : tail_begin_) <= begin_) {
      begins_.pop_front();
      pieces_.pop_front();
    }
  }

  void Clear() { *this = {}; }

 private:
  static constexpr size_t kPiece = 64 * 1024;

  std::deque<Block> pieces_;
  std::deque<uint64_t> begins_;  ///< offsets of all pieces but the last
  uint64_t tail_begin_ = 0;      ///< offset of the last piece
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace warpdrive
