#include "support/inflate.h"

#include <zlib.h>

#include <array>
#include <cstdlib>

namespace warpdrive::test {

Inflated InflateRaw(std::span<const uint8_t> stream, std::span<const uint8_t> history,
                    int window_bits) {
  z_stream inflater{};
  if (inflateInit2(&inflater, -window_bits) != Z_OK) std::abort();
  if (!history.empty() &&
      inflateSetDictionary(&inflater, history.data(), static_cast<uInt>(history.size())) != Z_OK) {
    std::abort();
  }
  inflater.next_in = const_cast<Bytef*>(stream.data());
  inflater.avail_in = static_cast<uInt>(stream.size());
  Inflated result;
  std::array<uint8_t, 1 << 12> piece;
  const size_t step = window_bits < 15 ? 1 : piece.size();
  int code = Z_OK;
  do {
    inflater.next_out = piece.data();
    inflater.avail_out = static_cast<uInt>(step);
    code = inflate(&inflater, Z_SYNC_FLUSH);
    result.data.insert(result.data.end(), piece.data(), inflater.next_out);
  } while (code == Z_OK && (inflater.avail_out == 0 || inflater.avail_in != 0));
  result.consumed = stream.size() - inflater.avail_in;
  result.ended = code == Z_STREAM_END;
  result.failed = code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END;
  inflateEnd(&inflater);
  return result;
}

}  // namespace warpdrive::test
