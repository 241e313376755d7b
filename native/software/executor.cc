#include "software/executor.h"

#include "software/codecs/checksum.h"
#include "software/codecs/plan.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {

BlockCodec* Executor::CodecFor(CodecKind kind) {
  auto& slot = codecs_[static_cast<size_t>(kind)];
  if (!slot) slot = MakeBlockCodec(kind);
  return slot.get();
}

Completion Executor::CompressBlock(const Request& request) {
  const BlockPlan plan = PlanForBlock(request.params, request.input_size, request.history_size);
  const std::span input(request.input, request.input_size);
  BlockCodec* codec = CodecFor(plan.codec);
  // Out of memory for a codec's tables: the device is at fault, the request can run elsewhere.
  if (codec == nullptr) return {.tag = request.tag, .status = Status::kDeviceError};
  const size_t produced = codec->Compress({
      .input = input,
      .history = {request.history, plan.uses_history ? request.history_size : 0},
      .output = {request.output, request.output_size},
      .final = request.flush == Flush::kFinish,
      .codec_level = plan.codec_level,
      .params = request.params,
  });
  if (produced == 0) return {.tag = request.tag, .status = Status::kOutputTooSmall};
  return {.tag = request.tag,
          .status = Status::kOk,
          .consumed = request.input_size,
          .produced = static_cast<uint32_t>(produced),
          .checksum = ChecksumFor(request.params.format, input)};
}

Completion Executor::Execute(const Request& request) {
  if (request.input_size > kMaxRequestBytes || request.output_size > kMaxRequestBytes ||
      request.history_size > kMaxHistory) {
    return {.tag = request.tag, .status = Status::kUnsupported};
  }
  if (request.context == nullptr) {
    if (request.operation != Operation::kCompress) {
      return {.tag = request.tag, .status = Status::kUnsupported};
    }
    return CompressBlock(request);
  }
  const std::span input(request.input, request.input_size);
  const StepResult step = static_cast<StreamCodec*>(request.context)
                              ->Step(input, {request.output, request.output_size}, request.flush);
  Completion completion{.tag = request.tag,
                        .status = step.status,
                        .consumed = step.consumed,
                        .produced = step.produced};
  if (request.operation == Operation::kCompress) {
    completion.checksum = ChecksumFor(request.params.format, input.first(step.consumed));
  }
  return completion;
}

}  // namespace warpdrive::software
