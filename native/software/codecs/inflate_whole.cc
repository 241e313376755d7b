#include "software/codecs/inflate_whole.h"

#ifdef WARPDRIVE_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "software/deflate_walk.h"

namespace warpdrive::software {
namespace {

// Up to so many bytes of input zlib is done before libdeflate has filled its larger tables.
// Measured on JSON: 4 KiB of output from 0.9 KiB take zlib 5.2 us and libdeflate 6.2, 16 KiB from
// 3.3 KiB take 14.3 and 9.0.
constexpr size_t kSmall = 1024;

constexpr StepResult kRefused{Status::kUnsupported, 0, 0};

StepResult Decoded(size_t consumed, size_t produced) {
  return {Status::kOk, static_cast<uint32_t>(consumed), static_cast<uint32_t>(produced)};
}

}  // namespace

WholeInflate::~WholeInflate() {
  if (open_) inflateEnd(&stream_);
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
  libdeflate_free_decompressor(decompressor_);
#endif
}

StepResult WholeInflate::Decode(std::span<const uint8_t> input, std::span<uint8_t> output) {
  return input.size() <= kSmall ? DecodeByZlib(input, output) : DecodeByLibdeflate(input, output);
}

StepResult WholeInflate::DecodeByZlib(std::span<const uint8_t> input, std::span<uint8_t> output) {
  if (!open_) open_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
  if (!open_ || inflateReset(&stream_) != Z_OK) return kRefused;
  stream_.next_in = const_cast<Bytef*>(input.data());
  stream_.avail_in = static_cast<uInt>(input.size());
  stream_.next_out = output.data();
  stream_.avail_out = static_cast<uInt>(output.size());
  const int result = inflate(&stream_, Z_FINISH);
  if (result == Z_STREAM_END && stream_.avail_in == 0) {
    return Decoded(input.size(), output.size() - stream_.avail_out);
  }
  const bool full = stream_.avail_out == 0 && (result == Z_OK || result == Z_BUF_ERROR);
  return full ? StepResult{Status::kOutputTooSmall, 0, 0} : kRefused;
}

#ifdef WARPDRIVE_HAVE_LIBDEFLATE

// A single dynamic block whose codes leave no bits unused has nothing that the two decoders could
// see differently; that is what small streams are. Others are walked over.
bool WholeInflate::IsBeyondDoubt(std::span<const uint8_t> input) {
  if (header_.Read(input, 0) != HeaderState::kComplete) return false;
  return (header_.final() && header_.all_codes_exist()) || DeflateWalker(input).Run();
}

StepResult WholeInflate::DecodeByLibdeflate(std::span<const uint8_t> input,
                                            std::span<uint8_t> output) {
  if (decompressor_ == nullptr) decompressor_ = libdeflate_alloc_decompressor();
  if (decompressor_ == nullptr || !IsBeyondDoubt(input)) return kRefused;
  size_t consumed = 0;
  size_t produced = 0;
  const libdeflate_result result =
      libdeflate_deflate_decompress_ex(decompressor_, input.data(), input.size(), output.data(),
                                       output.size(), &consumed, &produced);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE) return {Status::kOutputTooSmall, 0, 0};
  if (result != LIBDEFLATE_SUCCESS || consumed != input.size() || produced > output.size()) {
    return kRefused;
  }
  return Decoded(consumed, produced);
}

#else

StepResult WholeInflate::DecodeByLibdeflate(std::span<const uint8_t> input,
                                            std::span<uint8_t> output) {
  return DecodeByZlib(input, output);
}

#endif

}  // namespace warpdrive::software
