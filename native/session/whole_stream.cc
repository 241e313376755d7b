#include "session/whole_stream.h"

#include <algorithm>
#include <cstring>

#include "device/device.h"
#include "session/framing.h"

namespace warpdrive {
namespace {

constexpr size_t kGzipHeader = 10;  // RFC 1952 §2.3 without optional fields
constexpr size_t kGzipTrailer = 8;
constexpr size_t kZlibHeader = 2;  // RFC 1950 §2.2 without a dictionary
constexpr size_t kZlibTrailer = 4;
constexpr size_t kMaxFraming = kGzipHeader + kGzipTrailer;

// Where the size of the output is not known: small streams seldom expand more, and a second
// attempt costs no more than the first.
constexpr size_t kExpansionGuess = 8;
constexpr size_t kMinGuess = 16 * 1024;

uint32_t LittleEndian(const uint8_t* p) {
  return p[0] | p[1] << 8 | p[2] << 16 | static_cast<uint32_t>(p[3]) << 24;
}

uint32_t BigEndian(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

bool HasGzipMagic(std::span<const uint8_t> input) {
  return input.size() >= 2 && input[0] == 0x1f && input[1] == 0x8b;
}

Format FormatOf(Format format, std::span<const uint8_t> input) {
  if (format != Format::kAuto) return format;
  return HasGzipMagic(input) ? Format::kGzip : Format::kZlib;
}

// CM 8 and no flags: no optional field.
bool HasPlainGzipHeader(std::span<const uint8_t> input) {
  return input.size() > kMaxFraming && HasGzipMagic(input) && input[2] == 8 && input[3] == 0;
}

// CM 8, a window of 32 KiB, FCHECK right, no dictionary.
bool HasPlainZlibHeader(std::span<const uint8_t> input) {
  return input.size() > kZlibHeader + kZlibTrailer && input[0] == 0x78 && (input[1] & 0x20) == 0 &&
         (input[0] << 8 | input[1]) % 31 == 0;
}

}  // namespace

size_t WholeStream::OutputSize(std::span<const uint8_t> input) const {
  if (input.empty() || input.size() > kMaxInput) return 0;
  if (operation_ == Operation::kCompress) {
    return CompressBound(static_cast<uint32_t>(input.size())) + kMaxFraming;
  }
  if (FormatOf(params_.format, input) != Format::kGzip) {
    return std::clamp(kExpansionGuess * input.size(), kMinGuess, kMaxOutput);
  }
  if (!HasPlainGzipHeader(input)) return 0;
  // RFC 1952 §2.3.1, ISIZE. It may lie: then the output does not fit, or is not as long.
  const size_t size = LittleEndian(input.data() + input.size() - 4);
  return size <= kMaxOutput ? std::max<size_t>(size, 1) : 0;
}

bool WholeStream::IsExact(std::span<const uint8_t> input, size_t size) const {
  return operation_ == Operation::kDecompress && FormatOf(params_.format, input) == Format::kGzip &&
         HasPlainGzipHeader(input) && LittleEndian(input.data() + input.size() - 4) == size;
}

bool WholeStream::Begin(std::span<const uint8_t> input, std::span<uint8_t> output) {
  output_ = output;
  request_ = {.operation = operation_, .flush = Flush::kFinish, .params = params_};
  if (operation_ == Operation::kDecompress) return Unwrap(input);
  const SmallBytes header = MakeHeader(params_, false, 0);
  header_size_ = header.size;
  if (input.size() > kMaxInput || output.size() < kMaxFraming) return false;
  std::memcpy(output.data(), header.data.data(), header_size_);
  request_.input = input.data();
  request_.input_size = static_cast<uint32_t>(input.size());
  request_.output = output.data() + header_size_;
  request_.output_size = static_cast<uint32_t>(output.size() - kMaxFraming);
  return true;
}

bool WholeStream::Unwrap(std::span<const uint8_t> input) {
  request_.params.format = FormatOf(params_.format, input);
  size_t header = 0;
  size_t trailer = 0;
  switch (request_.params.format) {
    case Format::kGzip:
      if (!HasPlainGzipHeader(input)) return false;
      header = kGzipHeader;
      trailer = kGzipTrailer;
      break;
    case Format::kZlib:
      if (!HasPlainZlibHeader(input)) return false;
      header = kZlibHeader;
      trailer = kZlibTrailer;
      break;
    default:
      break;
  }
  const std::span<const uint8_t> raw = input.subspan(header, input.size() - header - trailer);
  trailer_ = raw.data() + raw.size();
  request_.input = raw.data();
  request_.input_size = static_cast<uint32_t>(raw.size());
  request_.output = output_.data();
  request_.output_size = static_cast<uint32_t>(std::min(output_.size(), kMaxOutput));
  return true;
}

bool WholeStream::Confirm(const Completion& completion) {
  switch (request_.params.format) {
    case Format::kGzip:
      return LittleEndian(trailer_) == completion.checksum &&
             LittleEndian(trailer_ + 4) == completion.produced;
    case Format::kZlib:
      return BigEndian(trailer_) == completion.checksum;
    default:
      return true;
  }
}

bool WholeStream::End(const Completion& completion) {
  if (completion.status != Status::kOk || completion.consumed != request_.input_size ||
      completion.produced > request_.output_size) {
    return false;
  }
  size_ = completion.produced;
  if (operation_ == Operation::kDecompress) return Confirm(completion);
  const SmallBytes trailer = MakeTrailer(params_.format, completion.checksum, completion.consumed);
  std::memcpy(request_.output + size_, trailer.data.data(), trailer.size);
  size_ += header_size_ + trailer.size;
  return true;
}

}  // namespace warpdrive
