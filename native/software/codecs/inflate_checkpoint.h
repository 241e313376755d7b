// What zlib needs to take over in the middle of a deflate stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "device/request.h"

namespace warpdrive::software {

/// Bytes that grow at the end, without exceptions.
class KeptInput {
 public:
  std::span<const uint8_t> bytes() const { return {data_.get(), size_}; }
  size_t size() const { return size_; }
  void Clear() { size_ = 0; }

  /// False, and nothing changed, if memory ran out.
  bool Append(std::span<const uint8_t> more) {
    if (more.empty()) return true;
    if (more.size() > capacity_ - size_) {
      const size_t capacity = (size_ + more.size()) * 3 / 2;
      std::unique_ptr<uint8_t[]> data(new (std::nothrow) uint8_t[capacity]);
      if (data == nullptr) return false;
      if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
      data_ = std::move(data);
      capacity_ = capacity;
    }
    std::memcpy(data_.get() + size_, more.data(), more.size());
    size_ += more.size();
    return true;
  }

 private:
  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// The start of a deflate block and everything that has happened since.
struct InflateCheckpoint {
  std::array<uint8_t, kMaxHistory> window;  ///< the output before it
  uint32_t window_size = 0;
  uint8_t bits = 0;        ///< the low `bit_count` bits are the first of the block
  uint8_t bit_count = 0;   ///< 0 to 7
  KeptInput input;         ///< the compressed bytes after those bits
  uint64_t delivered = 0;  ///< bytes of output since, which the caller already has
};

}  // namespace warpdrive::software
