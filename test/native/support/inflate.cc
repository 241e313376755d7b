#include "support/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace warpdrive::test {
namespace {

/// `step`: bytes of output per call.
Inflated Inflate(std::span<const uint8_t> stream, std::span<const uint8_t> history,
                 int zlib_window_bits, size_t step) {
  z_stream inflater{};
  if (inflateInit2(&inflater, zlib_window_bits) != Z_OK) std::abort();
  if (!history.empty() &&
      inflateSetDictionary(&inflater, history.data(), static_cast<uInt>(history.size())) != Z_OK) {
    std::abort();
  }
  inflater.next_in = const_cast<Bytef*>(stream.data());
  inflater.avail_in = static_cast<uInt>(stream.size());
  Inflated result;
  std::array<uint8_t, 1 << 12> piece;
  int code = Z_OK;
  do {
    inflater.next_out = piece.data();
    inflater.avail_out = static_cast<uInt>(std::min(step, piece.size()));
    code = inflate(&inflater, Z_SYNC_FLUSH);
    result.data.insert(result.data.end(), piece.data(), inflater.next_out);
  } while (code == Z_OK && (inflater.avail_out == 0 || inflater.avail_in != 0));
  result.consumed = stream.size() - inflater.avail_in;
  result.ended = code == Z_STREAM_END;
  result.failed = code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END;
  inflateEnd(&inflater);
  return result;
}

constexpr size_t kAsItComes = SIZE_MAX;

}  // namespace

Inflated InflateRaw(std::span<const uint8_t> stream, std::span<const uint8_t> history,
                    int window_bits) {
  return Inflate(stream, history, -window_bits, window_bits < 15 ? 1 : kAsItComes);
}

Inflated Gunzip(std::span<const uint8_t> stream) {
  constexpr int kGzip = 15 + 16;  // zlib.h, inflateInit2
  return Inflate(stream, {}, kGzip, kAsItComes);
}

}  // namespace warpdrive::test
