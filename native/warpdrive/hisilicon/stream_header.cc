#include "warpdrive/hisilicon/stream_header.h"

namespace warpdrive::hisilicon {
namespace {

constexpr uint8_t kGzipId1 = 0x1F;
constexpr uint8_t kGzipId2 = 0x8B;
constexpr uint8_t kDeflate = 8;
constexpr uint32_t kGzipFixedBytes = 10;

// FLG of gzip. FTEXT says nothing that a decoder needs.
constexpr uint8_t kFhcrc = 1u << 1;
constexpr uint8_t kFextra = 1u << 2;
constexpr uint8_t kFname = 1u << 3;
constexpr uint8_t kFcomment = 1u << 4;
constexpr uint8_t kReserved = 0xE0;

constexpr uint8_t kFdict = 1u << 5;  // of zlib's FLG

bool IsZlib(uint8_t cmf, uint8_t flags) {
  return (cmf & 0xF) == kDeflate && cmf >> 4 <= 7 && (cmf << 8 | flags) % 31 == 0;
}

}  // namespace

StreamHeader::State StreamHeader::Read(std::span<const uint8_t> input, size_t* used) {
  *used = 0;
  while (part_ != Part::kDone && part_ != Part::kRefused && *used < input.size()) {
    Take(input[(*used)++]);
  }
  if (part_ == Part::kRefused) return State::kRefused;
  return part_ == Part::kDone ? State::kComplete : State::kMore;
}

void StreamHeader::Take(uint8_t byte) {
  ++at_;
  switch (part_) {
    case Part::kFixed:
      TakeFixed(byte);
      break;
    case Part::kExtraSize:
      extra_ |= uint32_t{byte} << (8 * (at_ - 1));
      if (at_ == 2) NextPart();
      break;
    case Part::kExtra:
      if (at_ == extra_) NextPart();
      break;
    case Part::kName:
    case Part::kComment:
      if (byte == 0) NextPart();
      break;
    case Part::kDone:
    case Part::kRefused:
      break;
  }
}

void StreamHeader::TakeFixed(uint8_t byte) {
  if (at_ == 1) {
    first_ = byte;
    if (format_ == Format::kAuto) format_ = byte == kGzipId1 ? Format::kGzip : Format::kZlib;
    if (format_ == Format::kGzip && byte != kGzipId1) part_ = Part::kRefused;
    return;
  }
  if (format_ == Format::kZlib) {
    found_ = ZipFormat::kZlib;
    const bool plain = IsZlib(first_, byte) && (byte & kFdict) == 0;
    part_ = plain ? Part::kDone : Part::kRefused;
    return;
  }
  found_ = ZipFormat::kGzip;
  if (at_ == 2 && byte != kGzipId2) part_ = Part::kRefused;
  if (at_ == 3 && byte != kDeflate) part_ = Part::kRefused;
  if (at_ == 4) {
    flags_ = byte;
    if ((byte & (kFhcrc | kReserved)) != 0) part_ = Part::kRefused;
  }
  if (at_ == kGzipFixedBytes) NextPart();
}

// Optional parts follow in this order; each is skipped if its flag is not set.
void StreamHeader::NextPart() {
  at_ = 0;
  switch (part_) {
    case Part::kFixed:
      part_ = Part::kExtraSize;
      if ((flags_ & kFextra) != 0) return;
      [[fallthrough]];
    case Part::kExtraSize:
      part_ = Part::kExtra;
      if (extra_ != 0) return;
      [[fallthrough]];
    case Part::kExtra:
      part_ = Part::kName;
      if ((flags_ & kFname) != 0) return;
      [[fallthrough]];
    case Part::kName:
      part_ = Part::kComment;
      if ((flags_ & kFcomment) != 0) return;
      [[fallthrough]];
    default:
      part_ = Part::kDone;
  }
}

}  // namespace warpdrive::hisilicon
