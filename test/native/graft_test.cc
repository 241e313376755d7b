#include <doctest/doctest.h>

#include <algorithm>

#include "software/codecs/block_codec.h"
#include "software/splice.h"
#include "support/data.h"
#include "support/graft_property.h"
#include "support/inflate.h"
#include "support/streams.h"

namespace warpdrive::test {
namespace {

using software::BlockBound;
using software::BlockJob;
using software::CodecKind;

void CheckProperty(std::span<const uint8_t> stream, size_t history, bool final) {
  CAPTURE(history);
  CAPTURE(final);
  const char* violation = GraftViolation(stream, history, final);
  CHECK_MESSAGE(violation == nullptr, violation);
}

[[maybe_unused]] size_t SizeBehind(CodecKind kind, std::span<const uint8_t> data, size_t history,
                                   int level) {
  Bytes output(BlockBound(data.size()));
  BlockJob job;
  job.history = data.first(history);
  job.input = data.subspan(history);
  job.output = output;
  job.codec_level = level;
  return software::MakeBlockCodec(kind)->Compress(job);
}

}  // namespace

TEST_CASE("graft: streams of all codecs, cut anywhere") {
  Random random;
  for (int i = 0; i < 250; i++) {
    CAPTURE(i);
    const Bytes stream = RandomStream(i < 150 ? 5000 : 200000, random);
    const size_t size = InflateRaw(stream).data.size();
    for (int cut = 0; cut < 6; cut++) CheckProperty(stream, random.Below(size + 2), cut % 2 == 0);
  }
}

TEST_CASE("graft: every cut of short streams") {
  Random random;
  for (int i = 0; i < 60; i++) {
    CAPTURE(i);
    const Bytes stream = RandomStream(400, random);
    const size_t size = InflateRaw(stream).data.size();
    for (size_t cut = 0; cut <= size + 1; cut++) CheckProperty(stream, cut, cut % 2 == 0);
  }
}

TEST_CASE("graft: damaged streams are refused or decode as zlib says") {
  Random random;
  for (int i = 0; i < 200; i++) {
    CAPTURE(i);
    const Bytes stream = RandomStream(3000, random);
    const size_t size = InflateRaw(stream).data.size();
    for (int j = 0; j < 30; j++) {
      Bytes flipped = stream;
      const size_t reach = random.Chance(2) ? flipped.size() : std::min<size_t>(80, flipped.size());
      flipped[random.Below(reach)] ^= 1u << random.Below(8);
      CheckProperty(flipped, random.Below(size + 2), j % 2 == 0);
    }
    CheckProperty(std::span(stream).first(random.Below(stream.size())), size / 2, false);
    Bytes longer = stream;
    longer.push_back(static_cast<uint8_t>(random.Next()));
    CheckProperty(longer, size / 2 + 1, true);
  }
}

#ifdef WARPDRIVE_HAVE_LIBDEFLATE
TEST_CASE("graft: a block behind history is no larger for it") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 32768 + 100000, random);
  for (int level = 1; level <= 12; level++) {
    CAPTURE(level);
    const size_t behind = SizeBehind(CodecKind::kLibdeflate, data, 32768, level);
    const size_t alone =
        SizeBehind(CodecKind::kLibdeflate, std::span(data).subspan(32768), 0, level);
    CHECK(behind != 0);
    // Codes that serve the history's end too, and the header again, cost a little.
    CHECK(behind <= alone + 200);
  }
  // Where only the history has what the block repeats, nothing of it is left over.
  Bytes twice = MakeData(DataKind::kNoise, 20000, random);
  twice.insert(twice.end(), twice.begin(), twice.end());
  CHECK(SizeBehind(CodecKind::kLibdeflate, twice, 20000, 6) < 1500);
}
#endif

}  // namespace warpdrive::test
