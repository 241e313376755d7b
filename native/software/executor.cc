#include "software/executor.h"

#include <algorithm>

#include "software/codecs/byte_spread.h"
#include "software/codecs/checksum.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {

namespace {

// Sampling less takes more of the time than the right choice saves.
constexpr size_t kSampledBlock = 128u << 10;
constexpr size_t kMostSample = 32u << 10;
constexpr size_t kSampledPart = 16;
// Where the end of a block goes to another setting, both parts should be worth the change.
constexpr size_t kDividedBlock = 256u << 10;

// Data that is compressed already: ISA-L passes over it at ten times the speed of libdeflate.
constexpr int kIncompressibleLevel = 2;
// It is taken for that if neither the plan's setting in samples nor ISA-L in all of it saves more
// than this part, by which the result may be larger than zlib's (plan.cc). For deflate's own output
// it is 0.06 % larger. Level 9 is asked for by those who mind.
constexpr size_t kSavedPart = 200;
constexpr size_t kSavedPartAtBest = 2000;
// Samples reach back farther than the window: ISA-L's table forgets, in data without matches, what
// is 8 KiB away, and would miss what repeats from there.
constexpr size_t kWindowSample = 36u << 10;

bool SavesNothing(const StreamParams& params, size_t input, size_t output) {
  return output + input / (params.level < 9 ? kSavedPart : kSavedPartAtBest) > input;
}

}  // namespace

BlockCodec* Executor::CodecFor(CodecKind kind) {
  auto& slot = codecs_[static_cast<size_t>(kind)];
  if (!slot) slot = MakeBlockCodec(kind);
  return slot.get();
}

// The size of what ISA-L makes of data that cannot be compressed; 0 if the data is not such, or
// there is no ISA-L.
size_t Executor::CompressIncompressible(const BlockPlan& plan, BlockJob job) {
  const std::span<const uint8_t> input = job.input;
  const bool deep = plan.codec == CodecKind::kLibdeflate;
  if ((!deep && !plan.has_end()) || input.size() < kSampledBlock || !HasEvenBytes(input)) return 0;
  BlockCodec* const fast = CodecFor(CodecKind::kIsal);
  if (fast == nullptr || job.output.size() < BlockBound(kWindowSample)) return 0;
  BlockCodec* const usual = CodecFor(deep ? plan.codec : plan.end_codec);
  for (const size_t quarter : {1, 3}) {
    const size_t middle = input.size() / 4 * quarter;
    const size_t size =
        usual->Compress({.input = input.subspan(middle - kWindowSample / 2, kWindowSample),
                         .history = {},
                         .output = job.output,
                         .final = true,
                         .codec_level = deep ? plan.codec_level : plan.end_level,
                         .params = {}});
    if (!SavesNothing(job.params, kWindowSample, size)) return 0;
  }
  job.codec_level = kIncompressibleLevel;
  const size_t size = fast->Compress(job);
  return SavesNothing(job.params, input.size(), size) ? size : 0;
}

// Whether the plan's end setting makes a sample from the middle smaller by what a share asks for.
// Returns the quarters of the last share for which it does.
uint32_t Executor::SampledQuarters(const BlockPlan& plan, std::span<const uint8_t> input) {
  std::array<uint8_t, BlockBound(kMostSample)> output;
  const size_t sample = std::min(kMostSample, input.size() / kSampledPart);
  BlockJob job{.input = input.subspan((input.size() - sample) / 2, sample),
               .history = {},
               .output = output,
               .final = true,
               .codec_level = plan.codec_level,
               .params = {}};
  const size_t usual = CodecFor(plan.codec)->Compress(job);
  job.codec_level = plan.end_level;
  const size_t better = CodecFor(plan.end_codec)->Compress(job);
  const size_t saved = usual > better ? usual - better : 0;
  uint32_t quarters = 0;
  for (const EndShare& share : plan.ends) {
    const bool reached =
        saved * 1000 >= share.gain * better && saved * 10'000 >= share.saved * sample;
    if (share.quarters != 0 && reached) quarters = share.quarters;
  }
  return quarters;
}

