// Finished output of a session, waiting to be read: blocks in order, and small framing bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <span>

#include "device/block_pool.h"

namespace warpdrive {

class OutputQueue {
 public:
  /// Takes the first `size` bytes of `block`.
  void Push(Block block, size_t size) {
    if (size == 0) return;
    pieces_.push_back({std::move(block), 0, size});
    size_ += size;
  }

  /// Copies a few bytes. False if memory ran out.
  bool Push(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return true;
    Block block = BlockPool::Instance().Take(bytes.size());
    if (!block) return false;
    std::memcpy(block.data(), bytes.data(), bytes.size());
    Push(std::move(block), bytes.size());
    return true;
  }

  /// Bytes that wait.
  size_t size() const { return size_; }

  /// Moves the next bytes into `target`. @return how many: min(size(), target.size())
  size_t Read(std::span<uint8_t> target) {
    size_t done = 0;
    while (done < target.size() && !pieces_.empty()) {
      Piece& piece = pieces_.front();
      const size_t count = std::min(piece.end - piece.begin, target.size() - done);
      std::memcpy(target.data() + done, piece.block.data() + piece.begin, count);
      piece.begin += count;
      done += count;
      if (piece.begin == piece.end) pieces_.pop_front();
    }
    size_ -= done;
    return done;
  }

  void Clear() {
    pieces_.clear();
    size_ = 0;
  }

 private:
  struct Piece {
    Block block;
    size_t begin;
    size_t end;
  };
  std::deque<Piece> pieces_;
  size_t size_ = 0;
};

}  // namespace warpdrive
