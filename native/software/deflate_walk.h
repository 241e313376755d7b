// Walks over the Huffman codes of a raw deflate stream without decoding it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "software/prefix_code.h"

namespace warpdrive::software {

/// The place in a stream behind which its output is wanted. In bits from the start of the stream.
struct WalkCut {
  size_t header = 0;  ///< of the block that the place lies in
  size_t body = 0;    ///< what follows that header
  size_t at = 0;      ///< the next symbol, or in a stored block the next byte
  /// The last match before `at` makes so many bytes (0 to 257) beyond the place.
  uint32_t over = 0;
  uint32_t distance = 0;     ///< of that match
  bool stored = false;       ///< the place lies in a stored block,
  uint32_t stored_left = 0;  ///< of which so many bytes are left
};

/// Reads a deflate stream and never past its end: behind it come zeros, and that is noticed. The
/// stream is not trusted, but for one thing: distances that reach before it are taken for valid.
class DeflateWalker {
 public:
  explicit DeflateWalker(std::span<const uint8_t> stream)
      : data_(stream.data()), size_(stream.size()) {}

  /// Walks over all blocks. False if that is not exactly the whole stream.
  bool Run();

  /// Walks over what decodes to the first `skip` bytes, skip > 0. False if the stream is damaged
  /// or decodes to fewer. Then Finish() walks over the rest, as Run() does.
  bool RunTo(size_t skip, WalkCut* cut);
  bool Finish();

  // In bits from the start of the stream: the header of the last block begun, and the next bit.
  size_t last_header() const { return last_header_; }
  size_t Position() const { return next_ * 8 - count_; }
  /// The first stored block that Finish() met: the first bit of its header, and the byte at which
  /// its length stands (0: there was none).
  size_t stored_header() const { return stored_header_; }
  size_t stored_length() const { return stored_length_; }

 private:
  bool Header();
  bool Block();
  bool StoredSize(uint32_t* size);
  bool Stored();
  bool ReadCodes();
  bool ReadLengths(const PrefixCode& length_code, std::span<uint8_t> lengths);
  bool Coded();
  uint8_t FastWalk(const BlockCodes& codes, uint8_t state);
  bool Skip(size_t skip, size_t* done, WalkCut* cut, bool* ended);
  uint64_t Load(size_t at) const;
  void Refill();
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
  size_t stored_header_ = 0;
  size_t stored_length_ = 0;
  uint32_t type_ = 0;   // of the block begun
  bool final_ = false;  // the block begun is the last one
  bool finishing_ = false;
  const BlockCodes* current_ = nullptr;
  BlockCodes codes_;
};

}  // namespace warpdrive::software
