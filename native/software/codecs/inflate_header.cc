#include "software/codecs/inflate_header.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace warpdrive::software {
namespace {

constexpr unsigned kMaxCodeBits = 15;
constexpr unsigned kMaxLengthCodeBits = 7;

// RFC 1951 §3.2.7
constexpr uint8_t kLengthCodeOrder[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                          11, 4,  12, 3, 13, 2, 14, 1, 15};

// zlib's inftrees.c: a set must use all codes, but for a lone code of one bit where `lone`.
// An empty set of distances is fine as long as no distance is used.
enum class CodeSet : uint8_t { kRefused, kWithHoles, kFull };

CodeSet Judge(std::span<const uint8_t> lengths, bool lone) {
  std::array<int, kMaxCodeBits + 1> count{};
  for (const uint8_t length : lengths) ++count[length];
  int left = 1;
  for (unsigned bits = 1; bits <= kMaxCodeBits; ++bits) {
    left = left * 2 - count[bits];
    if (left < 0) return CodeSet::kRefused;
  }
  if (left == 0) return CodeSet::kFull;
  const int used = static_cast<int>(lengths.size()) - count[0];
  const bool allowed = lone && (used == 0 || (used == 1 && count[1] == 1));
  return allowed ? CodeSet::kWithHoles : CodeSet::kRefused;
}

}  // namespace

class InflateHeader::Bits {
 public:
  explicit Bits(std::span<const uint8_t> data) : data_(data) {}

  /// In bits from the start of the data.
  size_t position() const { return next_ * 8 - count_; }

  /// The next `count` (0 to 16) bits, with zeros behind the end.
  uint32_t Peek(unsigned count) {
    if (count_ < count) Refill();
    return static_cast<uint32_t>(bits_) & ((1u << count) - 1);
  }

  bool Take(unsigned count, uint32_t* value) {
    *value = Peek(count);
    if (count_ < count) return false;
    bits_ >>= count;
    count_ -= count;
    return true;
  }

  void AlignToByte() {
    bits_ >>= count_ % 8;
    count_ -= count_ % 8;
  }

 private:
  // The bits of bits_ above count_ may already hold what comes next, never anything else.
  void Refill() {
    if constexpr (std::endian::native == std::endian::little) {
      if (data_.size() - next_ >= sizeof(uint64_t)) {
        uint64_t word;
        std::memcpy(&word, data_.data() + next_, sizeof(word));
        bits_ |= word << count_;
        next_ += (63 - count_) / 8;
        count_ |= 56;
        return;
      }
    }
    while (count_ < 16 && next_ < data_.size()) {
      bits_ |= uint64_t{data_[next_++]} << count_;
      count_ += 8;
    }
  }

  std::span<const uint8_t> data_;
  size_t next_ = 0;
  uint64_t bits_ = 0;
  unsigned count_ = 0;
};

HeaderState InflateHeader::Read(std::span<const uint8_t> data, unsigned skip_bits) {
  Bits bits(data);
  uint32_t first = 0;
  if (!bits.Take(skip_bits, &first) || !bits.Take(3, &first)) return HeaderState::kIncomplete;
  final_ = (first & 1) != 0;
  all_codes_exist_ = false;
  sorted_ = false;
  literal_count_ = 0;
  HeaderState state = HeaderState::kComplete;
  switch (first >> 1) {
    case 0: {
      uint32_t length = 0;
      uint32_t complement = 0;
      bits.AlignToByte();
      if (!bits.Take(16, &length) || !bits.Take(16, &complement)) return HeaderState::kIncomplete;
      if (length != (complement ^ 0xffff)) return HeaderState::kRefused;
      break;
    }
    case 1:  // RFC 1951 §3.2.6
      literal_count_ = 288;
      std::fill_n(lengths_.begin(), 144, uint8_t{8});
      std::fill_n(lengths_.begin() + 144, 112, uint8_t{9});
      std::fill_n(lengths_.begin() + 256, 24, uint8_t{7});
      std::fill_n(lengths_.begin() + 280, 8, uint8_t{8});
      break;
    case 2:
      state = ReadDynamic(bits);
      break;
    default:
      return HeaderState::kRefused;
  }
  bytes_ = (bits.position() + 7) / 8;
  return state;
}

