// The header of one DEFLATE block (RFC 1951 §3.2.3 to §3.2.7), read before a decoder that is less
// strict than zlib gets to see it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::software {

enum class HeaderState : uint8_t {
  kComplete,
  kIncomplete,  ///< more bytes are needed
  kRefused,     ///< zlib would refuse it; what exactly zlib says is for zlib to find out
};

/// Accepts only what zlib's inflate() accepts: ISA-L also takes sets of code lengths that leave
/// codes unused, and would go on where zlib reports "invalid distances set".
class InflateHeader {
 public:
  /// No header of this many bytes is incomplete: 3 + 14 + 19 * 3 bits, then 316 code lengths of
  /// at most 7 bits each (repeats are shorter), after at most 7 bits that are not part of it.
  static constexpr size_t kMaxBytes = 288;

  /// Reads the header that starts `skip_bits` (0 to 7) into `data`.
  HeaderState Read(std::span<const uint8_t> data, unsigned skip_bits);

  /// After kComplete: BFINAL.
  bool final() const { return final_; }
  /// After kComplete: the block has codes of its own, and every sequence of bits is one of them.
  bool all_codes_exist() const { return all_codes_exist_; }
  /// After kComplete: bytes of `data` that hold skipped bits and header, 1 to kMaxBytes.
  size_t bytes() const { return bytes_; }

  /// The literal (0 to 255) whose code the low `available` bits of `bits` begin with, -1 if they
  /// begin with something else or end within the code. `*used` gets the length of the code.
  int NextLiteral(uint64_t bits, unsigned available, unsigned* used);

 private:
  class Bits;

  HeaderState ReadDynamic(Bits& bits);
  bool ReadLengths(Bits& bits, std::span<const uint8_t> code_lengths, size_t count, bool* refused);
  void SortLiterals();

  bool final_ = false;
  bool all_codes_exist_ = false;
  bool sorted_ = false;
  size_t bytes_ = 0;
  size_t literal_count_ = 0;                 // of lengths_; 0 in a stored block
  std::array<uint8_t, 288 + 32> lengths_{};  // of literal/length codes, then distance codes
  std::array<uint16_t, 16> codes_of_length_{};
  std::array<uint16_t, 288> symbols_{};  // of lengths_ in order of their codes
};

}  // namespace warpdrive::software
