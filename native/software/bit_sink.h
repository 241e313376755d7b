// Writes bits into memory, in deflate's order (RFC 1951 §3.1.1).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace warpdrive::software {

/// Never writes behind its memory; that it was too small shows at Finish().
class BitSink {
 public:
  explicit BitSink(std::span<uint8_t> output) : output_(output) {}

  /// The lowest `count` bits of `value`, 0 to 32; the others are 0.
  void Put(uint32_t value, int count) {
    bits_ |= uint64_t{value} << used_;
    used_ += count;
    for (; used_ >= 8; used_ -= 8, bits_ >>= 8) Byte(static_cast<uint8_t>(bits_));
  }

  /// A Huffman code, 1 to 15 bits: the most significant bit first.
  void PutCode(uint32_t code, int length) {
    for (int bit = length - 1; bit >= 0; bit--) Put(code >> bit & 1, 1);
  }

  /// Zeros up to a byte boundary.
  void Align() {
    if (used_ != 0) Put(0, 8 - used_);
  }

  /// The bits from `from` up to `to` of `source`, which has all of them.
  void Copy(std::span<const uint8_t> source, size_t from, size_t to) {
    while (from < to && used_ != 0) {
      Put(source[from / 8] >> from % 8 & 1, 1);
      from++;
    }
    const size_t bytes = (to - from) / 8;
    if (from % 8 == 0) {
      CopyBytes(source.subspan(from / 8, bytes));
    } else {
      CopyShifted(source, from, bytes);
    }
    for (from += bytes * 8; from < to; from++) Put(source[from / 8] >> from % 8 & 1, 1);
  }

  /// In bits from the start.
  size_t position() const { return at_ * 8 + used_; }

  /// Aligns. @return bytes written; 0 if there was no room
  size_t Finish() {
    Align();
    return full_ ? 0 : at_;
  }

 private:
  void Byte(uint8_t byte) {
    if (at_ < output_.size()) {
      output_[at_++] = byte;
    } else {
      full_ = true;
    }
  }

  bool Fits(size_t bytes) {
    full_ |= bytes > output_.size() - at_;
    return !full_;
  }

  void CopyBytes(std::span<const uint8_t> source) {
    if (!Fits(source.size())) return;
    if (!source.empty()) std::memcpy(output_.data() + at_, source.data(), source.size());
    at_ += source.size();
  }

  // `from` is not on a byte boundary, so there is a byte behind each that is copied from.
  void CopyShifted(std::span<const uint8_t> source, size_t from, size_t bytes) {
    if (!Fits(bytes)) return;
    const uint8_t* in = source.data() + from / 8;
    uint8_t* out = output_.data() + at_;
    const int shift = static_cast<int>(from % 8);
    size_t i = 0;
    if constexpr (std::endian::native == std::endian::little) {
      for (; i + 8 <= bytes; i += 8) {
        uint64_t word;
        std::memcpy(&word, in + i, sizeof(word));
        word = word >> shift | uint64_t{in[i + 8]} << (64 - shift);
        std::memcpy(out + i, &word, sizeof(word));
      }
    }
    for (; i < bytes; i++) out[i] = static_cast<uint8_t>(in[i] >> shift | in[i + 1] << (8 - shift));
    at_ += bytes;
  }

  std::span<uint8_t> output_;
  size_t at_ = 0;      // whole bytes written
  uint64_t bits_ = 0;  // those behind them,
  int used_ = 0;       // 0 to 7
  bool full_ = false;
};

}  // namespace warpdrive::software
