// Which codec, at which of its own levels, in blocks of which size, stands in for a zlib level.
#pragma once

#include <array>

#include "device/request.h"
#include "software/codecs/block_codec.h"

namespace warpdrive::software {

/// Quarters of a block, from where the end setting makes a sample of the block smaller by so much.
/// Both 0: in any case. quarters 0: never.
struct EndShare {
  uint8_t quarters = 0;
  uint16_t gain = 0;   ///< per 1,000 bytes of compressed size
  uint16_t saved = 0;  ///< per 10,000 bytes of input

  bool unconditional() const { return quarters != 0 && gain == 0 && saved == 0; }
};

struct BlockPlan {
  CodecKind codec = CodecKind::kZlib;
  int codec_level = 6;
  /// Input bytes per block, and of a stream's first one (StreamPlan). Part of the output format in
  /// effect: the same options must give the same bytes on any machine, so they depend on the codec
  /// and level alone.
  uint32_t block_size = 1u << 20;
  uint32_t first_block = 1u << 20;
  bool uses_history = false;  ///< the codec makes use of the 32 KiB before the block
  /// The last quarters of a block may get another setting, slower and with smaller results: no
  /// codec has one between the two. The last share whose gain the setting reaches holds.
  CodecKind end_codec = CodecKind::kLibdeflate;
  int end_level = 0;
  std::array<EndShare, 2> ends = {};

  bool has_end() const { return ends[0].quarters != 0; }
};

/// The plan for a stream.
BlockPlan PlanFor(const StreamParams& params);

/// The plan for a block of it with so many bytes, behind so many bytes of history: it may name
/// another codec. Sizes and use of history are as in the stream's.
BlockPlan PlanForBlock(const StreamParams& params, uint32_t input_size, uint32_t history_size);

}  // namespace warpdrive::software
