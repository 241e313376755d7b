// Which codec, at which of its own levels, in blocks of which size, stands in for a zlib level.
#pragma once

#include "device/request.h"
#include "software/codecs/block_codec.h"

namespace warpdrive::software {

struct BlockPlan {
  CodecKind codec = CodecKind::kZlib;
  int codec_level = 6;
  /// Input bytes per block. Part of the output format in effect: the same options must give the
  /// same bytes on any machine, so it depends on the codec and level alone.
  uint32_t block_size = 1u << 20;
  bool uses_history = false;  ///< the codec makes use of the 32 KiB before the block
};

/// The plan for a stream. `history_size` > 0 (a preset dictionary) rules out codecs that have no
/// dictionary for this one block; the block size never depends on it.
BlockPlan PlanFor(const StreamParams& params, uint32_t history_size);

}  // namespace warpdrive::software
