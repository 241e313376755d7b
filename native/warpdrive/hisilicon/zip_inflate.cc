#include "warpdrive/hisilicon/zip_inflate.h"

#include <algorithm>
#include <cstring>

namespace warpdrive::hisilicon {
namespace {

/// Staging of a round where the device does not share our addresses.
constexpr uint32_t kStageInput = 128u << 10;
constexpr uint32_t kStageOutput = 256u << 10;
/// What the engine gets to write to when a request has too little room for it.
constexpr uint32_t kSmallOutput = 256;
static_assert(kSmallOutput > kMinStatefulOutput);

// ctx_st.
constexpr uint32_t kLastBlockNoSpace = 1;
constexpr uint32_t kNoSpace = 2;

struct Staging {
  uint32_t input;
  uint32_t output;
};

/// Bytes of staging for a request: none for what the device reaches, but always a small output.
Staging StagingFor(const ZipTarget& target, const Request& request) {
  if (target.sva) return {0, kSmallOutput};
  return {std::min((request.input_size + 63) & ~63u, kStageInput),
          std::clamp((request.output_size + 63) & ~63u, kSmallOutput, kStageOutput)};
}

/// Whether the engine has output that it could not write, and needs no input for.
bool HasMore(const ZipResult& result, bool all_consumed) {
  const ZipStreamState& stream = result.stream;
  if (stream.state() == kLastBlockNoSpace) return true;
  return stream.state() == kNoSpace && all_consumed && stream.final_block_seen() &&
         stream.stored_left() != 0;
}

}  // namespace

bool SupportsInflation(const ZipTarget& target, const StreamParams& params) {
  // Smaller windows make zlib refuse what the engine would decode.
  if (target.protocol < 2 || (params.window_bits != 0 && params.window_bits != 15)) return false;
  switch (params.format) {
    case Format::kGzip:
      return target.gzip;
    case Format::kZlib:
      return target.zlib;
    case Format::kAuto:
      return target.gzip && target.zlib;
    default:
      return false;
  }
}

Prepared ZipInflater::Prepare(const ZipTarget& target, const Request& request, ZipJob* job,
                              Completion* completion) {
  if (request.context == nullptr || !SupportsInflation(target, request.params)) {
    return Prepared::kUnsupported;
  }
  auto* const context = static_cast<Context*>(request.context);
  if (context->state_ == State::kFailed) return Prepared::kUnsupported;
  // All memory first: a request that has to wait must not have moved the stream.
  const Staging staging = StagingFor(target, request);
  DmaBlock memory = target.pool->Take(staging.input + staging.output);
  if (!memory) return Prepared::kNoMemory;
  if (context->memory_ == nullptr) {
    DmaBlock block = target.pool->Take(kContextBytes);
    if (!block) return Prepared::kNoMemory;
    context->memory_ = std::make_shared<ZipStreamMemory>();
    context->memory_->block = std::move(block);
  } else if (!context->memory_->block) {
    return Prepared::kUnsupported;  // its queue closed
  }
  job->request = request;
  job->memory = std::move(memory);
  job->stream = context->memory_;
  job->consumed = 0;
  job->produced = 0;
  const Prepared prepared = Advance(target, job, completion);
  if (prepared != Prepared::kReady) *job = {};
  return prepared;
}

// What can be done without the engine, until it is needed.
Prepared ZipInflater::Advance(const ZipTarget& target, ZipJob* job, Completion* completion) {
  Context* const context = ContextOf(*job);
  const Request& request = job->request;
  while (true) {
    DeliverSpare(context, job);
    const auto rest = std::span(request.input, request.input_size).subspan(job->consumed);
    const bool full = job->produced == request.output_size;
    const bool finish = request.flush == Flush::kFinish;
    if (context->spare_at_ != context->spare_end_) {
      return Finish(*job, Status::kOutputFull, completion);
    }
    switch (context->state_) {
      case State::kEnded:
        // Another member, or zeros for padding; as node:zlib decides it.
        if (context->header_.format() != ZipFormat::kGzip || context->one_member_ || rest.empty() ||
            rest[0] == 0) {
          return Finish(*job, Status::kStreamEnd, completion);
        }
        StartMember(context, *job);
        break;
      case State::kHeader: {
        size_t used = 0;
        const StreamHeader::State state = context->header_.Read(rest, &used);
        if (state == StreamHeader::State::kRefused) {
          return Fail(*job, Status::kUnsupported, completion);
        }
        job->consumed += static_cast<uint32_t>(used);
        if (state == StreamHeader::State::kMore) {
          return finish ? Fail(*job, Status::kUnsupported, completion)
                        : Finish(*job, Status::kOk, completion);
        }
        context->state_ = State::kBody;
        context->restart_ = context->member_;
        break;
      }
      case State::kBody:
        if (rest.empty() && !context->again_) {
          if (full) return Finish(*job, Status::kOutputFull, completion);
          // Ended by the caller amid the stream: zlib has words for that.
          return finish ? Fail(*job, Status::kUnsupported, completion)
                        : Finish(*job, Status::kOk, completion);
        }
        if (full) return Finish(*job, Status::kOutputFull, completion);
        StartRound(target, job);
        return Prepared::kReady;
      case State::kFailed:
        return Fail(*job, Status::kUnsupported, completion);
    }
  }
}

void ZipInflater::StartMember(Context* context, const ZipJob& job) {
  context->state_ = State::kHeader;
  context->header_ = StreamHeader(Format::kGzip);
  context->engine_ = {};
  context->first_ = true;
  context->again_ = false;
  context->member_out_ = 0;
  context->member_ = {context->consumed_ + job.consumed, context->produced_ + job.produced};
  std::memset(context->memory_->block.data(), 0, kContextBytes);
}

void ZipInflater::StartRound(const ZipTarget& target, ZipJob* job) {
  Context* const context = ContextOf(*job);
  const Request& request = job->request;
  const Staging staging = StagingFor(target, request);
  const uint32_t rest = request.input_size - job->consumed;
  const uint32_t space = request.output_size - job->produced;
  ZipCommand& command = job->command;
  const uint32_t tag = command.tag;
  command = {};
  command.tag = tag;
  command.format = context->header_.format();
  command.stateful = true;
  command.first = context->first_;
  command.finish = false;
  command.stream = context->engine_;
  command.context = job->stream->block.iova();
  if (target.sva && space > kMinStatefulOutput) {
    command.output_size = std::min(space, kMaxFlatBytes);
    job->output = request.output + job->produced;
    command.output = reinterpret_cast<uintptr_t>(job->output);
    TouchPages(job->output, command.output_size);
  } else {
    command.output_size = std::clamp(space, kSmallOutput, staging.output);
    job->output = job->memory.data() + staging.input;
    command.output = job->memory.iova() + staging.input;
  }
  if (rest == 0) {
    command.input = command.output;  // the address has to be valid even for nothing
  } else if (target.sva) {
    command.input_size = std::min(rest, kMaxFlatBytes);
    command.input = reinterpret_cast<uintptr_t>(request.input + job->consumed);
  } else {
    command.input_size = std::min(rest, staging.input);
    command.input = job->memory.iova();
    std::memcpy(job->memory.data(), request.input + job->consumed, command.input_size);
  }
}

Prepared ZipInflater::Accept(const ZipTarget& target, ZipJob* job, const ZipResult& result,
                             Completion* completion, std::string* problem) {
  Context* const context = ContextOf(*job);
  const ZipCommand& command = job->command;
  const auto refuse = [&](const char* what) {
    *problem = std::string(what) + ": status " + std::to_string(result.raw_status) + ", consumed " +
               std::to_string(result.consumed) + " of " + std::to_string(command.input_size) +
               ", produced " + std::to_string(result.produced) + " of " +
               std::to_string(command.output_size);
    return Fail(*job, Status::kDeviceError, completion);
  };
  if (result.consumed > command.input_size || result.produced > command.output_size) {
    return refuse("impossible lengths");
  }
  const bool more = HasMore(result, result.consumed == command.input_size);
  const bool no_space = more || result.stream.state() == kNoSpace;
  switch (result.status) {
    case ZipStatus::kOk:
    case ZipStatus::kNegative:
      break;
    case ZipStatus::kStreamEnd:
      if (!result.last_block) return refuse("an end that is not in a last block");
      break;
    case ZipStatus::kOutputTooSmall:
      if (!no_space) return refuse("decompression failed");
      break;
    case ZipStatus::kChecksumError:
    case ZipStatus::kBadRequest:
      // Most likely the data's fault. Software will know.
      return Fail(*job, Status::kDataError, completion);
    case ZipStatus::kIntegrity:
      return refuse("decompression failed");
  }
  const bool end = result.status == ZipStatus::kStreamEnd;
  const bool moved = result.consumed != 0 || result.produced != 0;
  context->stalls_ = moved || end ? 0 : context->stalls_ + 1;
  if (context->stalls_ == 2) return refuse("the engine stands still");

  KeepTail(context, job->request.input + job->consumed, result.consumed);
  job->consumed += result.consumed;
  TakeOutput(context, job, result.produced);
  context->engine_ = result.stream;
  context->first_ = false;
  context->again_ = more && !end;
  if (end) {
    if (!TrailerFits(*context)) {
      *problem = "the engine ends a stream where its trailer is not";
      return Fail(*job, Status::kUnsupported, completion);
    }
    context->state_ = State::kEnded;
  }
  return Advance(target, job, completion);
}

void ZipInflater::DeliverSpare(Context* context, ZipJob* job) {
  const uint32_t size =
      std::min(context->spare_end_ - context->spare_at_, job->request.output_size - job->produced);
  if (size == 0) return;
  std::memcpy(job->request.output + job->produced, context->spare_.data() + context->spare_at_,
              size);
  context->spare_at_ += size;
  job->produced += size;
}

void ZipInflater::TakeOutput(Context* context, ZipJob* job, uint32_t produced) {
  context->member_out_ += produced;
  uint8_t* const to = job->request.output + job->produced;
  if (job->output == to) {
    job->produced += produced;
    return;
  }
  const uint32_t fits = std::min(produced, job->request.output_size - job->produced);
  if (fits != 0) std::memcpy(to, job->output, fits);
  job->produced += fits;
  // Only a round with kSmallOutput produces more than fits.
  context->spare_at_ = 0;
  context->spare_end_ = produced - fits;
  std::memcpy(context->spare_.data(), job->output + fits, produced - fits);
}

void ZipInflater::KeepTail(Context* context, const uint8_t* used, uint32_t size) {
  auto& tail = context->tail_;
  const uint32_t fresh = std::min<uint32_t>(size, tail.size());
  if (fresh == 0) return;
  std::memmove(tail.data(), tail.data() + fresh, tail.size() - fresh);
  std::memcpy(tail.data() + tail.size() - fresh, used + size - fresh, fresh);
}

// gzip: CRC-32 and length mod 2^32, little-endian; zlib: Adler-32, big-endian.
bool ZipInflater::TrailerFits(const Context& context) {
  ZipResult result;
  result.stream = context.engine_;
  const ZipFormat format = context.header_.format();
  const uint32_t checksum = result.Checksum(format);
  uint32_t words[2];
  std::memcpy(words, context.tail_.data(), sizeof(words));
  if (format == ZipFormat::kZlib) return __builtin_bswap32(words[1]) == checksum;
  return words[0] == checksum && words[1] == static_cast<uint32_t>(context.member_out_);
}

Prepared ZipInflater::Finish(const ZipJob& job, Status status, Completion* completion) {
  Context* const context = ContextOf(job);
  context->consumed_ += job.consumed;
  context->produced_ += job.produced;
  // An ended stream needs the engine's memory no more; it goes with the job.
  if (context->state_ == State::kEnded) context->memory_ = nullptr;
  *completion = {
      .tag = job.request.tag, .status = status, .consumed = job.consumed, .produced = job.produced};
  return Prepared::kDone;
}

Prepared ZipInflater::Fail(const ZipJob& job, Status status, Completion* completion) {
  Context* const context = ContextOf(job);
  context->state_ = State::kFailed;
  context->memory_ = nullptr;
  *completion = {.tag = job.request.tag, .status = status};
  return Prepared::kDone;
}

}  // namespace warpdrive::hisilicon
