// The ZIP engine's request descriptor, layouts T0 (HIP08, queue managers V1 and V2) and T3 (HIP09,
// V3 and later). Source: the kernel's drivers/crypto/hisilicon/zip/zip_crypto.c and zip.h, and the
// field names of Linaro's uadk, drv/hisi_comp.c.
#pragma once

#include <cstdint>

#include "warpdrive/hisilicon/qm_queue.h"

namespace warpdrive::hisilicon {

enum class SqeLayout : uint8_t { kT0 = 0, kT3 = 3 };
constexpr SqeLayout LayoutOf(int protocol) {
  return protocol >= 3 ? SqeLayout::kT3 : SqeLayout::kT0;
}

/// Request types: which trailer the engine writes (finish) or verifies. The engine never sees a
/// header, the body is raw deflate in all of them.
enum class ZipFormat : uint8_t { kRaw = 0x01, kZlib = 0x02, kGzip = 0x03 };

/// State of a stream between two requests: returned words that go into the next one. All zero for
/// the first.
struct ZipStreamState {
  uint32_t ctx_dw0 = 0;   ///< [3:0] state, [7] BFINAL seen, [15:10] input bits cached
  uint32_t ctx_dw1 = 0;   ///< [18:0] bytes left in a stored block
  uint32_t ctx_dw2 = 0;   ///< [15:0] valid window length
  uint32_t isize = 0;     ///< input bytes so far, mod 2^32
  uint32_t checksum = 0;  ///< as the engine keeps it: see ZipResult::Checksum()

  uint32_t state() const { return ctx_dw0 & 0xF; }
  bool final_block_seen() const { return (ctx_dw0 >> 7 & 1) != 0; }
  uint32_t cached_bits() const { return ctx_dw0 >> 10 & 0x3F; }
  uint32_t stored_left() const { return ctx_dw1 & 0x7FFFF; }
};

struct ZipCommand {
  ZipFormat format = ZipFormat::kZlib;
  bool stateful = false;
  bool first = true;   ///< stateful: first request of the stream
  bool finish = true;  ///< else SYNC_FLUSH
  uint8_t window = 4;  ///< WindowCode()
  uint64_t input = 0;  ///< IOVA; valid even for no input
  uint32_t input_size = 0;
  uint64_t output = 0;
  uint32_t output_size = 0;
  uint64_t context = 0;  ///< IOVA of kContextBytes; 0 when stateless
  ZipStreamState stream;
  uint32_t tag = 0;
};

/// Limits of flat buffers, in bytes.
inline constexpr uint32_t kMaxFlatBytes = 8u << 20;
/// A stateful request must have more output space than this.
inline constexpr uint32_t kMinStatefulOutput = 200;
/// What the engine may use of a stream context. Zeroed before each stream, 64-byte aligned.
inline constexpr uint32_t kContextBytes = 64u << 10;

/// The window field for windowBits 12 to 15 (4, 8, 16, 32 KiB); the engine has none below.
constexpr uint8_t WindowCode(uint8_t window_bits) {
  return window_bits >= 15 ? 4 : window_bits >= 12 ? static_cast<uint8_t>(window_bits - 12) : 0;
}

/// Index of the tag's word.
constexpr uint32_t TagWord(SqeLayout layout) { return layout == SqeLayout::kT3 ? 26 : 13; }

/// The whole descriptor; words that are not ours are zero.
void Encode(const ZipCommand& command, SqeLayout layout, Sqe* sqe);

enum class ZipStatus : uint8_t {
  kOk,
  kNegative,        ///< output is not smaller than the input, and valid
  kStreamEnd,       ///< decompression reached the end
  kOutputTooSmall,  ///< nothing is valid
  kChecksumError,   ///< decompression: the trailer does not match the data
  kIntegrity,       ///< a DIF check failed: features that are never asked for
  kBadRequest,      ///< malformed data or descriptor, or a status nobody knows
};

/// What the engine wrote back, as numbers; nothing is checked against the request yet.
struct ZipResult {
  uint8_t raw_status = 0;
  ZipStatus status = ZipStatus::kOk;
  bool last_block = false;
  uint32_t consumed = 0;
  uint32_t produced = 0;
  ZipStreamState stream;

  /// The running checksum as RFC 1950 and 1952 define it: Adler-32 comes as it is, CRC-32 with its
  /// bits reversed and not inverted. 0 for raw.
  uint32_t Checksum(ZipFormat format) const;
};

ZipResult Decode(const Sqe& sqe);

}  // namespace warpdrive::hisilicon