// Bytes at the end of the block that get the plan's end setting.
size_t Executor::EndSize(const BlockPlan& plan, const BlockJob& job) {
  const size_t size = job.input.size();
  const auto& [first, second] = plan.ends;
  if (!plan.has_end()) return 0;
  if (first.unconditional() && size < kDividedBlock) return 0;
  if (size < kSampledBlock) return size;
  const bool sampled = !first.unconditional() || second.quarters != 0;
  const uint32_t quarters = sampled ? SampledQuarters(plan, job.input) : first.quarters;
  return quarters == 4 ? size : size / 4 * quarters;
}

size_t Executor::CompressPlanned(const BlockPlan& plan, BlockJob job) {
  if (const size_t size = CompressIncompressible(plan, job); size != 0) return size;
  const std::span<const uint8_t> input = job.input;
  const std::span<uint8_t> output = job.output;
  const bool final = job.final;
  const size_t end = EndSize(plan, job);
  size_t done = 0;
  if (end != input.size() || end == 0) {
    job.input = input.first(input.size() - end);
    job.final = final && end == 0;
    job.codec_level = plan.codec_level;
    done = CodecFor(plan.codec)->Compress(job);
    if (done == 0 || end == 0) return done;
    job.history = job.input.last(std::min<size_t>(job.input.size(), kMaxHistory));
  }
  job.input = input.last(end);
  job.output = output.subspan(done);
  job.final = final;
  job.codec_level = plan.end_level;
  const size_t rest = CodecFor(plan.end_codec)->Compress(job);
  return rest == 0 ? 0 : done + rest;
}

Completion Executor::CompressBlock(const Request& request) {
  const BlockPlan plan = PlanForBlock(request.params, request.input_size, request.history_size);
  const std::span input(request.input, request.input_size);
  // Out of memory for a codec's tables: the device is at fault, the request can run elsewhere.
  if (CodecFor(plan.codec) == nullptr || (plan.has_end() && CodecFor(plan.end_codec) == nullptr)) {
    return {.tag = request.tag, .status = Status::kDeviceError};
  }
  const size_t produced = CompressPlanned(
      plan, {
                .input = input,
                .history = {request.history, plan.uses_history ? request.history_size : 0},
                .output = {request.output, request.output_size},
                .final = request.flush == Flush::kFinish,
                .params = request.params,
            });
  if (produced == 0) return {.tag = request.tag, .status = Status::kOutputTooSmall};
  return {.tag = request.tag,
          .status = Status::kOk,
          .consumed = request.input_size,
          .produced = static_cast<uint32_t>(produced),
          .checksum = ChecksumFor(request.params.format, input)};
}

Completion Executor::DecompressWhole(const Request& request) {
  const std::span output(request.output, request.output_size);
  const StepResult step = whole_inflate_.Decode({request.input, request.input_size}, output);
  return {.tag = request.tag,
          .status = step.status,
          .consumed = step.consumed,
          .produced = step.produced,
          .checksum = ChecksumFor(request.params.format, output.first(step.produced))};
}

Completion Executor::Execute(const Request& request) {
  if (request.input_size > kMaxRequestBytes || request.output_size > kMaxRequestBytes ||
      request.history_size > kMaxHistory) {
    return {.tag = request.tag, .status = Status::kUnsupported};
  }
  if (request.context == nullptr) {
    const bool compress = request.operation == Operation::kCompress;
    return compress ? CompressBlock(request) : DecompressWhole(request);
  }
  const std::span input(request.input, request.input_size);
  const std::span output(request.output, request.output_size);
  auto* const codec = static_cast<StreamCodec*>(request.context);
  const StepResult step =
      request.operation == Operation::kCompress
          ? codec->StepBehind({request.history, request.history_size}, input, output, request.flush)
          : codec->Step(input, output, request.flush);
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
