#include "warpdrive/hisilicon/zip_compress.h"

#include <algorithm>
#include <cstring>

#include "device/device.h"

namespace warpdrive::hisilicon {
namespace {

/// What a block without input is (RFC 1951 §3.2.4, §3.2.6): an empty block with fixed codes that
/// ends the stream, or the empty stored block of a flush. The engine takes no empty input.
constexpr uint8_t kEmptyFinal[] = {0x03, 0x00};
constexpr uint8_t kEmptyFlush[] = {0x00, 0x00, 0x00, 0xFF, 0xFF};
/// How a flush ends: LEN and NLEN of an empty stored block.
constexpr uint8_t kFlushEnd[] = {0x00, 0x00, 0xFF, 0xFF};

ZipFormat FormatFor(const ZipTarget& target, Format format) {
  switch (format) {
    case Format::kGzip:
      return ZipFormat::kGzip;
    case Format::kRaw:
      // The body is the same in all formats: where there is no raw, zlib minus its trailer is it.
      return target.raw ? ZipFormat::kRaw : ZipFormat::kZlib;
    default:
      return ZipFormat::kZlib;
  }
}

uint32_t TrailerBytes(ZipFormat format) {
  return format == ZipFormat::kGzip ? 8 : format == ZipFormat::kZlib ? 4 : 0;
}

Completion Empty(const Request& request) {
  Completion completion{.tag = request.tag};
  const bool finish = request.flush == Flush::kFinish;
  const uint32_t size = finish ? sizeof(kEmptyFinal) : sizeof(kEmptyFlush);
  if (request.output_size < size) {
    completion.status = Status::kOutputTooSmall;
    return completion;
  }
  std::memcpy(request.output, finish ? kEmptyFinal : kEmptyFlush, size);
  completion.produced = size;
  completion.checksum = request.params.format == Format::kZlib ? 1 : 0;  // Adler-32 of nothing
  return completion;
}

uint32_t BigEndian(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, 4);
  return __builtin_bswap32(value);
}

uint32_t LittleEndian(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, 4);
  return value;
}

/// The checksum that the engine's trailer holds. @return false if the trailer does not fit the
/// input
bool ReadTrailer(const uint8_t* trailer, const ZipJob& job, uint32_t* checksum) {
  switch (job.command.format) {
    case ZipFormat::kGzip:
      *checksum = LittleEndian(trailer);
      return LittleEndian(trailer + 4) == job.command.input_size;
    case ZipFormat::kZlib:
      *checksum = BigEndian(trailer);
      return true;
    case ZipFormat::kRaw:
      break;
  }
  *checksum = 0;
  return true;
}

Completion Refuse(const ZipJob& job, std::string* problem, std::string what) {
  *problem = std::move(what);
  return {.tag = job.request.tag, .status = Status::kDeviceError};
}

std::string Numbers(const ZipJob& job, const ZipResult& result) {
  return "status " + std::to_string(result.raw_status) + ", consumed " +
         std::to_string(result.consumed) + " of " + std::to_string(job.command.input_size) +
         ", produced " + std::to_string(result.produced) + " of " +
         std::to_string(job.command.output_size);
}

}  // namespace

bool SupportsCompression(const ZipTarget& target, const Request& request) {
  if (request.operation != Operation::kCompress || request.context != nullptr) return false;
  if (request.flush != Flush::kFinish && request.flush != Flush::kSync) return false;
  // Whether the first silicon has stateful requests is not known.
  if (request.flush == Flush::kSync && target.protocol < 2) return false;
  if (request.input_size > kMaxBlockSize || request.params.strategy != 0) return false;
  // HIP08 has the window field, but nobody knows whether it heeds it.
  const uint8_t smallest = target.protocol >= 3 ? 12 : 15;
  if (request.params.window_bits < smallest || request.params.window_bits > 15) return false;
  switch (request.params.format) {
    case Format::kRaw:
      return target.raw || target.zlib;
    case Format::kZlib:
      return target.zlib;
    case Format::kGzip:
      return target.gzip;
    default:
      return false;
  }
}

