#include "software/deflate_walk.h"

#include <bit>
#include <cstring>

namespace warpdrive::software {
namespace {

// A refill leaves at least this many. No lookup moves on by more than kTableBits and the 13 extra
// bits of a distance, so this is enough for two.
constexpr uint32_t kRefillBits = 56;
static_assert(2 * (BlockCodes::kTableBits + 13) <= kRefillBits);

const BlockCodes& FixedCodes() {
  static const BlockCodes codes = [] {
    std::array<uint8_t, kFixedLitLen> litlen;  // RFC 1951 §3.2.6
    std::fill_n(litlen.begin(), 144, 8);
    std::fill_n(litlen.begin() + 144, 112, 9);
    std::fill_n(litlen.begin() + 256, 24, 7);
    std::fill_n(litlen.begin() + 280, 8, 8);
    std::array<uint8_t, kFixedDistance> distance;
    distance.fill(5);
    BlockCodes fixed;
    fixed.Init(litlen, distance);
    return fixed;
  }();
  return codes;
}

}  // namespace

bool DeflateWalker::Run() {
  while (!final_) {
    if (!Header() || !Block()) return false;
  }
  return (Position() + 7) / 8 == size_;
}

bool DeflateWalker::Finish() {
  finishing_ = true;
  return (type_ == 0 || Coded()) && Run();
}

// From BFINAL to the last bit before the first symbol, or before a stored block's padding.
bool DeflateWalker::Header() {
  Refill();
  last_header_ = Position();
  final_ = bits_ & 1;
  type_ = (bits_ >> 1) & 3;
  Drop(3);
  if (Overrun() || type_ == 3) return false;
  if (type_ == 1) current_ = &FixedCodes();
  if (type_ == 2) {
    if (!ReadCodes()) return false;
    current_ = &codes_;
  }
  return true;
}

bool DeflateWalker::Block() { return type_ == 0 ? Stored() : Coded(); }

// Moves on to the data of a stored block.
bool DeflateWalker::StoredSize(uint32_t* size) {
  const size_t start = (Position() + 7) / 8;
  if (size_ - start < 4) return false;
  const uint8_t* p = data_ + start;
  const uint32_t length = p[0] | p[1] << 8;
  const uint32_t complement = p[2] | p[3] << 8;
  if ((length ^ complement) != 0xffff || size_ - start - 4 < length) return false;
  next_ = start + 4;
  bits_ = 0;
  count_ = 0;
  *size = length;
  return true;
}

bool DeflateWalker::Stored() {
  uint32_t size = 0;
  if (!StoredSize(&size)) return false;
  if (finishing_ && stored_length_ == 0) {
    stored_header_ = last_header_;
    stored_length_ = next_ - 4;
  }
  next_ += size;
  return true;
}

bool DeflateWalker::RunTo(size_t skip, WalkCut* cut) {
  size_t done = 0;
  while (!final_) {
    if (!Header()) return false;
    *cut = {.header = last_header_, .body = Position()};
    if (type_ != 0) {
      bool ended = false;
      if (!Skip(skip, &done, cut, &ended)) return false;
      if (ended) continue;
      cut->at = Position();
      return true;
    }
    uint32_t size = 0;
    if (!StoredSize(&size)) return false;
    const size_t wanted = std::min<size_t>(size, skip - done);
    done += wanted;
    if (done == skip && (wanted < size || final_)) {
      cut->stored = true;
      cut->stored_left = size - static_cast<uint32_t>(wanted);
      cut->at = (next_ + wanted) * 8;
      next_ += size;
      return true;
    }
    next_ += size;
  }
  return false;
}

// Decodes symbols until `skip` bytes are done, or the block ends.
bool DeflateWalker::Skip(size_t skip, size_t* done, WalkCut* cut, bool* ended) {
  constexpr int kBits = 10;
  constexpr uint32_t kMask = (1u << kBits) - 1;
  std::array<uint16_t, 1 << kBits> litlens, distances;
  const auto entry = [](int symbol, int length) -> uint16_t { return symbol << 4 | length; };
  current_->litlen.Fill(litlens.data(), kBits, 0, entry);
  current_->distance.Fill(distances.data(), kBits, 0, entry);
  const auto next = [&](const PrefixCode& code, const uint16_t* table) {
    int length = table[bits_ & kMask] & 15;
    const int symbol = length != 0 ? table[bits_ & kMask] >> 4 : code.Decode(bits_, length);
    Drop(length);
    return symbol;
  };
  const auto extra = [&](int count) {
    const auto value = static_cast<uint32_t>(bits_ & ((1u << count) - 1));
    Drop(count);
    return value;
  };
  while (*done < skip) {
    Refill();
    const int symbol = next(current_->litlen, litlens.data());
    if (symbol < 0 || symbol >= kMaxLitLen || Overrun()) return false;
    if (symbol < kEndOfBlock) {
      ++*done;
      continue;
    }
    *ended = symbol == kEndOfBlock;
    if (*ended) return true;
    const int index = symbol - kEndOfBlock - 1;
    const uint32_t length = kLengthBase[index] + extra(kLengthExtra[index]);
    const int code = next(current_->distance, distances.data());
    if (code < 0 || code >= kMaxDistance) return false;
    const uint32_t distance = kDistanceBase[code] + extra(kDistanceExtra[code]);
    if (Overrun() || distance > *done) return false;
    *done += length;
    if (*done > skip) {
      cut->over = static_cast<uint32_t>(*done - skip);
      cut->distance = distance;
    }
  }
  return true;
}

// The codes of a dynamic block (§3.2.7), into codes_.
bool DeflateWalker::ReadCodes() {
  static constexpr uint8_t kOrder[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
  Refill();
  const uint32_t litlen_count = (bits_ & 31) + 257;
  const uint32_t distance_count = ((bits_ >> 5) & 31) + 1;
  const uint32_t order_count = ((bits_ >> 10) & 15) + 4;
  Drop(14);
  if (litlen_count > kMaxLitLen || distance_count > kMaxDistance) return false;

  std::array<uint8_t, 19> lengths{};
  Refill();
  for (uint32_t i = 0; i < order_count; i++) {
    if (i == 10) Refill();
    lengths[kOrder[i]] = bits_ & 7;
    Drop(3);
  }
  PrefixCode length_code;
  if (!length_code.Init(lengths, false)) return false;
  std::array<uint8_t, kMaxLitLen + kMaxDistance> all;
  const std::span<uint8_t> wanted(all.data(), litlen_count + distance_count);
  if (!ReadLengths(length_code, wanted) || all[kEndOfBlock] == 0) return false;
  return codes_.Init(wanted.first(litlen_count), wanted.subspan(litlen_count));
}

bool DeflateWalker::ReadLengths(const PrefixCode& length_code, std::span<uint8_t> lengths) {
  constexpr int kBits = 7;
  std::array<uint16_t, 1 << kBits> table;
  length_code.Fill(table.data(), kBits, 0,
                   [](int symbol, int length) -> uint16_t { return symbol << 3 | length; });
  for (size_t i = 0; i < lengths.size();) {
    Refill();
    const uint16_t entry = table[bits_ & (table.size() - 1)];
    Drop(entry & 7);
    const uint32_t symbol = entry >> 3;
    if (Overrun()) return false;
    if (symbol < 16) {
      lengths[i++] = static_cast<uint8_t>(symbol);
      continue;
    }
    if (symbol == 16 && i == 0) return false;
    const int extra = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    const size_t repeat = (bits_ & ((1u << extra) - 1)) + (symbol == 18 ? 11 : 3);
    Drop(extra);
    if (repeat > lengths.size() - i) return false;
    std::fill_n(lengths.begin() + i, repeat, symbol == 16 ? lengths[i - 1] : 0);
    i += repeat;
  }
  return !Overrun();
}

// The body of a block, up to and with its end-of-block symbol.
bool DeflateWalker::Coded() {
  const BlockCodes& codes = *current_;
  uint8_t state = 0;
  for (;;) {
    state = FastWalk(codes, state);
    Refill();
    int length;
    if (state & kThenDistance) {
      const int symbol = codes.distance.Decode(bits_, length);
      if (symbol < 0 || symbol >= kMaxDistance) return false;
      Drop(length + kDistanceExtra[symbol]);
      state = 0;
    } else {
      const int symbol = codes.litlen.Decode(bits_, length);
      if (symbol < 0 || symbol >= kMaxLitLen) return false;
      Drop(length);
      if (symbol == kEndOfBlock) return !Overrun();
      if (symbol > kEndOfBlock) {
        Drop(kLengthExtra[symbol - kEndOfBlock - 1]);
        state = kThenDistance;
      }
    }
    if (Overrun()) return false;
  }
}

// Goes on by table lookups until one is special or fewer than 8 bytes are left.
uint8_t DeflateWalker::FastWalk(const BlockCodes& codes, uint8_t state) {
  const uint8_t* table = codes.table.data();
  uint64_t bits = bits_;
  uint32_t count = count_;
  size_t next = next_;
  uint32_t entry = state;
  const auto lookup = [&] {
    entry = table[(entry & kThenDistance) * (BlockCodes::kTableSize / kThenDistance) +
                  (bits & (BlockCodes::kTableSize - 1))];
    bits >>= entry & kMoveMask;
    count -= entry & kMoveMask;
  };
  while (next + 8 <= size_) {
    bits |= Load(next) << count;
    next += (63 - count) >> 3;
    count |= kRefillBits;
    lookup();
    lookup();
    if (entry & kSpecial) break;
  }
  bits_ = bits;
  count_ = count;
  next_ = next;
  return entry;
}

uint64_t DeflateWalker::Load(size_t at) const {
  uint64_t word;
  std::memcpy(&word, data_ + at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// At least kRefillBits valid bits. The bits of bits_ above count_ may already hold what comes
// next in the stream, never anything else.
void DeflateWalker::Refill() {
  if (next_ + 8 <= size_) {
    bits_ |= Load(next_) << count_;
    next_ += (63 - count_) >> 3;
    count_ |= kRefillBits;
    return;
  }
  while (count_ < kRefillBits) {
    if (next_ < size_) bits_ |= static_cast<uint64_t>(data_[next_]) << count_;
    next_++;
    count_ += 8;
  }
}

}  // namespace warpdrive::software
