// The rest of a long stream by something faster than zlib, with zlib's behaviour.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "device/request.h"

namespace warpdrive::software {

/// A stream (gzip: member) is worth handing over once it has this many compressed bytes behind it.
/// Below, zlib decodes all of it.
inline constexpr uint32_t kBulkAfterBytes = 64 << 10;

/// The state of a stream at the start of a deflate block.
struct BulkStart {
  Format format = Format::kRaw;     ///< of the trailer; not kAuto
  uint32_t check = 0;               ///< CRC-32 (gzip) or Adler-32 (zlib) of the output so far
  uint32_t total_out = 0;           ///< bytes of output so far, mod 2^32
  std::span<const uint8_t> window;  ///< the last bytes of output, up to kMaxHistory
  uint8_t bits = 0;                 ///< the low `bit_count` bits are the first of the block
  uint8_t bit_count = 0;            ///< 0 to 7
};

/// As BulkStart, on a byte boundary, with a window of its own.
struct ResumePoint {
  Format format = Format::kRaw;
  uint32_t check = 0;
  uint32_t total_out = 0;
  uint32_t window_size = 0;
  std::array<uint8_t, kMaxHistory> window;
  BulkStart Start() const {
    return {.format = format,
            .check = check,
            .total_out = total_out,
            .window = std::span<const uint8_t>(window).first(window_size)};
  }
};

/// A stream from there to the end of its trailer.
class BulkInflate {
 public:
  virtual ~BulkInflate() = default;

  /// As zlib's inflate() on `io`, of which it uses the pointers, counts and msg: same output in
  /// total and up to each point where all input is used and output space is left, same input
  /// used at the end, same result and message. Z_FINISH does not turn Z_OK into Z_BUF_ERROR. Not
  /// to be called again after Z_STREAM_END or an error.
  virtual int Inflate(z_stream* io, int flush) = 0;

  /// If a block begins with the next byte of input, and all output so far was taken: fills in
  /// `point`. Else, or after zlib took over: false.
  virtual bool AtBlockStart(ResumePoint* point) const = 0;
  /// Goes on behind blocks that were decoded elsewhere, to `output`. At a block start only.
  virtual void Skip(std::span<const uint8_t> output) = 0;
};

/// False in builds without ISA-L.
bool HasBulkInflate();

/// nullptr without ISA-L, or if memory ran out.
std::unique_ptr<BulkInflate> MakeBulkInflate(const BulkStart& start);

}  // namespace warpdrive::software
