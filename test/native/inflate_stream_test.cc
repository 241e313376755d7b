#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "software/codecs/stream_codec.h"
#include "support/data.h"
#include "support/node_inflate.h"

namespace warpdrive::test {
namespace {

using software::MakeInflateStream;
using software::StepResult;

constexpr Format kWrappers[] = {Format::kRaw, Format::kZlib, Format::kGzip};

Bytes Concat(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// As node's deflateRawSync(), deflateSync() and gzipSync().
Bytes Compress(const Bytes& data, Format format, std::span<const uint8_t> dictionary = {},
               int level = 6, int window_bits = 15) {
  const int bits = format == Format::kRaw    ? -window_bits
                   : format == Format::kGzip ? window_bits + 16
                                             : window_bits;
  z_stream zlib{};
  REQUIRE(deflateInit2(&zlib, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  if (!dictionary.empty()) {
    REQUIRE(deflateSetDictionary(&zlib, dictionary.data(), static_cast<uInt>(dictionary.size())) ==
            Z_OK);
  }
  Bytes out(deflateBound(&zlib, data.size()) + 100);
  zlib.next_in = const_cast<Bytef*>(data.data());
  zlib.avail_in = static_cast<uInt>(data.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&zlib);
  return Bytes(out.data(), zlib.next_out);
}

StreamParams Params(Format format, uint8_t window_bits = 15) {
  StreamParams params;
  params.format = format;
  params.window_bits = window_bits;
  return params;
}

Outcome Inflate(const StreamParams& params, const Bytes& stream, const Bytes& dictionary = {}) {
  const auto codec = MakeInflateStream(params, dictionary);
  REQUIRE(codec != nullptr);
  return FeedTo(*codec, stream, WholeFeeding(stream.size()), Random());
}

// The text of node's error, or the number of bytes that came out.
std::string Result(Format format, const Bytes& stream, const Bytes& dictionary = {},
                   uint8_t window_bits = 15) {
  const Outcome outcome = Inflate(Params(format, window_bits), stream, dictionary);
  if (outcome.error == 0) return std::to_string(outcome.data.size());
  return std::to_string(outcome.error) + " " + outcome.message;
}

Bytes Greetings() {
  Bytes data;
  for (int i = 0; i < 80; ++i) data.insert(data.end(), {'h', 'e', 'l', 'l', 'o', ' '});
  return data;
}

// All expected results here are what node 20.20.2 says (node -e), not what zlib's manual says.
TEST_CASE("inflate stream: ends, members and padding as node") {
  const Bytes data = Greetings();
  const Bytes raw = Compress(data, Format::kRaw);
  const Bytes zlib = Compress(data, Format::kZlib);
  const Bytes gzip = Compress(data, Format::kGzip);
  const Bytes zeros(9);
  const Bytes cut(gzip.begin(), gzip.end() - 1);

  CHECK(Result(Format::kRaw, raw) == "480");
  CHECK(Result(Format::kRaw, raw, {}, 8) == "480");
  CHECK(Result(Format::kGzip, {}) == "-5 unexpected end of file");
  CHECK(Result(Format::kAuto, {}) == "-5 unexpected end of file");
  CHECK(Result(Format::kGzip, cut) == "-5 unexpected end of file");
  CHECK(Result(Format::kGzip, Concat({gzip, zeros})) == "480");
  CHECK(Result(Format::kGzip, Concat({gzip, zeros, gzip})) == "480");
  CHECK(Result(Format::kGzip, Concat({gzip, gzip})) == "960");
  CHECK(Result(Format::kGzip, Concat({gzip, {'x', 'y', 'z'}})) == "-3 incorrect header check");
  CHECK(Result(Format::kGzip, Concat({gzip, {0x1f}})) == "-5 unexpected end of file");
  CHECK(Result(Format::kAuto, Concat({gzip, zlib})) == "960");
  CHECK(Result(Format::kAuto, Concat({zlib, gzip})) == "480");
  CHECK(Result(Format::kZlib, Concat({zlib, zlib})) == "480");
  CHECK(Result(Format::kAuto, {0x1f}) == "-5 unexpected end of file");
  CHECK(Result(Format::kAuto, {0x1f, 0}) == "-3 unknown compression method");

  const Outcome outcome = Inflate(Params(Format::kGzip), Concat({gzip, gzip, zeros, gzip}));
  CHECK(outcome.ended);
  CHECK(outcome.consumed == 2 * gzip.size());
  CHECK(Inflate(Params(Format::kRaw), Concat({raw, gzip})).consumed == raw.size());
}

TEST_CASE("inflate stream: damaged headers and trailers as node") {
  const Bytes data = Greetings();
  const Bytes gzip = Compress(data, Format::kGzip);
  const Bytes zlib = Compress(data, Format::kZlib);
  Bytes bad_crc = gzip;
  bad_crc[bad_crc.size() - 8] ^= 1;
  Bytes bad_length = gzip;
  bad_length.back() ^= 1;
  Bytes bad_adler = zlib;
  bad_adler.back() ^= 1;
  const Bytes bad_header_crc = {0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3, 1, 2};

  CHECK(Result(Format::kGzip, bad_crc) == "-3 incorrect data check");
  CHECK(Result(Format::kGzip, bad_length) == "-3 incorrect length check");
  CHECK(Result(Format::kZlib, bad_adler) == "-3 incorrect data check");
  CHECK(Result(Format::kGzip, {'a', 'b', 'c'}) == "-3 incorrect header check");
  CHECK(Result(Format::kGzip, bad_header_crc) == "-3 header crc mismatch");
  CHECK(Result(Format::kGzip, {0x1f, 0x8b, 8, 0xe0}) == "-3 unknown header flags set");
  CHECK(Result(Format::kGzip, {0x1f, 0x8b, 7, 0}) == "-3 unknown compression method");
  CHECK(Result(Format::kRaw, {7}) == "-3 invalid block type");
}

TEST_CASE("inflate stream: window sizes as node") {
  const Bytes data = Greetings();
  const Bytes gzip = Compress(data, Format::kGzip);
  const Bytes zlib = Compress(data, Format::kZlib);
  CHECK(Result(Format::kZlib, zlib, {}, 10) == "-3 invalid window size");
  CHECK(Result(Format::kGzip, gzip, {}, 9) == "480");
  CHECK(Result(Format::kZlib, zlib, {}, 0) == "480");
  CHECK(Result(Format::kGzip, gzip, {}, 0) == "480");
  CHECK(Result(Format::kAuto, gzip, {}, 0) == "480");
  CHECK(Result(Format::kAuto, zlib, {}, 0) == "480");
  CHECK(Result(Format::kRaw, Compress(data, Format::kRaw), {}, 0) == "480");
}

TEST_CASE("inflate stream: dictionaries as node") {
  const Bytes data = Greetings();
  const Bytes dictionary = {'h', 'e', 'l', 'l', 'o', ' '};
  const Bytes other = {'n', 'o', 'p', 'e'};
  const Bytes zlib = Compress(data, Format::kZlib, dictionary);
  const Bytes raw = Compress(data, Format::kRaw, dictionary);
  const Bytes gzip = Compress(data, Format::kGzip);
  CHECK(Result(Format::kZlib, zlib) == "2 Missing dictionary");
  CHECK(Result(Format::kZlib, zlib, other) == "2 Bad dictionary");
  CHECK(Result(Format::kZlib, zlib, dictionary) == "480");
  CHECK(Result(Format::kAuto, zlib, dictionary) == "480");
  CHECK(Result(Format::kGzip, gzip, dictionary) == "480");
  // The dictionary is for the first member only.
  CHECK(Result(Format::kAuto, Concat({gzip, zlib}), dictionary) == "2 Bad dictionary");
  CHECK(Result(Format::kAuto, Concat({gzip, zlib})) == "2 Missing dictionary");
  CHECK(Result(Format::kRaw, raw, dictionary) == "480");
  CHECK(Result(Format::kRaw, raw) == "-3 invalid distance too far back");
  CHECK(Result(Format::kRaw, raw, other) == "-3 invalid distance too far back");
}

TEST_CASE("inflate stream: once failed it stays failed") {
  const auto codec = MakeInflateStream(Params(Format::kGzip), {});
  const Bytes gzip = Compress(Greetings(), Format::kGzip);
  Bytes output(1000);
  CHECK(codec->Step(std::span(gzip).first(20), output, Flush::kFinish).status ==
        Status::kDataError);
  const StepResult step = codec->Step(std::span(gzip).subspan(20), output, Flush::kNone);
  CHECK(step.status == Status::kDataError);
  CHECK(step.consumed == 0);
  CHECK(step.produced == 0);
  CHECK(std::string(codec->error().message) == "unexpected end of file");
}

TEST_CASE("inflate stream: no output space, no pointers, too many bytes") {
  const auto codec = MakeInflateStream(Params(Format::kGzip), {});
  CHECK(codec->Step({}, {}, Flush::kNone).status == Status::kOutputFull);
  uint8_t byte = 0;
  const std::span<uint8_t> large(&byte, size_t{kMaxRequestBytes} + 1);
  CHECK(codec->Step(large, {}, Flush::kNone).status == Status::kUnsupported);
  CHECK(codec->Step({}, large, Flush::kNone).status == Status::kUnsupported);

  const Bytes data = Greetings();
  const Bytes gzip = Compress(data, Format::kGzip);
  size_t consumed = codec->Step(gzip, {}, Flush::kNone).consumed;
  Bytes output(data.size());
  const StepResult step = codec->Step(std::span(gzip).subspan(consumed), output, Flush::kNone);
  // The end is found although the output is full.
  CHECK(step.status == Status::kStreamEnd);
  CHECK(consumed + step.consumed == gzip.size());
  CHECK(output == data);
  CHECK(codec->Step({}, output, Flush::kFinish).status == Status::kStreamEnd);
}

// One of each wrapper, a stream with several members, padding, and garbage.
std::vector<std::pair<Format, Bytes>> SmallStreams(Random& random) {
  const auto data = [&] {
    return MakeData(kDataKinds[random.Below(kDataKinds.size())], random.Below(1500), random);
  };
  std::vector<std::pair<Format, Bytes>> streams;
  for (const Format format : kWrappers) {
    const int level = static_cast<int>(random.Below(10));
    streams.emplace_back(format, Compress(data(), format, {}, level));
  }
  const Bytes zlib = Compress(data(), Format::kZlib);
  const Bytes gzip = Compress(data(), Format::kGzip);
  const Bytes last = Compress(data(), Format::kGzip);
  streams.emplace_back(Format::kAuto, zlib);
  streams.emplace_back(Format::kAuto, Concat({gzip, zlib, last}));
  streams.emplace_back(Format::kGzip, Concat({gzip, last, Bytes(20)}));
  streams.emplace_back(Format::kGzip, Concat({gzip, {'?', '!'}}));
  streams.emplace_back(Format::kZlib, Concat({zlib, zlib}));
  return streams;
}

TEST_CASE("inflate stream: small streams in any pieces, cut at every byte") {
  Random random;
  for (const auto& [format, stream] : SmallStreams(random)) {
    for (size_t size = 0; size <= stream.size(); ++size) {
      Feeding feeding = RandomFeeding(size, random.Between(1, size + 1), random);
      feeding.flush = random.Chance(2) ? Flush::kNone : Flush::kSync;
      feeding.last_flush = random.Chance(2) ? Flush::kFinish : Flush::kSync;
      CAPTURE(static_cast<int>(format));
      CAPTURE(size);
      const std::span<const uint8_t> piece = std::span(stream).first(size);
      CHECK(InflateDifference(Params(format), {}, piece, feeding, random) == "");
    }
  }
}

TEST_CASE("inflate stream: small streams with flipped bits") {
  Random random;
  for (int round = 0; round < 15; ++round) {
    for (auto& [format, stream] : SmallStreams(random)) {
      for (int flips = 0; flips < 20; ++flips) {
        Bytes damaged = stream;
        for (size_t i = random.Below(3) + 1; i != 0; --i) {
          // Headers of the stream and of the first block are where most can go wrong.
          const size_t at = random.Chance(2) ? random.Below(60) : random.Next();
          damaged[at % damaged.size()] ^= static_cast<uint8_t>(1 << random.Below(8));
        }
        Feeding feeding = RandomFeeding(damaged.size(), damaged.size(), random);
        if (random.Chance(2)) feeding.last_flush = Flush::kSync;
        CAPTURE(static_cast<int>(format));
        CHECK(InflateDifference(Params(format), {}, damaged, feeding, random) == "");
      }
    }
  }
}

TEST_CASE("inflate stream: dictionaries and small windows in any pieces") {
  Random random;
  for (int round = 0; round < 60; ++round) {
    const Bytes data = MakeData(DataKind::kText, random.Below(200000), random);
    const Bytes dictionary = MakeData(DataKind::kText, random.Between(1, 40000), random);
    const Format format = random.Chance(2) ? Format::kRaw : Format::kZlib;
    const bool known = !random.Chance(4);
    const auto window_bits = static_cast<int>(random.Between(9, 15));
    const Bytes stream = Compress(data, format, dictionary, 6, window_bits);
    const Feeding feeding = RandomFeeding(stream.size(), 20000, random);
    const auto wanted = static_cast<uint8_t>(random.Between(8, 15));
    CAPTURE(window_bits);
    CAPTURE(static_cast<int>(wanted));
    CHECK(InflateDifference(Params(format, wanted), known ? dictionary : Bytes(), stream, feeding,
                            random) == "");
  }
}

}  // namespace
}  // namespace warpdrive::test
