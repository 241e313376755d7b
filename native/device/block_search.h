// Taking over a decompressing stream amid a member: where a deflate block begins in what another
// device decompressed (docs/architecture.md, "Failover").
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "device/request.h"

namespace warpdrive {

/// The start of a deflate block, and what has to be known of the stream before it.
struct BlockStart {
  uint64_t input = 0;            ///< offset of the next input byte in the stream
  uint64_t output = 0;           ///< bytes of the stream's output before the block
  Format format = Format::kRaw;  ///< of the member; not kAuto
  uint32_t check = 0;            ///< CRC-32 (gzip) or Adler-32 (zlib) of the member's output so far
  uint32_t member_output = 0;    ///< bytes of that output, mod 2^32
  uint8_t bits = 0;       ///< the low `bit_count` bits are the first of the block, before the input
  uint8_t bit_count = 0;  ///< 0 to 7
  std::array<uint8_t, kMaxHistory> window;  ///< the output before it
};

/// A piece of a member, decompressed by a device that Device::Followable() is true of. What the
/// spans point at stays unchanged while a search runs.
struct StreamPiece {
  std::span<const uint8_t> input;   ///< consumed bytes
  std::span<const uint8_t> output;  ///< delivered bytes, up to where the input ends
  uint64_t input_at = 0;            ///< offset of input[0] in the stream
  uint64_t output_at = 0;           ///< as well
  Format format = Format::kRaw;     ///< of the member; not kAuto
  uint32_t check = 0;               ///< of the member's output before output[0]
  uint32_t member_output = 0;       ///< bytes of that, mod 2^32
};

/// Looks for block starts in pieces of one stream, of which it needs no other state.
class BlockSearch {
 public:
  /// Bytes of output that the device may hold back of the input that it consumed, or be ahead of
  /// it.
  static constexpr size_t kMostApart = 64 * 1024;
  /// No piece with less output has a start that can be found.
  static constexpr size_t kLeastOutput = 3 * kMostApart;

  virtual ~BlockSearch() = default;

  /// A member's checksum, `before` for the output before `output`, behind it. 0 for raw deflate.
  virtual uint32_t Checksum(Format format, uint32_t before,
                            std::span<const uint8_t> output) const = 0;

  /// What a request with Operation::kFindBlock and context() looks at.
  virtual void SetPiece(const StreamPiece& piece) = 0;
  virtual StreamContext* context() = 0;
  /// After that request: what it found, nullptr if nothing.
  virtual const BlockStart* found() const = 0;
};

}  // namespace warpdrive
