// Streams whose coding settings a fuzzer chooses.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <span>

#include "support/data.h"

namespace warpdrive::fuzz {

using test::Bytes;

/// `data` as raw deflate; level, window, memory level and strategy follow from `settings`, 4 bytes.
inline Bytes Deflate(std::span<const uint8_t> data, const uint8_t* settings) {
  z_stream deflater{};
  if (deflateInit2(&deflater, settings[0] % 10, Z_DEFLATED, -(9 + settings[1] % 7),
                   1 + settings[2] % 9, settings[3] % 5) != Z_OK) {
    std::abort();
  }
  Bytes out(data.size() * 2 + 1024);
  deflater.next_in = const_cast<Bytef*>(data.data());
  deflater.avail_in = static_cast<uInt>(data.size());
  deflater.next_out = out.data();
  deflater.avail_out = static_cast<uInt>(out.size());
  if (deflate(&deflater, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(deflater.total_out);
  deflateEnd(&deflater);
  return out;
}

}  // namespace warpdrive::fuzz
