// Wrappers around raw deflate: gzip (RFC 1952) and zlib (RFC 1950) headers and trailers, written
// byte for byte as zlib's deflate writes them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "device/request.h"

namespace warpdrive {

/// A few bytes by value. The longest header is gzip's 10 bytes.
struct SmallBytes {
  std::array<uint8_t, 16> data{};
  uint8_t size = 0;
  void Append(uint8_t byte) { data[size++] = byte; }
  std::span<const uint8_t> span() const { return {data.data(), size}; }
};

/// `dictionary_id`: Adler-32 of the preset dictionary (zlib format only), if `has_dictionary`.
SmallBytes MakeHeader(const StreamParams& params, bool has_dictionary, uint32_t dictionary_id);

/// `checksum` and `total_in` (modulo 2^32, RFC 1952 §2.3.1) of all of the stream's input.
SmallBytes MakeTrailer(Format format, uint32_t checksum, uint64_t total_in);

/// The checksum of nothing: 1 for zlib (Adler-32), else 0.
uint32_t InitialChecksum(Format format);

/// The checksum of A followed by B from theirs and B's length in bytes.
uint32_t CombineChecksum(Format format, uint32_t a, uint32_t b, uint64_t b_size);

/// Adler-32 of a preset dictionary.
uint32_t DictionaryId(std::span<const uint8_t> dictionary);

}  // namespace warpdrive
