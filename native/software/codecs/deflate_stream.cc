#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>

#include "software/codecs/stream_codec.h"

namespace warpdrive::software {
namespace {

class DeflateStream final : public StreamCodec {
 public:
  ~DeflateStream() override {
    if (open_) deflateEnd(&stream_);
  }

  bool Open(const StreamParams& params, std::span<const uint8_t> history) {
    // Raw deflate with an 8-bit window does not exist (zlib.h, deflateInit2).
    const int window_bits = std::max<int>(params.window_bits, 9);
    open_ = deflateInit2(&stream_, params.level, Z_DEFLATED, -window_bits, params.mem_level,
                         params.strategy) == Z_OK;
    if (!open_ || history.empty()) return open_;
    const auto reach = history.last(std::min<size_t>(history.size(), kMaxHistory));
    return deflateSetDictionary(&stream_, reach.data(), static_cast<uInt>(reach.size())) == Z_OK;
  }

  StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush) override {
    if (input.size() > kMaxRequestBytes || output.size() > kMaxRequestBytes) {
      return {Status::kUnsupported, 0, 0};
    }
    Bytef nowhere = 0;  // zlib refuses null pointers even where it has nothing to write
    stream_.next_in = const_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = output.empty() ? &nowhere : output.data();
    stream_.avail_out = static_cast<uInt>(output.size());
    if (std::exchange(empty_write_, false)) {
      stream_.avail_in = 0;
      deflate(&stream_, Z_NO_FLUSH);
      stream_.avail_in = static_cast<uInt>(input.size());
    }
    const int result = deflate(&stream_, static_cast<int>(flush));
    StepResult step{Status::kOk, static_cast<uint32_t>(input.size() - stream_.avail_in),
                    static_cast<uint32_t>(output.size() - stream_.avail_out)};
    if (result < 0 && result != Z_BUF_ERROR) {
      // As node's ZlibContext::GetErrorInfo for what is no fault of the data.
      error_ = {result, stream_.msg != nullptr ? stream_.msg : "Zlib error"};
      step.status = Status::kDataError;
    } else if (stream_.avail_out == 0 && result != Z_STREAM_END) {
      step.status = Status::kOutputFull;
    }
    return step;
  }

  StreamError error() const override { return error_; }

  // Only a write of nothing at the very start makes a difference: zlib leaves out a flush that
  // follows another, unless it was called in between.
  void SetMarks(StepMarks marks) override {
    empty_write_ = !marks.input_ends.empty() && marks.input_ends.front() == 0;
  }

 private:
  z_stream stream_{};
  bool empty_write_ = false;
  bool open_ = false;
  StreamError error_;
};

}  // namespace

std::unique_ptr<StreamCodec> MakeDeflateStream(const StreamParams& params,
                                               std::span<const uint8_t> history) {
  std::unique_ptr<DeflateStream> stream(new (std::nothrow) DeflateStream);
  if (stream == nullptr || !stream->Open(params, history)) return nullptr;
  return stream;
}

}  // namespace warpdrive::software