Prepared PrepareCompression(const ZipTarget& target, const Request& request,
                            const ZipMemory& source, ZipJob* job, Completion* completion) {
  if (!SupportsCompression(target, request)) return Prepared::kUnsupported;
  if (request.input_size == 0) {
    *completion = Empty(request);
    return Prepared::kDone;
  }
  const bool finish = request.flush == Flush::kFinish;
  // The engine may need 9/8 of the input and more than 200 bytes; this is more than both.
  const uint32_t bound = CompressBound(request.input_size);
  const bool in_place = target.sva && request.output_size >= bound;
  const uint32_t input = target.sva ? 0 : request.input_size;
  const uint32_t output = in_place ? 0 : bound;
  const uint32_t at_output = Staging::RoundUp(input);
  if ((finish ? 0 : kContextBytes) + at_output + Staging::RoundUp(output) > target.pool->size()) {
    return Prepared::kUnsupported;
  }
  DmaBlock memory;
  if (input + output != 0 && !(memory = source.staging->Take(input, output))) {
    return Prepared::kNoMemory;
  }
  DmaBlock context;
  if (!finish) context = source.contexts->TakeClean();
  if (!finish && !context) context = target.pool->Take(kContextBytes);
  if (!finish && !context) return Prepared::kNoMemory;

  job->request = request;
  ZipCommand& command = job->command;
  command = {.format = FormatFor(target, request.params.format),
             .stateful = !finish,
             .first = true,
             .finish = finish,
             .window = WindowCode(request.params.window_bits),
             .input_size = request.input_size,
             .output_size = bound,
             .context = finish ? 0 : context.iova(),
             .stream = {},
             .tag = 0};
  if (target.sva) {
    command.input = reinterpret_cast<uintptr_t>(request.input);
  } else {
    command.input = memory.iova();
    std::memcpy(memory.data(), request.input, request.input_size);
  }
  if (in_place) {
    job->output = request.output;
    command.output = reinterpret_cast<uintptr_t>(request.output);
    TouchPages(request.output, bound);
  } else {
    job->output = memory.data() + at_output;
    command.output = memory.iova() + at_output;
  }
  job->memory = std::move(memory);
  job->context = std::move(context);
  return Prepared::kReady;
}

Completion FinishCompression(const ZipJob& job, const ZipResult& result, std::string* problem) {
  const Request& request = job.request;
  const bool finish = job.command.finish;
  if (result.status != ZipStatus::kOk && result.status != ZipStatus::kNegative) {
    return Refuse(job, problem, "compression failed: " + Numbers(job, result));
  }
  if (result.consumed != job.command.input_size || result.produced > job.command.output_size) {
    return Refuse(job, problem, "impossible lengths: " + Numbers(job, result));
  }
  const uint32_t trailer = finish ? TrailerBytes(job.command.format) : 0;
  const uint32_t least = finish ? 2 + trailer : sizeof(kEmptyFlush);
  if (result.produced < least) {
    return Refuse(job, problem, "no whole block: " + Numbers(job, result));
  }
  const uint32_t body = result.produced - trailer;
  uint32_t checksum = 0;
  if (finish) {
    // Written by all generations, which the checksum word is not in stateless mode.
    uint8_t copy[8] = {};
    std::memcpy(copy, job.output + body, trailer);
    const bool fits = ReadTrailer(copy, job, &checksum);
    // The checksum word, where the engine fills it in, has to agree: else `produced` was wrong.
    const bool agrees = result.stream.checksum == 0 || trailer == 0 ||
                        result.Checksum(job.command.format) == checksum;
    if (!fits || !agrees) {
      return Refuse(job, problem, "the trailer does not belong to the input");
    }
  } else {
    checksum = result.Checksum(job.command.format);
    // What follows is appended byte by byte, so a block that ended elsewhere would spoil it all.
    if (std::memcmp(job.output + body - sizeof(kFlushEnd), kFlushEnd, sizeof(kFlushEnd)) != 0) {
      return Refuse(job, problem, "a flushed block does not end on a byte boundary");
    }
  }
  Completion completion{.tag = request.tag, .consumed = request.input_size};
  if (body > request.output_size) {
    completion.status = Status::kOutputTooSmall;
    completion.consumed = 0;
    return completion;
  }
  if (job.output != request.output) std::memcpy(request.output, job.output, body);
  completion.produced = body;
  completion.checksum = request.params.format == Format::kRaw ? 0 : checksum;
  return completion;
}

void ReleaseStaging(const ZipResult& result, const Completion& completion, Staging* staging,
                    ZipJob* job) {
  if (!job->memory) return;
  const ZipCommand& command = job->command;
  const uint32_t input = command.input == job->memory.iova() ? command.input_size : 0;
  // One that wrote more than it says could as well have written it into another stream's output:
  // a device that did its work is believed. Else all is cleared.
  if (completion.status == Status::kOk && job->output != job->request.output) {
    staging->Keep(std::move(job->memory), input, result.produced);
  } else {
    job->memory.Release();
  }
}

}  // namespace warpdrive::hisilicon
