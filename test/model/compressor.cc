#include <zlib.h>

#include "model/codec.h"

namespace warpdrive::model {

struct Compressor::Zlib {
  z_stream stream{};
  bool usable = false;
};

Compressor::Compressor(uint8_t request, int level, int window_bits)
    : zlib_(new Zlib), request_(request), sum_(request) {
  zlib_->usable =
      deflateInit2(&zlib_->stream, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

Compressor::~Compressor() {
  if (zlib_->usable) deflateEnd(&zlib_->stream);
}

bool Compressor::Step(const uint8_t* input, size_t size, bool finish, std::vector<uint8_t>* output,
                      size_t capacity) {
  output->clear();
  const size_t trailer = finish ? PlainSum::TrailerSize(request_) : 0;
  if (!zlib_->usable || capacity < trailer) return false;
  output->resize(capacity - trailer);
  z_stream& stream = zlib_->stream;
  stream.next_in = const_cast<Bytef*>(input);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = output->data();
  stream.avail_out = static_cast<uInt>(output->size());
  const int result = deflate(&stream, finish ? Z_FINISH : Z_SYNC_FLUSH);
  // A sync flush that just fits leaves no room, which looks like one that does not.
  const bool done = finish ? result == Z_STREAM_END
                           : result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
  if (!done) return false;
  output->resize(output->size() - stream.avail_out);
  sum_.Update(input, size);
  window_.Append(input, size);
  if (finish) {
    const std::vector<uint8_t> bytes = sum_.Trailer();
    output->insert(output->end(), bytes.begin(), bytes.end());
  }
  return true;
}

}  // namespace warpdrive::model
