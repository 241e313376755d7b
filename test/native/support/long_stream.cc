#include "support/long_stream.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

#include "software/codecs/checksum.h"
#include "software/software_device.h"
#include "support/deflate_writer.h"
#include "support/random.h"

namespace warpdrive::test {
namespace {

void PutWord(Bytes* bytes, uint32_t word, bool little) {
  for (int i = 0; i < 4; ++i) {
    bytes->push_back(static_cast<uint8_t>(word >> (little ? 8 * i : 24 - 8 * i)));
  }
}

}  // namespace

RoutingPolicy KeepLittle() {
  RoutingPolicy policy = PatientPolicy();
  policy.keep_bytes = kKeep;
  return policy;
}

// RFC 1950 §2.2, RFC 1952 §2.3.
Bytes WrapDeflate(Format format, const Bytes& raw, const Bytes& data) {
  Bytes stream;
  if (format == Format::kZlib) stream = {0x78, 0x9c};
  if (format == Format::kGzip) stream = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  stream.insert(stream.end(), raw.begin(), raw.end());
  if (format == Format::kZlib) PutWord(&stream, software::Adler32(1, data), false);
  if (format == Format::kGzip) {
    PutWord(&stream, software::Crc32(0, data), true);
    PutWord(&stream, static_cast<uint32_t>(data.size()), true);
  }
  return stream;
}

const LongStream& LongText() {
  static const LongStream sample = [] {
    Random random(1);  // another seed is another length
    LongStream made;
    made.data = MakeData(DataKind::kText, 7'000'000, random);
    made.raw = ZlibDeflate(made.data, 1, Z_FINISH);
    REQUIRE(made.raw.size() > 3 * kKeep);
    return made;
  }();
  return sample;
}

DecompressResult BySoftware(const StreamScript& script, const Bytes& packed) {
  software::SoftwareDevice software(1);
  const auto plain =
      std::make_shared<Channel>(std::vector<Device*>{&software}, QueueOptions{.depth = 64}, 4);
  StreamScript there = script;
  there.wish = kAnyDevice;
  return DecompressStream(plain, there, packed);
}

void CheckSame(const DecompressResult& result, const DecompressResult& expected) {
  CHECK(result.error.code == expected.error.code);
  const auto said = [](const StreamError& error) {
    return std::string(error.message == nullptr ? "" : error.message);
  };
  CHECK(said(result.error) == said(expected.error));
  CHECK(result.data.size() == expected.data.size());
  CHECK((result.data == expected.data));
  if (expected.error.code == 0) CHECK(result.counted == expected.counted);
  CHECK(result.ended == expected.ended);
}

}  // namespace warpdrive::test
