#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <span>

#include "software/codecs/deflate_memory.h"
#include "software/codecs/stream_codec.h"
#include "support/data.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

using software::MakeDeflateStream;
using software::StepResult;
using software::StreamCodec;

// zlib.h: with six bytes or less, a flush marker that does not fit is written again and again.
constexpr size_t kLeastFlushOutput = 7;

// Steps with outputs of up to `max_output` bytes until one is not full.
Bytes StepAll(StreamCodec& codec, std::span<const uint8_t> input, Flush flush, size_t max_output,
              Random& random) {
  Bytes all;
  Bytes output(max_output);
  for (Status status = Status::kOutputFull; status == Status::kOutputFull;) {
    const bool marks = flush != Flush::kNone && flush != Flush::kFinish;
    const size_t least = std::min(max_output, marks ? kLeastFlushOutput : 1);
    const std::span<uint8_t> room(output.data(), random.Between(least, max_output));
    const StepResult step = codec.Step(input, room, flush);
    REQUIRE(step.consumed <= input.size());
    REQUIRE(step.produced <= room.size());
    input = input.subspan(step.consumed);
    all.insert(all.end(), room.begin(), room.begin() + step.produced);
    status = step.status;
    CHECK((status == Status::kOk || step.produced == room.size()));
  }
  CHECK(input.empty());
  return all;
}

void Append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

TEST_CASE("deflate stream: what goes in comes out, for all parameters") {
  Random random;
  for (int round = 0; round < 150; ++round) {
    StreamParams params;
    params.format = Format{static_cast<uint8_t>(random.Below(3))};
    params.level = static_cast<int8_t>(random.Below(10));
    params.window_bits = static_cast<uint8_t>(random.Between(8, 15));
    params.mem_level = static_cast<uint8_t>(random.Between(1, 9));
    params.strategy = static_cast<uint8_t>(random.Below(5));
    const Bytes data = MakeData(kDataKinds[round % kDataKinds.size()], random.Below(60000), random);
    const Bytes history = MakeData(DataKind::kText, random.Below(kMaxHistory + 1), random);
    const auto codec = MakeDeflateStream(params, history);
    REQUIRE(codec != nullptr);

    const size_t max_output = size_t{1} << random.Between(data.size() > 5000 ? 6 : 0, 17);
    Bytes stream;
    for (size_t at = 0; at != data.size();) {
      const size_t size = random.Between(1, data.size() - at);
      const bool flushes = max_output >= kLeastFlushOutput && random.Chance(2);
      const Flush flush{
          static_cast<uint8_t>(flushes ? std::array{1, 2, 3, 5}[random.Below(4)] : 0)};
      Append(stream, StepAll(*codec, std::span(data).subspan(at, size), flush, max_output, random));
      at += size;
    }
    Append(stream, StepAll(*codec, {}, Flush::kFinish, max_output, random));

    CAPTURE(round);
    const Inflated inflated = InflateRaw(stream, history, std::max<int>(params.window_bits, 9));
    CHECK(inflated.ended);
    CHECK(inflated.consumed == stream.size());
    CHECK(inflated.data == data);
  }
}

TEST_CASE("deflate stream: the bytes are those of one call of zlib's deflate") {
  Random random;
  const Bytes data = MakeData(DataKind::kMixed, 300000, random);
  z_stream zlib{};
  REQUIRE(deflateInit2(&zlib, 7, Z_DEFLATED, -14, 7, Z_FILTERED) == Z_OK);
  Bytes expected(deflateBound(&zlib, data.size()));
  zlib.next_in = const_cast<Bytef*>(data.data());
  zlib.avail_in = static_cast<uInt>(data.size());
  zlib.next_out = expected.data();
  zlib.avail_out = static_cast<uInt>(expected.size());
  REQUIRE(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  expected = Bytes(expected.data(), zlib.next_out);
  deflateEnd(&zlib);

  StreamParams params{Format::kGzip, 7, 14, 7, Z_FILTERED};
  const auto codec = MakeDeflateStream(params, {});
  CHECK(StepAll(*codec, data, Flush::kFinish, 5000, random) == expected);
}

TEST_CASE("deflate stream: a flush delivers all input so far, once") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 20000, random);
  for (const Flush flush : {Flush::kPartial, Flush::kSync, Flush::kFull}) {
    CAPTURE(static_cast<int>(flush));
    const auto codec = MakeDeflateStream({}, {});
    Bytes stream = StepAll(*codec, data, flush, 100, random);
    CHECK(InflateRaw(stream).data == data);
    if (flush != Flush::kPartial) {
      const Bytes marker = {0, 0, 0xff, 0xff};
      CHECK(std::equal(marker.begin(), marker.end(), stream.end() - 4));
    }
    // No progress is possible: nothing to do, and no error.
    Bytes output(100);
    const StepResult again = codec->Step({}, output, flush);
    CHECK(again.status == Status::kOk);
    CHECK(again.produced == 0);
    const StepResult none = codec->Step({}, output, Flush::kNone);
    CHECK(none.status == Status::kOk);
    CHECK(none.produced == 0);
    Append(stream, StepAll(*codec, data, Flush::kFinish, 100, random));
    const Inflated both = InflateRaw(stream);
    CHECK(both.ended);
    CHECK(both.data.size() == 2 * data.size());
  }
}

