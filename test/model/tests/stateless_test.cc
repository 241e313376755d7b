#include <doctest/doctest.h>

#include <initializer_list>

#include "bench.h"

namespace warpdrive::model {
namespace {

Options Of(Generation generation) {
  Options options;
  options.generation = generation;
  return options;
}

std::vector<uint8_t> WithHeader(uint8_t request, const std::vector<uint8_t>& body) {
  std::vector<uint8_t> whole = StreamHeader(request);
  whole.insert(whole.end(), body.begin(), body.end());
  return whole;
}

std::vector<uint8_t> WithoutHeader(uint8_t request, const std::vector<uint8_t>& whole) {
  return {whole.begin() + static_cast<ptrdiff_t>(StreamHeader(request).size()), whole.end()};
}

}  // namespace

TEST_CASE("stateless: every format of every generation there and back, through zlib") {
  for (const Generation generation : {Generation::kV1, Generation::kHip08, Generation::kHip09}) {
    Bench bench(Of(generation));
    for (const uint8_t request : {request::kRaw, request::kZlib, request::kGzip}) {
      if (request == request::kRaw && generation != Generation::kHip09) continue;
      for (const size_t size : {size_t{1}, size_t{300}, size_t{100000}, size_t{8} << 20}) {
        CAPTURE(static_cast<int>(generation));
        CAPTURE(int{request});
        CAPTURE(size);
        const std::vector<uint8_t> text = Text(size, size);
        Sqe done = bench.Do(kCompressQueue, bench.Stateless(request, text, kMaxBuffer));
        // One byte does not become smaller.
        CHECK(done.dw[3] == (size == 1 ? status::kNegativeCompression : status::kOk));
        CHECK(done.dw[0] == size);
        CHECK(done.dw[TagDword(generation)] == 0x7a67);
        CHECK(done.dw[30] == size);
        const std::vector<uint8_t> whole = WithHeader(request, bench.Output(done));
        CHECK(ZlibDecompress(whole, WindowBitsOf(request)) == text);

        const std::vector<uint8_t> body =
            WithoutHeader(request, ZlibCompress(text, WindowBitsOf(request)));
        done = bench.Do(kDecompressQueue, bench.Stateless(request, body, kMaxBuffer));
        CHECK(done.dw[3] == status::kOk);
        CHECK(done.dw[0] == body.size());
        CHECK(bench.Output(done) == text);
      }
    }
    CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
  }
}

}  // namespace warpdrive::model
