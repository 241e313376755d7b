#include "software/codecs/block_headers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "software/codecs/inflate_header.h"

namespace warpdrive::software {
namespace {

// What is read at a bit at once: a header up to its code length code takes 3 + 14 + 19 * 3 bits
// behind at most 7 others, in two words of 57 bits that count.
constexpr size_t kReadAhead = 24;

// RFC 1951 §3.2.7: how much of a code four code lengths of 3 bits use up, in 128ths.
constexpr auto kUsed = [] {
  std::array<uint16_t, 4096> used{};
  for (unsigned lengths = 0; lengths < used.size(); ++lengths) {
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned length = lengths >> (3 * i) & 7;
      if (length != 0) used[lengths] = static_cast<uint16_t>(used[lengths] + (128u >> length));
    }
  }
  return used;
}();

uint64_t Load(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

}  // namespace

size_t BlockHeaders::Next() {
  for (; data_.size() - byte_ >= kReadAhead; ++byte_, step_ = 0) {
    const uint64_t word = Load(data_.data() + byte_);
    while (step_ < 8) {
      const unsigned bit = step_++;
      // BFINAL 0, BTYPE 2.
      if ((word >> bit & 7) != 4 || !LooksDynamic(byte_, bit)) continue;
      if (IsHeader(byte_ * 8 + bit)) return byte_ * 8 + bit;
    }
    // LEN and NLEN, RFC 1951 §3.2.4.
    if (((word ^ word >> 16) & 0xffff) != 0xffff) continue;
    while (step_ < 10) {
      const bool behind = step_++ == 8;
      const size_t bit = StoredAt(byte_, behind);
      // Of stored blocks in a row each would come twice.
      if (bit == kNone || bit == last_behind_ || !IsHeader(bit)) continue;
      if (behind) last_behind_ = bit;
      return bit;
    }
  }
  return kNone;
}

void BlockHeaders::SkipTo(size_t byte) {
  if (byte <= byte_) return;
  byte_ = std::min(byte, data_.size());
  step_ = 0;
}

bool BlockHeaders::LooksDynamic(size_t byte, unsigned bit) const {
  const uint64_t first = Load(data_.data() + byte) >> bit;
  if ((first >> 3 & 31) > 29 || (first >> 8 & 31) > 29) return false;
  const auto count = static_cast<unsigned>(first >> 13 & 15) + 4;
  const size_t at = byte * 8 + bit + 17;
  const uint64_t lengths =
      Load(data_.data() + at / 8) >> at % 8 & ((uint64_t{1} << (3 * count)) - 1);
  unsigned used = 0;
  for (unsigned i = 0; i < 5; ++i) used += kUsed[lengths >> (12 * i) & 4095];
  return used == 128;
}

bool BlockHeaders::IsHeader(size_t bit) const {
  InflateHeader header;
  return header.Read(data_.subspan(bit / 8), bit % 8) == HeaderState::kComplete && !header.final();
}

/// LEN stands at `byte`. The block behind it, or the block itself if a byte of zeros is before it:
/// then it may as well begin there.
size_t BlockHeaders::StoredAt(size_t byte, bool behind) const {
  const size_t length = Load(data_.data() + byte) & 0xffff;
  if (!behind) return byte != 0 && data_[byte - 1] == 0 ? (byte - 1) * 8 : kNone;
  const size_t next = byte + 4 + length;
  return next < data_.size() ? next * 8 : kNone;
}

}  // namespace warpdrive::software
