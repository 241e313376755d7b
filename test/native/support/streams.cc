#include "support/streams.h"

#include <doctest/doctest.h>
#include <zlib.h>
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef WARPDRIVE_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include <memory>

namespace warpdrive::test {
namespace {

// zlib with all its settings and flushes at random places, so with all block types and sizes.
Bytes ZlibStream(const Bytes& data, Random& random) {
  z_stream deflater{};
  const int level = static_cast<int>(random.Below(10));
  const int window_bits = -static_cast<int>(random.Between(9, 15));
  const int mem_level = static_cast<int>(random.Between(1, 9));
  const int strategy = static_cast<int>(random.Below(5));
  CAPTURE(level);
  CAPTURE(window_bits);
  CAPTURE(mem_level);
  CAPTURE(strategy);
  REQUIRE(deflateInit2(&deflater, level, Z_DEFLATED, window_bits, mem_level, strategy) == Z_OK);
  const size_t flushes = random.Chance(2) ? 0 : random.Below(6);
  Bytes out(data.size() * 2 + 4096);
  deflater.next_out = out.data();
  deflater.avail_out = static_cast<uInt>(out.size());
  size_t at = 0;
  for (size_t i = 0; i < flushes; i++) {
    const size_t size = random.Below(data.size() - at + 1);
    deflater.next_in = const_cast<Bytef*>(data.data() + at);
    deflater.avail_in = static_cast<uInt>(size);
    constexpr int kFlushes[] = {Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK};
    const int code = deflate(&deflater, kFlushes[random.Below(4)]);
    REQUIRE((code == Z_OK || code == Z_BUF_ERROR));
    at += size;
  }
  deflater.next_in = const_cast<Bytef*>(data.data() + at);
  deflater.avail_in = static_cast<uInt>(data.size() - at);
  REQUIRE(deflate(&deflater, Z_FINISH) == Z_STREAM_END);
  out.resize(deflater.total_out);
  deflateEnd(&deflater);
  return out;
}

}  // namespace

#ifdef WARPDRIVE_HAVE_LIBDEFLATE
Bytes LibdeflateStream(const Bytes& data, int level) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), libdeflate_free_compressor);
  Bytes out(libdeflate_deflate_compress_bound(compressor.get(), data.size()));
  out.resize(libdeflate_deflate_compress(compressor.get(), data.data(), data.size(), out.data(),
                                         out.size()));
  REQUIRE(!out.empty());
  return out;
}
#endif

namespace {

#ifdef WARPDRIVE_HAVE_ISAL
Bytes IsalStream(const Bytes& data, int level) {
  const auto stream = std::make_unique<isal_zstream>();
  Bytes level_buffer(ISAL_DEF_LVL3_DEFAULT);
  Bytes out(data.size() * 2 + 4096);
  isal_deflate_stateless_init(stream.get());
  stream->level = static_cast<uint32_t>(level);
  stream->level_buf = level_buffer.data();
  stream->level_buf_size = static_cast<uint32_t>(level_buffer.size());
  stream->end_of_stream = 1;
  stream->next_in = const_cast<uint8_t*>(data.data());
  stream->avail_in = static_cast<uint32_t>(data.size());
  stream->next_out = out.data();
  stream->avail_out = static_cast<uint32_t>(out.size());
  REQUIRE(isal_deflate_stateless(stream.get()) == COMP_OK);
  out.resize(stream->total_out);
  return out;
}
#endif

}  // namespace

Bytes RandomStream(size_t max_size, Random& random) {
  const DataKind kind = kDataKinds[random.Below(kDataKinds.size())];
  const Bytes data = MakeData(kind, random.Below(max_size + 1), random);
  switch (random.Below(3)) {
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
    case 0:
      return LibdeflateStream(data, static_cast<int>(random.Below(13)));
#endif
#ifdef WARPDRIVE_HAVE_ISAL
    case 1:
      return IsalStream(data, static_cast<int>(random.Below(4)));
#endif
    default:
      return ZlibStream(data, random);
  }
}

}  // namespace warpdrive::test
