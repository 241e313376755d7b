#include "software/splice.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace warpdrive::software {
namespace {

constexpr int kMaxCodeBits = 15;   // RFC 1951 §3.2.7
constexpr int kMaxLitLen = 286;    // symbols of a dynamic code; 286 and 287 exist only in the
constexpr int kMaxDistance = 30;   // fixed code and never stand for anything (§3.2.6), as do
constexpr int kFixedLitLen = 288;  // distances 30 and 31
constexpr int kFixedDistance = 32;
constexpr int kEndOfBlock = 256;

// Extra bits behind length symbols from 257 and distance symbols from 0 (§3.2.5).
constexpr std::array<uint8_t, 29> kLengthExtra = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                  2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<uint8_t, 30> kDistanceExtra = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                    4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                    9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

// The walk is a machine of two states, "literal/length next" and "distance next". One lookup takes
// the next kTableBits bits to an entry of one byte: how many bits to move on (all symbols that the
// lookup covers and their extra bits), and the state after that. There is no branch on the kind of
// symbol, because text makes such branches unpredictable. 11 bits: 10 hold too few symbols, and 12
// take longer to fill than they save.
constexpr int kTableBits = 11;
constexpr size_t kTableSize = size_t{1} << kTableBits;
constexpr uint8_t kMoveMask = 0x3f;
constexpr uint8_t kThenDistance = 0x40;
// End of block, a code longer than kTableBits, or none at all. It moves on by 0 bits and keeps the
// state, so looking it up again changes nothing, and one test after several lookups is enough.
constexpr uint8_t kSpecial = 0x80;

// A refill leaves at least this many. No lookup moves on by more than kTableBits and the 13 extra
// bits of a distance, so this is enough for two.
constexpr uint32_t kRefillBits = 56;
static_assert(2 * (kTableBits + 13) <= kRefillBits);

// A canonical Huffman code: the number of codes of each length and the symbols in order of code.
class PrefixCode {
 public:
  // False where zlib's inflate_table() refuses the lengths: over-subscribed, or incomplete unless
  // it is (for all but the code length code) a single code of one bit or no code at all.
  bool Init(std::span<const uint8_t> lengths, bool may_be_incomplete) {
    count_.fill(0);
    for (uint8_t length : lengths) count_[length]++;
    count_[0] = 0;
    int left = 1;
    int used = 0;
    std::array<uint16_t, kMaxCodeBits + 2> offset{};
    for (int length = 1; length <= kMaxCodeBits; length++) {
      left = 2 * left - count_[length];
      if (left < 0) return false;
      used += count_[length];
      offset[length + 1] = static_cast<uint16_t>(used);
    }
    if (left > 0 && !(may_be_incomplete && (used == 0 || (used == 1 && count_[1] == 1)))) {
      return false;
    }
    for (size_t symbol = 0; symbol < lengths.size(); symbol++) {
      if (lengths[symbol] != 0) symbols_[offset[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
    }
    return true;
  }

  // Bit by bit, for what a table lookup does not cover. Returns the symbol, or -1 for a code that
  // does not exist; `length` becomes the length of the code.
  int Decode(uint64_t bits, int& length) const {
    int code = 0, first = 0, index = 0;
    for (length = 1; length <= kMaxCodeBits; length++) {
      code |= static_cast<int>(bits & 1);
      bits >>= 1;
      if (code - first < count_[length]) return symbols_[index + code - first];
      index += count_[length];
      first = (first + count_[length]) << 1;
      code <<= 1;
    }
    return -1;
  }

  // Sets the 2^table_bits elements of `table` to entry(symbol, length) for the codes of up to
  // table_bits bits, else to `hole`.
  template <typename Entry>
  void Fill(uint16_t* table, int table_bits, uint16_t hole, Entry entry) const {
    table[0] = hole;
    uint32_t reversed = 0;  // codes come most significant bit first (§3.1.1), the index last
    int index = 0;
    for (int length = 1; length <= table_bits; length++) {
      const uint32_t half = 1u << (length - 1);
      std::copy_n(table, half, table + half);
      for (int n = count_[length]; n > 0; n--) {
        table[reversed] = entry(symbols_[index++], length);
        uint32_t bit = half;
        while (reversed & bit) bit >>= 1;
        reversed = (reversed & (bit - 1)) | bit;
      }
    }
  }

 private:
  std::array<uint16_t, kMaxCodeBits + 1> count_;
  std::array<uint16_t, kFixedLitLen> symbols_;
};

// The two codes of a block.
struct BlockCodes {
  PrefixCode litlen, distance;
  alignas(64) std::array<uint8_t, 2 * kTableSize> table;  // literal/length, then distance

  bool Init(std::span<const uint8_t> litlen_lengths, std::span<const uint8_t> distance_lengths) {
    if (!litlen.Init(litlen_lengths, true) || !distance.Init(distance_lengths, true)) return false;
    // First one symbol per entry, with the length of its code in the upper byte.
    std::array<uint16_t, kTableSize> litlens, distances;
    litlen.Fill(litlens.data(), kTableBits, kHole | kSpecial, LitLenEntry);
    distance.Fill(distances.data(), kTableBits, kHole | kSpecial | kThenDistance, DistanceEntry);
    for (uint32_t i = 0; i < kTableSize; i++) {
      table[i] = Combine(litlens, distances, i);
      table[kTableSize + i] = static_cast<uint8_t>(distances[i]);
    }
    return true;
  }

 private:
  using Singles = std::array<uint16_t, kTableSize>;
  static constexpr uint16_t kHole = 0xff00;  // longer than any code

  static uint16_t LitLenEntry(int symbol, int length) {
    if (symbol < kEndOfBlock) return length << 8 | length;
    if (symbol == kEndOfBlock || symbol >= kMaxLitLen) return kHole | kSpecial;
    return length << 8 | kThenDistance | (length + kLengthExtra[symbol - kEndOfBlock - 1]);
  }

  static uint16_t DistanceEntry(int symbol, int length) {
    if (symbol >= kMaxDistance) return kHole | kSpecial | kThenDistance;
    return length << 8 | (length + kDistanceExtra[symbol]);
  }

  // The entry for index i: of literal, literal or length, distance as much as the index covers.
  static uint8_t Combine(const Singles& litlens, const Singles& distances, uint32_t i) {
    uint32_t entry = litlens[i] & 0xff;
    if (entry <= kTableBits) {
      const uint32_t second = litlens[i >> entry];
      if (entry + (second >> 8) <= kTableBits) entry += second & 0xff;
    }
    const uint32_t move = entry & kMoveMask;
    if ((entry & ~kMoveMask) == kThenDistance) {
      const uint32_t second = distances[i >> move];
      if (move + (second >> 8) <= kTableBits) entry = move + (second & 0xff);
    }
    return entry;
  }
};

// Reads a deflate stream and never past its end: behind it come zeros, and Overrun() tells.
class Walker {
 public:
  explicit Walker(std::span<const uint8_t> stream) : data_(stream.data()), size_(stream.size()) {}

  // Walks over all blocks. False if that is not exactly the whole stream.
  bool Run() {
    bool final = false;
    while (!final) {
      Refill();
      last_header_ = Position();
      final = bits_ & 1;
      const uint32_t type = (bits_ >> 1) & 3;
      Drop(3);
      if (Overrun() || !Block(type)) return false;
    }
    return (Position() + 7) / 8 == size_;
  }

  // In bits from the start of the stream: the header of the last block begun, and the next bit.
  size_t last_header() const { return last_header_; }
  size_t Position() const { return next_ * 8 - count_; }

 private:
  bool Block(uint32_t type) {
    switch (type) {
      case 0:
        return Stored();
      case 1:
        return Coded(FixedCodes());
      case 2:
        return ReadCodes() && Coded(codes_);
      default:
        return false;
    }
  }

  static const BlockCodes& FixedCodes() {
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

  bool Stored() {
    const size_t start = (Position() + 7) / 8;
    if (size_ - start < 4) return false;
    const uint8_t* p = data_ + start;
    const uint32_t length = p[0] | p[1] << 8;
    const uint32_t complement = p[2] | p[3] << 8;
    if ((length ^ complement) != 0xffff || size_ - start - 4 < length) return false;
    next_ = start + 4 + length;
    bits_ = 0;
    count_ = 0;
    return true;
  }

  // The codes of a dynamic block (§3.2.7), into codes_.
  bool ReadCodes() {
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

  bool ReadLengths(const PrefixCode& length_code, std::span<uint8_t> lengths) {
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
  bool Coded(const BlockCodes& codes) {
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
  uint8_t FastWalk(const BlockCodes& codes, uint8_t state) {
    const uint8_t* table = codes.table.data();
    uint64_t bits = bits_;
    uint32_t count = count_;
    size_t next = next_;
    uint32_t entry = state;
    const auto lookup = [&] {
      entry =
          table[(entry & kThenDistance) * (kTableSize / kThenDistance) + (bits & (kTableSize - 1))];
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

  uint64_t Load(size_t at) const {
    uint64_t word;
    std::memcpy(&word, data_ + at, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  }

  // At least kRefillBits valid bits. The bits of bits_ above count_ may already hold what comes
  // next in the stream, never anything else.
  void Refill() {
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

  void Drop(int n) {
    bits_ >>= n;
    count_ -= n;
  }

  bool Overrun() const { return Position() > size_ * 8; }

  const uint8_t* data_;
  size_t size_;
  size_t next_ = 0;  // the next byte that is not in bits_
  uint64_t bits_ = 0;
  uint32_t count_ = 0;
  size_t last_header_ = 0;
  BlockCodes codes_;
};

}  // namespace

size_t Splice(std::span<uint8_t> buffer, size_t size) {
  if (size > buffer.size() || buffer.size() - size < kSpliceExtra) return 0;
  Walker walker(buffer.first(size));
  if (!walker.Run()) return 0;
  buffer[walker.last_header() / 8] &= ~(1u << (walker.last_header() % 8));
  // The padding becomes the empty stored block's header: BFINAL 0, BTYPE 00, more padding (§3.2.4).
  const size_t end = walker.Position();
  if (end % 8 != 0) buffer[end / 8] &= (1u << (end % 8)) - 1;
  if (end % 8 == 0 || end % 8 > 5) buffer[size++] = 0;
  constexpr uint8_t kEmpty[] = {0x00, 0x00, 0xff, 0xff};
  std::copy(std::begin(kEmpty), std::end(kEmpty), buffer.begin() + size);
  return size + sizeof(kEmpty);
}

}  // namespace warpdrive::software