HeaderState InflateHeader::ReadDynamic(Bits& bits) {
  uint32_t counts = 0;
  if (!bits.Take(14, &counts)) return HeaderState::kIncomplete;
  const size_t literals = (counts & 31) + 257;
  const size_t distances = (counts >> 5 & 31) + 1;
  const size_t code_lengths = (counts >> 10) + 4;
  if (literals > 286 || distances > 30) return HeaderState::kRefused;

  std::array<uint8_t, 19> lengths{};
  for (size_t i = 0; i < code_lengths; ++i) {
    uint32_t length = 0;
    if (!bits.Take(3, &length)) return HeaderState::kIncomplete;
    lengths[kLengthCodeOrder[i]] = static_cast<uint8_t>(length);
  }
  if (Judge(lengths, false) != CodeSet::kFull) return HeaderState::kRefused;
  bool refused = false;
  if (!ReadLengths(bits, lengths, literals + distances, &refused)) {
    return refused ? HeaderState::kRefused : HeaderState::kIncomplete;
  }

  const std::span<const uint8_t> all(lengths_);
  const CodeSet literal_set = Judge(all.first(literals), true);
  const CodeSet distance_set = Judge(all.subspan(literals, distances), true);
  if (lengths_[256] == 0 || literal_set == CodeSet::kRefused || distance_set == CodeSet::kRefused) {
    return HeaderState::kRefused;
  }
  literal_count_ = literals;
  all_codes_exist_ = literal_set == CodeSet::kFull && distance_set == CodeSet::kFull;
  return HeaderState::kComplete;
}

// Fills the first `count` of lengths_. False if it ran out of bits or, with `*refused`, if a
// repeat has nothing to repeat or goes too far.
bool InflateHeader::ReadLengths(Bits& bits, std::span<const uint8_t> code_lengths, size_t count,
                                bool* refused) {
  // By the next 7 bits: symbol and length of the code they begin with. Codes are assigned in
  // order of length, then symbol, and stored with their first bit lowest (RFC 1951 §3.2.2).
  struct Entry {
    uint8_t symbol;
    uint8_t length;
  };
  std::array<Entry, 1 << kMaxLengthCodeBits> table{};
  std::array<uint8_t, kMaxLengthCodeBits + 2> next_code{};
  for (const uint8_t length : code_lengths) ++next_code[length + 1];
  next_code[1] = 0;  // absent symbols have no code
  for (unsigned length = 2; length <= kMaxLengthCodeBits; ++length) {
    next_code[length] = static_cast<uint8_t>((next_code[length - 1] + next_code[length]) * 2);
  }
  for (size_t symbol = 0; symbol < code_lengths.size(); ++symbol) {
    const uint8_t length = code_lengths[symbol];
    if (length == 0) continue;
    const unsigned code = next_code[length]++;
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < length; ++bit) {
      reversed |= (code >> bit & 1) << (length - 1 - bit);
    }
    for (size_t i = reversed; i < table.size(); i += size_t{1} << length) {
      table[i] = {static_cast<uint8_t>(symbol), length};
    }
  }

  // The symbols 16, 17 and 18: how many bits say how often, and the least number of times.
  constexpr struct {
    uint8_t bits;
    uint8_t least;
  } kRepeats[3] = {{2, 3}, {3, 3}, {7, 11}};
  for (size_t have = 0; have < count;) {
    const Entry entry = table[bits.Peek(kMaxLengthCodeBits)];
    uint32_t skipped = 0;
    uint32_t more = 0;
    if (!bits.Take(entry.length, &skipped)) return false;
    if (entry.symbol < 16) {
      lengths_[have++] = entry.symbol;
      continue;
    }
    const auto repeat = kRepeats[entry.symbol - 16];
    if (!bits.Take(repeat.bits, &more)) return false;
    const size_t times = repeat.least + more;
    *refused = times > count - have || (entry.symbol == 16 && have == 0);
    if (*refused) return false;
    const uint8_t length = entry.symbol == 16 ? lengths_[have - 1] : uint8_t{0};
    std::fill_n(lengths_.begin() + static_cast<ptrdiff_t>(have), times, length);
    have += times;
  }
  return true;
}

void InflateHeader::SortLiterals() {
  sorted_ = true;
  codes_of_length_.fill(0);
  for (size_t i = 0; i < literal_count_; ++i) ++codes_of_length_[lengths_[i]];
  std::array<uint16_t, 17> place{};
  for (size_t bits = 1; bits <= kMaxCodeBits; ++bits) {
    place[bits + 1] = static_cast<uint16_t>(place[bits] + codes_of_length_[bits]);
  }
  for (size_t i = 0; i < literal_count_; ++i) {
    if (lengths_[i] != 0) symbols_[place[lengths_[i]]++] = static_cast<uint16_t>(i);
  }
}

int InflateHeader::NextLiteral(uint64_t bits, unsigned available, unsigned* used) {
  if (!sorted_) SortLiterals();
  // Codes of one length are consecutive numbers that begin at twice the number after the last
  // code of the length before (RFC 1951 §3.2.2).
  int code = 0;
  int first = 0;
  int before = 0;
  for (unsigned length = 1; length <= std::min(available, kMaxCodeBits); ++length) {
    code = code * 2 + static_cast<int>(bits >> (length - 1) & 1);
    first *= 2;
    const int count = codes_of_length_[length];
    if (code < first + count) {
      *used = length;
      const int symbol = symbols_[static_cast<size_t>(before + code - first)];
      return symbol < 256 ? symbol : -1;
    }
    first += count;
    before += count;
  }
  return -1;
}

}  // namespace warpdrive::software
