// The two cores, on zlib. The body is raw deflate; header is software's, trailer the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/options.h"

namespace warpdrive::model {

/// Adler-32 or CRC-32 of the plain text, by request type, and its length.
class PlainSum {
 public:
  explicit PlainSum(uint8_t request);
  void Update(const uint8_t* data, size_t size);
  /// Dword 31: Adler-32 as it is; CRC-32 inverted and bit-reversed; 0 for raw deflate.
  uint32_t register_value() const;
  uint32_t length() const { return length_; }  ///< modulo 2^32
  /// Trailer bytes of the format: none, 4 or 8.
  std::vector<uint8_t> Trailer() const;
  static size_t TrailerSize(uint8_t request);

 private:
  uint8_t request_;
  uint32_t sum_;
  uint32_t length_ = 0;
};

/// The last 32 KiB of plain text, as the engine keeps them in the context.
class Window {
 public:
  void Append(const uint8_t* data, size_t size);
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

class Compressor {
 public:
  /// `window_bits` 12 to 15.
  Compressor(uint8_t request, int level, int window_bits);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// All of the input to `output`: up to a byte boundary (sync flush), or to the end of the
  /// stream with its trailer. False when it does not fit; the stream is then lost.
  bool Step(const uint8_t* input, size_t size, bool finish, std::vector<uint8_t>* output,
            size_t capacity);
  const PlainSum& sum() const { return sum_; }
  const Window& window() const { return window_; }

 private:
  struct Zlib;
  std::unique_ptr<Zlib> zlib_;
  uint8_t request_;
  PlainSum sum_;
  Window window_;
};

class Decompressor {
 public:
  enum class Result {
    kMore,      ///< input used up or output full: see the state
    kEnd,       ///< end of stream, trailer right
    kChecksum,  ///< end of stream, trailer wrong
    kBadData,
  };

  Decompressor(uint8_t request, bool read_ahead);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Appends at most `capacity` bytes to `output`; `*consumed` counts bytes of `input`.
  Result Step(const uint8_t* input, size_t size, std::vector<uint8_t>* output, size_t capacity,
              size_t* consumed);

  uint32_t state() const { return state_; }  ///< ctx_st after the last step
  bool final_block() const { return final_; }
  uint32_t stored_left() const { return final_ || stored_ ? stored_left_ : 0; }
  /// Bits taken from the input that are not decoded yet, at most 63.
  uint32_t head_bits() const;
  /// These, the first in bit 0.
  uint64_t head_value() const;
  const PlainSum& sum() const { return sum_; }
  const Window& window() const { return window_; }

 private:
  struct Zlib;

  bool Body(const std::vector<uint8_t>& feed, size_t* at, std::vector<uint8_t>* output,
            size_t capacity);
  void Track(const uint8_t* used, size_t size);
  void AfterHeader();
  uint32_t BitAt(uint64_t bit) const;
  /// How many bytes of `feed` from `at` on the engine may take into the context.
  size_t ReadAhead(const std::vector<uint8_t>& feed, size_t at) const;

  std::unique_ptr<Zlib> zlib_;
  uint8_t request_;
  bool read_ahead_;
  PlainSum sum_;
  Window window_;
  std::vector<uint8_t> cache_;    // taken from the input, not given to zlib yet
  std::vector<uint8_t> recent_;   // the last input zlib took, to look at block headers
  std::vector<uint8_t> trailer_;  // as far as it has come
  uint64_t block_bit_ = 0;        // where the current block starts, bits from the stream's start
  uint32_t state_ = 0;
  uint32_t stored_left_ = 0;
  bool at_boundary_ = true;  // before a block, or within its header
  bool final_ = false;
  bool stored_ = false;
  bool body_ended_ = false;
};

}  // namespace warpdrive::model
