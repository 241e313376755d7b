// The contract of a CPU codec that compresses one block without any state carried over.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "device/request.h"

namespace warpdrive::software {

enum class CodecKind : uint8_t { kZlib = 0, kLibdeflate = 1, kIsal = 2 };

/// One block. `params` are the stream's; `codec_level` is the codec's own scale (plan.h).
struct BlockJob {
  std::span<const uint8_t> input;    ///< 0 to kMaxRequestBytes bytes
  std::span<const uint8_t> history;  ///< 0 to kMaxHistory bytes that precede input in the stream
  std::span<uint8_t> output;
  bool final = false;  ///< set BFINAL on the last block; else end with an empty stored block
  int codec_level = 6;
  StreamParams params;
};

/// Bytes that are always enough for the output of a block of `input_size` bytes, whatever the
/// codec: stored blocks (5 bytes per 32 KiB is generous for all three) and the ending.
constexpr size_t BlockBound(size_t input_size) {
  return input_size + (input_size / 8192 + 1) * 5 + 64;
}

/// A codec instance belongs to one thread at a time and keeps its working memory between blocks,
/// because allocating and clearing it costs more than compressing a small block.
class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  /// Writes raw deflate as Request says for stateless compression. Returns the bytes written, or
  /// 0 if `output` was too small or memory ran out (a block never takes 0 bytes).
  /// The result depends on nothing but `job`.
  virtual size_t Compress(const BlockJob& job) = 0;
};

/// nullptr if the codec was not built in (or memory ran out).
std::unique_ptr<BlockCodec> MakeBlockCodec(CodecKind kind);

/// True if the addon was built with the codec. zlib always is.
bool HasCodec(CodecKind kind);
/// "zlib 1.3.1", "libdeflate 1.14", "ISA-L 2.30.0": name and version, for devices() and doctor.
/// Static text; "" for a codec that was not built in.
const char* CodecDescription(CodecKind kind);

}  // namespace warpdrive::software
