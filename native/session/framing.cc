#include "session/framing.h"

#include <zlib.h>

namespace warpdrive {
namespace {

// RFC 1952 §2.3.1 OS: what zlib compiled for this system writes.
#if defined(__APPLE__)
constexpr uint8_t kOperatingSystem = 19;
#else
constexpr uint8_t kOperatingSystem = 3;
#endif

constexpr uint8_t kDeflateMethod = 8;

// zlib's own notion of a fast setting, used in both headers.
bool IsFast(const StreamParams& params) {
  return params.strategy >= Z_HUFFMAN_ONLY || params.level < 2;
}

void AppendBigEndian(SmallBytes& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.Append(static_cast<uint8_t>(value >> shift));
}

void AppendLittleEndian(SmallBytes& bytes, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes.Append(static_cast<uint8_t>(value >> shift));
}

SmallBytes GzipHeader(const StreamParams& params) {
  SmallBytes header;
  header.Append(0x1f);
  header.Append(0x8b);
  header.Append(kDeflateMethod);
  header.Append(0);                                               // FLG
  AppendLittleEndian(header, 0);                                  // MTIME: none
  header.Append(params.level == 9 ? 2 : IsFast(params) ? 4 : 0);  // XFL
  header.Append(kOperatingSystem);
  return header;
}

SmallBytes ZlibHeader(const StreamParams& params, bool has_dictionary, uint32_t dictionary_id) {
  // deflateInit2 makes a window of 2^8 one of 2^9.
  const uint32_t window_bits = params.window_bits == 8 ? 9 : params.window_bits;
  const uint32_t speed = IsFast(params) ? 0 : params.level < 6 ? 1 : params.level == 6 ? 2 : 3;
  uint32_t word = (kDeflateMethod | (window_bits - 8) << 4) << 8 | speed << 6;
  if (has_dictionary) word |= 0x20;
  word += 31 - word % 31;
  SmallBytes header;
  header.Append(static_cast<uint8_t>(word >> 8));
  header.Append(static_cast<uint8_t>(word));
  if (has_dictionary) AppendBigEndian(header, dictionary_id);
  return header;
}

}  // namespace

SmallBytes MakeHeader(const StreamParams& params, bool has_dictionary, uint32_t dictionary_id) {
  switch (params.format) {
    case Format::kGzip:
      return GzipHeader(params);
    case Format::kZlib:
      return ZlibHeader(params, has_dictionary, dictionary_id);
    default:
      return {};
  }
}

SmallBytes MakeTrailer(Format format, uint32_t checksum, uint64_t total_in) {
  SmallBytes trailer;
  if (format == Format::kGzip) {
    AppendLittleEndian(trailer, checksum);
    AppendLittleEndian(trailer, static_cast<uint32_t>(total_in));
  } else if (format == Format::kZlib) {
    AppendBigEndian(trailer, checksum);
  }
  return trailer;
}

uint32_t InitialChecksum(Format format) { return format == Format::kZlib ? 1 : 0; }

uint32_t CombineChecksum(Format format, uint32_t a, uint32_t b, uint64_t b_size) {
  const auto size = static_cast<z_off_t>(b_size);
  switch (format) {
    case Format::kGzip:
      return static_cast<uint32_t>(crc32_combine(a, b, size));
    case Format::kZlib:
      return static_cast<uint32_t>(adler32_combine(a, b, size));
    default:
      return 0;
  }
}

uint32_t DictionaryId(std::span<const uint8_t> dictionary) {
  return static_cast<uint32_t>(adler32_z(1, dictionary.data(), dictionary.size()));
}

}  // namespace warpdrive
