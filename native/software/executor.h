// Executes requests with CPU codecs on the thread that calls it.
#pragma once

#include <array>
#include <memory>

#include "device/request.h"
#include "software/codecs/block_codec.h"
#include "software/codecs/inflate_whole.h"
#include "software/codecs/plan.h"

namespace warpdrive::software {

/// One thread's codecs, made on first use and kept: their set-up costs more than a small block.
class Executor {
 public:
  Completion Execute(const Request& request);

 private:
  Completion CompressBlock(const Request& request);
  Completion DecompressWhole(const Request& request);
  size_t CompressPlanned(const BlockPlan& plan, BlockJob job);
  size_t CompressIncompressible(const BlockPlan& plan, BlockJob job);
  size_t EndSize(const BlockPlan& plan, const BlockJob& job);
  uint32_t SampledQuarters(const BlockPlan& plan, std::span<const uint8_t> input);
  BlockCodec* CodecFor(CodecKind kind);

  std::array<std::unique_ptr<BlockCodec>, 3> codecs_;
  WholeInflate whole_inflate_;
};

}  // namespace warpdrive::software
