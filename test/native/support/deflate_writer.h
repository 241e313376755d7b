// Raw deflate streams: by zlib, and bit by bit for what no compressor would make.
#pragma once

#include <cstdint>
#include <span>

#include "support/data.h"

namespace warpdrive::test {

/// zlib's raw deflate of `data`, ended by Z_SYNC_FLUSH, Z_FULL_FLUSH or Z_FINISH.
Bytes ZlibDeflate(std::span<const uint8_t> data, int level, int flush);

using Lengths = std::vector<uint8_t>;  ///< of the codes of symbols 0, 1, ...

/// The code lengths of the fixed code, RFC 1951 §3.2.6.
Lengths FixedLiterals();
Lengths FixedDistances();

class DeflateWriter {
 public:
  /// Goes on behind `stream`, which ends on a byte boundary.
  explicit DeflateWriter(Bytes stream) : stream_(std::move(stream)) {}

  /// The low `count` bits of `value`, lowest first.
  void Put(uint32_t value, unsigned count);
  /// The code of `symbol` in the canonical code of these lengths (RFC 1951 §3.2.2).
  void PutCode(const Lengths& lengths, size_t symbol);
  void AlignToByte() { used_ = 8; }

  /// The code length code that PutDynamic() uses: complete and with all 19 symbols.
  static Lengths LengthCode();
  /// Header of a dynamic block up to and including the code length code.
  void PutDynamic(size_t literals, size_t distances, const Lengths& length_code);
  /// Whole header of a dynamic block that is not the last, each length on its own.
  void PutDynamic(const Lengths& literals, const Lengths& distances);
  /// A whole stored block that is not the last.
  void PutStored(std::span<const uint8_t> data);

  const Bytes& stream() const { return stream_; }

 private:
  Bytes stream_;
  unsigned used_ = 8;  // bits of the last byte
};

}  // namespace warpdrive::test
