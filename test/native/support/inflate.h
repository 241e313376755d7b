// zlib's inflate as the judge of raw deflate streams.
#pragma once

#include <cstdint>
#include <span>

#include "support/data.h"

namespace warpdrive::test {

struct Inflated {
  Bytes data;
  size_t consumed = 0;
  bool ended = false;   ///< the last block was there and complete
  bool failed = false;  ///< zlib found an error in the stream
};

/// Decodes until the stream or the input ends. `history` is what comes before the stream.
/// `window_bits` 8 to 15 is enforced to the byte: below 15, output is taken byte by byte, so that
/// inflate has nothing but its window to look back at.
Inflated InflateRaw(std::span<const uint8_t> stream, std::span<const uint8_t> history = {},
                    int window_bits = 15);

/// One gzip member, checksum and size included.
Inflated Gunzip(std::span<const uint8_t> stream);

}  // namespace warpdrive::test
