// Stateful codecs: streams whose state is carried from request to request.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "device/request.h"

namespace warpdrive::software {

struct BulkStart;
struct ResumePoint;

/// What one step of a stateful stream did.
struct StepResult {
  Status status = Status::kOk;
  uint32_t consumed = 0;
  uint32_t produced = 0;
};

/// The software device's stream context: a codec that runs on whatever thread executes the
/// request, never on two at once.
class StreamCodec : public StreamContext {
 public:
  /// Runs one step, as Request says for stateful requests. Never throws, never blocks.
  ///
  /// `flush` has zlib's meaning. Compression: kOk when all input is consumed and all output due
  /// for `flush` is written, kOutputFull when `output` ran out first. Decompression: kOk when
  /// more input is needed, kOutputFull when `output` ran out, kStreamEnd when the stream ended
  /// (bytes after it are not consumed), kDataError with error() set exactly as node:zlib reports
  /// it, including "unexpected end of file" for kFinish on a truncated stream.
  virtual StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output,
                          Flush flush) = 0;

  /// Decompression: whether blocks that were decoded elsewhere may take the place of what comes
  /// next. Then `point` is filled in, and Skip() does it.
  virtual bool AtBlockStart(ResumePoint* point) const {
    static_cast<void>(point);
    return false;
  }
  virtual void Skip(std::span<const uint8_t> output) { static_cast<void>(output); }

  /// The same for compression, with the bytes before the input, as Request says. Behind some of
  /// its flushes the stream then begins anew from them: where depends on the flushes and offsets
  /// alone.
  virtual StepResult StepBehind(std::span<const uint8_t> history, std::span<const uint8_t> input,
                                std::span<uint8_t> output, Flush flush) {
    static_cast<void>(history);
    return Step(input, output, flush);
  }
};

/// A raw deflate stream by zlib, whatever params.format is, seeded with `history` (the bytes that
/// precede the first input; empty at the start of a stream). For flush points inside a block,
/// and for all that the block codecs cannot do.
/// nullptr if memory ran out.
std::unique_ptr<StreamCodec> MakeDeflateStream(const StreamParams& params,
                                               std::span<const uint8_t> history);

/// A decompressing stream of params.format, behaving as node:zlib's Inflate / Gunzip /
/// InflateRaw / Unzip: gzip members follow one another, zero padding ends the stream,
/// `dictionary` is applied on Z_NEED_DICT (zlib) or at the start (raw), ignored for gzip.
/// params.window_bits 0 or 8-15. nullptr if memory ran out.
std::unique_ptr<StreamCodec> MakeInflateStream(const StreamParams& params,
                                               std::span<const uint8_t> dictionary);

/// Such a stream from a block on, in the middle of a member. nullptr if memory ran out.
std::unique_ptr<StreamCodec> ResumeInflateStream(const StreamParams& params,
                                                 const BulkStart& start);

}  // namespace warpdrive::software
