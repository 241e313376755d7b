// Decodes a whole raw deflate stream in one call, for the callers that have all of it.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>

#include "software/codecs/inflate_header.h"
#include "software/codecs/stream_codec.h"

struct libdeflate_decompressor;

namespace warpdrive::software {

/// Belongs to one thread and keeps its working memory between streams: allocating it costs more
/// than decoding a small one.
///
/// libdeflate is less strict than zlib: it takes sets of codes that zlib refuses, and codes that
/// do not exist. So each stream is looked at first, and what is not beyond doubt is refused.
class WholeInflate {
 public:
  WholeInflate() = default;
  WholeInflate(const WholeInflate&) = delete;
  WholeInflate& operator=(const WholeInflate&) = delete;
  ~WholeInflate();

  /// kOk: zlib with a window of 32 KiB decodes exactly `input`, to these bytes. kOutputTooSmall:
  /// there is more output than room. kUnsupported: anything else.
  StepResult Decode(std::span<const uint8_t> input, std::span<uint8_t> output);

 private:
  StepResult DecodeByZlib(std::span<const uint8_t> input, std::span<uint8_t> output);
  StepResult DecodeByLibdeflate(std::span<const uint8_t> input, std::span<uint8_t> output);
  bool IsBeyondDoubt(std::span<const uint8_t> input);

  z_stream stream_{};
  bool open_ = false;
  libdeflate_decompressor* decompressor_ = nullptr;
  InflateHeader header_;
};

}  // namespace warpdrive::software