TEST_CASE("deflate stream: finishing in exactly the space there is, and again") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 5000, random);
  const Bytes expected = StepAll(*MakeDeflateStream({}, {}), data, Flush::kFinish, 1 << 16, random);
  const auto codec = MakeDeflateStream({}, {});
  Bytes output(expected.size());
  // zlib cannot know that nothing is left once its output is full.
  CHECK(codec->Step(data, output, Flush::kFinish).status == Status::kOutputFull);
  CHECK(output == expected);
  const StepResult again = codec->Step({}, output, Flush::kFinish);
  CHECK(again.status == Status::kOk);
  CHECK(again.produced == 0);
  // As zlib: a stream that is finished takes nothing but kFinish.
  const StepResult late = codec->Step({}, output, Flush::kSync);
  CHECK(late.status == Status::kDataError);
  CHECK(codec->error().code == Z_STREAM_ERROR);
}

TEST_CASE("deflate stream: no output space, no pointers, too many bytes") {
  const auto codec = MakeDeflateStream({}, {});
  const Bytes data(100, 'a');
  CHECK(codec->Step({}, {}, Flush::kNone).status == Status::kOutputFull);
  const StepResult step = codec->Step(data, {}, Flush::kFinish);
  CHECK(step.status == Status::kOutputFull);
  CHECK(step.produced == 0);
  uint8_t byte = 0;
  const StepResult large = codec->Step({&byte, size_t{kMaxRequestBytes} + 1}, {}, Flush::kNone);
  CHECK(large.status == Status::kUnsupported);
  Random random;
  const auto rest = std::span(data).subspan(step.consumed);
  CHECK(InflateRaw(StepAll(*codec, rest, Flush::kFinish, 10, random)).data == data);
}

TEST_CASE("deflate stream: parameters that zlib does not have") {
  CHECK(MakeDeflateStream({Format::kRaw, 10, 15, 8, 0}, {}) == nullptr);
  CHECK(MakeDeflateStream({Format::kRaw, 6, 16, 8, 0}, {}) == nullptr);
  CHECK(MakeDeflateStream({Format::kRaw, 6, 15, 10, 0}, {}) == nullptr);
  CHECK(MakeDeflateStream({Format::kRaw, 6, 15, 8, 5}, {}) == nullptr);
}

// Flushed messages as a session sends them, with the bytes before each; parked after those for
// which `park` says so.
template <typename ParkAfter>
Bytes SendMessages(const StreamParams& params, const Bytes& data, uint64_t seed, ParkAfter park) {
  Random random(seed);
  const auto codec = MakeDeflateStream(params, {});
  REQUIRE(codec != nullptr);
  Bytes stream;
  Bytes output(2 * data.size() + 1000);
  size_t from = 0;  // no byte before is in the window
  for (size_t at = 0; at != data.size();) {
    size_t size = random.Below(8) == 0 ? 0 : random.Between(1, random.Chance(9) ? 20000 : 400);
    size = std::min(size, data.size() - at);
    const Flush flush = std::array{Flush::kSync, Flush::kSync,    Flush::kSync,
                                   Flush::kFull, Flush::kPartial, Flush::kBlock}[random.Below(6)];
    if (size == 0 && random.Chance(2)) codec->SetMarks({.input_ends = {0}});
    const size_t begin = std::max(from, at - std::min<size_t>(at, kMaxHistory));
    const std::span<const uint8_t> history(data.data() + begin, at - begin);
    const StepResult step =
        codec->StepBehind(history, std::span(data).subspan(at, size), output, flush);
    REQUIRE(step.status == Status::kOk);
    REQUIRE(step.consumed == size);
    stream.insert(stream.end(), output.begin(), output.begin() + step.produced);
    at += size;
    if (flush == Flush::kFull) from = at;
    if (park()) codec->Park();
  }
  const size_t begin = std::max(from, data.size() - std::min<size_t>(data.size(), kMaxHistory));
  const StepResult end =
      codec->StepBehind(std::span(data).subspan(begin), {}, output, Flush::kFinish);
  REQUIRE(end.status == Status::kOk);
  stream.insert(stream.end(), output.begin(), output.begin() + end.produced);
  return stream;
}

TEST_CASE("deflate stream: the bytes do not depend on when it is parked") {
  Random random;
  for (int round = 0; round < 60; ++round) {
    StreamParams params;
    params.level = static_cast<int8_t>(round % 10);
    params.window_bits = static_cast<uint8_t>(round % 3 == 0 ? random.Between(9, 15) : 15);
    params.mem_level = static_cast<uint8_t>(random.Between(1, 9));
    params.strategy = static_cast<uint8_t>(round % 4 == 0 ? random.Below(5) : 0);
    const Bytes data = MakeData(kDataKinds[round % kDataKinds.size()], 100000, random);
    const uint64_t seed = random.Below(1 << 30);
    CAPTURE(round);
    const Bytes never = SendMessages(params, data, seed, [] { return false; });
    const Inflated inflated = InflateRaw(never, {}, 15);
    CHECK(inflated.ended);
    CHECK(inflated.data == data);
    CHECK(SendMessages(params, data, seed, [] { return true; }) == never);
    CHECK(SendMessages(params, data, seed, [&] { return random.Chance(5); }) == never);
  }
}

TEST_CASE("deflate stream: what is parked holds no state") {
  const auto codec = MakeDeflateStream({}, {});
  Bytes output(1000);
  const Bytes data(300, 'x');
  const size_t before = software::DeflateMemory::InUse();
  CHECK(codec->StepBehind({}, data, output, Flush::kSync).status == Status::kOk);
  CHECK(software::DeflateMemory::InUse() == before + 1);
  CHECK(codec->Park());
  CHECK(codec->IsParked());
  CHECK(software::DeflateMemory::InUse() == before);
  CHECK(codec->StepBehind(data, data, output, Flush::kFinish).status == Status::kOk);
  CHECK_FALSE(codec->IsParked());
}

}  // namespace
}  // namespace warpdrive::test
