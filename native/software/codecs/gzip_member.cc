#include "software/codecs/gzip_member.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "device/request.h"
#include "software/codecs/inflate_bulk.h"

namespace warpdrive::software {
namespace {

// RFC 1952 §2.3.1.
constexpr std::array<uint8_t, 3> kMagic{0x1f, 0x8b, 8};
constexpr size_t kFixedHeader = 10;
constexpr uint8_t kHasHeaderCrc = 2;
constexpr uint8_t kHasExtra = 4;
constexpr uint8_t kHasName = 8;
constexpr uint8_t kHasComment = 16;
constexpr uint8_t kReservedFlags = 0xe0;

// Bytes of a header's optional fields. Every three bytes of an input may look like the start of a
// header: with longer fields, looking through it would take time by the square of its size.
constexpr size_t kMostExtra = 256;
constexpr size_t kMostText = 256;

size_t Word16(std::span<const uint8_t> bytes, size_t at) {
  return bytes[at] | size_t{bytes[at + 1]} << 8;
}

// The BGZF field holds the size of the member less one (SAM specification §4.1).
uint32_t BgzfSize(std::span<const uint8_t> extra) {
  while (extra.size() >= 4) {
    const size_t length = Word16(extra, 2);
    if (extra.size() - 4 < length) return 0;
    if (extra[0] == 'B' && extra[1] == 'C' && length == 2) {
      return static_cast<uint32_t>(Word16(extra, 4)) + 1;
    }
    extra = extra.subspan(4 + length);
  }
  return 0;
}

}  // namespace

std::optional<MemberHeader> ReadMemberHeader(std::span<const uint8_t> input) {
  if (input.size() < kFixedHeader || !std::ranges::equal(input.first(kMagic.size()), kMagic)) {
    return std::nullopt;
  }
  const uint8_t flags = input[3];
  if ((flags & (kReservedFlags | kHasHeaderCrc)) != 0) return std::nullopt;
  MemberHeader header;
  size_t at = kFixedHeader;
  if ((flags & kHasExtra) != 0) {
    if (input.size() - at < 2) return std::nullopt;
    const size_t length = Word16(input, at);
    at += 2;
    if (length > kMostExtra || input.size() - at < length) return std::nullopt;
    header.member_size = BgzfSize(input.subspan(at, length));
    at += length;
  }
  for (const uint8_t field : {kHasName, kHasComment}) {
    if ((flags & field) == 0) continue;
    const auto text = input.subspan(at, std::min(input.size() - at, kMostText));
    const void* const end = text.empty() ? nullptr : std::memchr(text.data(), 0, text.size());
    if (end == nullptr) return std::nullopt;
    at = static_cast<size_t>(static_cast<const uint8_t*>(end) - input.data()) + 1;
  }
  header.size = static_cast<uint32_t>(at);
  return header;
}

// By the middle byte of the magic: memchr() passes over compressed data ten times as fast as
// memmem().
size_t FindMember(std::span<const uint8_t> input, size_t from) {
  for (size_t at = from + 1; at < input.size(); ++at) {
    const void* const found = std::memchr(input.data() + at, kMagic[1], input.size() - at);
    if (found == nullptr) return input.size();
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - input.data());
    if (input[at - 1] != kMagic[0]) continue;
    if (at + 1 >= input.size() || input[at + 1] != kMagic[2]) continue;
    if (at + 2 >= input.size() || (input[at + 2] & kReservedFlags) == 0) return at - 1;
  }
  return input.size();
}

uint32_t SizeHint(std::span<const uint8_t> member) {
  if (member.size() < 4) return 0;
  const auto tail = member.last(4);
  return static_cast<uint32_t>(Word16(tail, 0) | Word16(tail, 2) << 16);
}

std::optional<DecodedMember> DecodeMember(std::span<const uint8_t> input,
                                          std::span<uint8_t> output) {
  const auto header = ReadMemberHeader(input);
  if (!header || input.size() > kMaxRequestBytes || output.size() > kMaxRequestBytes) {
    return std::nullopt;
  }
  Bytef nowhere = 0;  // zlib refuses null pointers even where it has nothing to write
  z_stream io{};
  io.next_in = const_cast<Bytef*>(input.data());
  io.avail_in = static_cast<uInt>(input.size());
  io.next_out = output.empty() ? &nowhere : output.data();
  io.avail_out = static_cast<uInt>(output.size());
  int result = Z_STREAM_ERROR;
  if (HasBulkInflate()) {
    const auto bulk = MakeBulkInflate({.format = Format::kGzip, .window = {}});
    if (bulk == nullptr) return std::nullopt;
    io.next_in += header->size;
    io.avail_in -= header->size;
    result = bulk->Inflate(&io, Z_NO_FLUSH);
  } else {
    if (inflateInit2(&io, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
    result = inflate(&io, Z_NO_FLUSH);
    inflateEnd(&io);
  }
  if (result != Z_STREAM_END) return std::nullopt;
  return DecodedMember{static_cast<uint32_t>(input.size() - io.avail_in),
                       static_cast<uint32_t>(output.size() - io.avail_out)};
}

}  // namespace warpdrive::software
