// Where deflate blocks could begin in bytes of which nothing else is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::software {

/// Goes through the bits of `data` once. What it gives are headers that zlib would accept, of
/// blocks that are not the last: with codes of their own anywhere; of other kinds only where a
/// stored block stands before them, or where they are stored and begin a byte, because a header of
/// few bits could be anything.
class BlockHeaders {
 public:
  explicit BlockHeaders(std::span<const uint8_t> data) : data_(data) {}

  static constexpr size_t kNone = ~size_t{0};
  /// The next one's first bit, kNone after the last. Not always ascending.
  size_t Next();
  /// Leaves out what begins before `byte`, if that is still to come.
  void SkipTo(size_t byte);

 private:
  bool LooksDynamic(size_t byte, unsigned bit) const;
  bool IsHeader(size_t bit) const;
  size_t StoredAt(size_t byte, bool behind) const;

  std::span<const uint8_t> data_;
  size_t byte_ = 0;
  unsigned step_ = 0;           ///< at byte_: its bits, then what a stored block tells
  size_t last_behind_ = kNone;  ///< given as what is behind a stored block
};

}  // namespace warpdrive::software
