// The Huffman codes of deflate, and tables to walk over them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::software {

// Base values of, and extra bits behind, length symbols from 257 and distance symbols from 0
// (RFC 1951 §3.2.5).
inline constexpr std::array<uint16_t, 29> kLengthBase = {
    3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
inline constexpr std::array<uint8_t, 29> kLengthExtra = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
inline constexpr std::array<uint16_t, 30> kDistanceBase = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
inline constexpr std::array<uint8_t, 30> kDistanceExtra = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                           4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                           9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

inline constexpr int kMaxLitLen = 286;   // symbols of a dynamic code; 286 and 287 exist only in the
inline constexpr int kMaxDistance = 30;  // fixed code and never stand for anything (§3.2.6), as do
inline constexpr int kFixedLitLen = 288;  // distances 30 and 31
inline constexpr int kFixedDistance = 32;
inline constexpr int kEndOfBlock = 256;

/// A canonical Huffman code: the number of codes of each length and the symbols in order of code.
class PrefixCode {
 public:
  static constexpr int kMaxBits = 15;         // §3.2.7
  static constexpr size_t kMaxSymbols = 288;  // of the fixed literal/length code

  /// False where zlib's inflate_table() refuses the lengths: over-subscribed, or incomplete unless
  /// it is (for all but the code length code) a single code of one bit or no code at all.
  bool Init(std::span<const uint8_t> lengths, bool may_be_incomplete);

  /// Bit by bit, for what a table lookup does not cover. Returns the symbol, or -1 for a code that
  /// does not exist; `length` becomes the length of the code.
  int Decode(uint64_t bits, int& length) const;

  /// Sets the 2^table_bits elements of `table` to entry(symbol, length) for the codes of up to
  /// table_bits bits, else to `hole`.
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
  std::array<uint16_t, kMaxBits + 1> count_;
  std::array<uint16_t, kMaxSymbols> symbols_;
};

// The walk is a machine of two states, "literal/length next" and "distance next". One lookup takes
// the next kTableBits bits to an entry of one byte: how many bits to move on (all symbols that the
// lookup covers and their extra bits), and the state after that. There is no branch on the kind of
// symbol, because text makes such branches unpredictable.
inline constexpr uint8_t kMoveMask = 0x3f;
inline constexpr uint8_t kThenDistance = 0x40;
// End of block, a code longer than kTableBits, or none at all. It moves on by 0 bits and keeps the
// state, so looking it up again changes nothing, and one test after several lookups is enough.
inline constexpr uint8_t kSpecial = 0x80;

/// The two codes of a block, and the table that walks over both.
struct BlockCodes {
  /// 10 hold too few symbols, and 12 take longer to fill than they save.
  static constexpr int kTableBits = 11;
  static constexpr size_t kTableSize = size_t{1} << kTableBits;

  PrefixCode litlen, distance;
  alignas(64) std::array<uint8_t, 2 * kTableSize> table;  ///< literal/length, then distance

  bool Init(std::span<const uint8_t> litlen_lengths, std::span<const uint8_t> distance_lengths);
};

}  // namespace warpdrive::software
