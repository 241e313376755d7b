#include "warpdrive/hisilicon/zip_inflate.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "support/data.h"
#include "support/random.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

using model::Generation;

/// `window_bits` as deflateInit2: 15 zlib, 31 gzip.
Bytes Deflate(const Bytes& data, int window_bits, int level, gz_header* header = nullptr) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  if (header != nullptr) REQUIRE(deflateSetHeader(&stream, header) == Z_OK);
  Bytes out(deflateBound(&stream, data.size()) + 1000);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Decoded {
  Bytes data;
  size_t consumed = 0;
  Status status = Status::kOk;  ///< of the last step
};

/// Decodes `stream` in steps of random sizes, as a session would.
Decoded Decode(Queue& queue, StreamContext* context, Format format, const Bytes& stream,
               Random& random, size_t most_in, size_t most_out) {
  Decoded result;
  size_t given = 0;  // bytes that arrived so far
  for (int step = 0; step < 1'000'000; ++step) {
    if (result.status != Status::kOutputFull) {
      given = std::min(stream.size(), given + random.Between(1, most_in));
    }
    // Copies of their exact size: what lies behind them is the sanitizer's.
    const Bytes input(stream.begin() + static_cast<ptrdiff_t>(result.consumed),
                      stream.begin() + static_cast<ptrdiff_t>(given));
    Bytes output(random.Between(1, most_out));
    Request request;
    request.tag = static_cast<uint64_t>(step);
    request.operation = Operation::kDecompress;
    request.flush = given == stream.size() ? Flush::kFinish : Flush::kNone;
    request.params.format = format;
    request.input = input.data();
    request.input_size = static_cast<uint32_t>(input.size());
    request.output = output.data();
    request.output_size = static_cast<uint32_t>(output.size());
    request.context = context;
    REQUIRE(queue.Send({&request, 1}) == 1);
    const auto done = Collect(queue, 1);
    REQUIRE(done.size() == 1);
    const Completion& completion = done.begin()->second;
    CHECK(completion.tag == request.tag);
    REQUIRE(completion.consumed <= input.size());
    REQUIRE(completion.produced <= output.size());
    result.consumed += completion.consumed;
    result.data.insert(result.data.end(), output.begin(), output.begin() + completion.produced);
    result.status = completion.status;
    if (completion.status == Status::kOutputFull) {
      CHECK(completion.produced == output.size());
    } else if (completion.status == Status::kOk) {
      CHECK(completion.consumed == input.size());
      REQUIRE(given != stream.size());  // it has to end, or to fail
    } else if (completion.status != Status::kStreamEnd || given == stream.size()) {
      break;
    }
  }
  return result;
}

std::unique_ptr<StreamContext> MakeContext(ZipRig& rig, Format format) {
  StreamParams params;
  params.format = format;
  auto context = rig.zip().MakeInflateContext(params, {});
  REQUIRE(context != nullptr);
  return context;
}

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST_CASE("zip inflate: streams of all kinds, in steps of all sizes") {
  Random random;
  for (int round = 0; round < 60; ++round) {
    model::Options options = Immediate(random.Chance(2) ? Generation::kHip08 : Generation::kHip09);
    options.no_space_status = random.Chance(2) ? 0 : 0x0E;
    options.read_ahead = random.Chance(2);
    ZipRig rig(options, random.Chance(2), 4u << 20);
    const auto queue = rig.Open();
    const bool gzip = random.Chance(2);
    const Format format = random.Chance(3) ? Format::kAuto : gzip ? Format::kGzip : Format::kZlib;
    const size_t size = random.Chance(3) ? random.Below(200) : random.Below(120'000);
    const Bytes data = MakeData(kDataKinds[random.Below(kDataKinds.size())], size, random);
    const Bytes stream = Deflate(data, gzip ? 31 : 15, static_cast<int>(random.Below(10)));
    constexpr size_t kSizes[] = {300, 5000, 200'000};
    const auto context = MakeContext(rig, format);
    const Decoded decoded = Decode(*queue, context.get(), format, stream, random,
                                   kSizes[random.Below(3)], kSizes[random.Below(3)]);
    CHECK(decoded.status == Status::kStreamEnd);
    CHECK(decoded.consumed == stream.size());
    CHECK((decoded.data == data));
    for (const model::Violation& violation : rig.function().violations()) {
      FAIL_CHECK(model::ReasonName(violation.reason), ": ", violation.detail);
    }
  }
}

TEST_CASE("zip inflate: gzip members in a row, zeros behind them, headers with everything") {
  Random random;
  ZipRig rig(Immediate(Generation::kHip08));
  const auto queue = rig.Open();
  Bytes extra(1000, 7);
  char name[] = "a name";
  char comment[] = "a comment";
  gz_header header{};
  header.text = 1;
  header.extra = extra.data();
  header.extra_len = static_cast<uInt>(extra.size());
  header.name = reinterpret_cast<Bytef*>(name);
  header.comment = reinterpret_cast<Bytef*>(comment);
  const Bytes one = MakeData(DataKind::kText, 3000, random);
  const Bytes two = MakeData(DataKind::kRuns, 9000, random);
  const Bytes members =
      Join({Deflate(one, 31, 6, &header), Deflate(two, 31, 1), Deflate({}, 31, 6)});
  const Bytes padded = Join({members, Bytes(37)});
  for (const size_t step : {1, 7, 100, 100'000}) {
    for (const Bytes* stream : {&members, &padded}) {
      const auto context = MakeContext(rig, Format::kGzip);
      const Decoded decoded =
          Decode(*queue, context.get(), Format::kGzip, *stream, random, step, 2000);
      CHECK(decoded.status == Status::kStreamEnd);
      CHECK(decoded.consumed == members.size());
      CHECK((decoded.data == Join({one, two})));
      CHECK(context->restart_point().output == one.size() + two.size());
    }
  }
  rig.CheckClean();
}

TEST_CASE("zip inflate: what is not plain goes to software, from where it can begin") {
  Random random;
  ZipRig rig(Immediate(Generation::kHip09));
  const auto queue = rig.Open();
  const Bytes data = MakeData(DataKind::kText, 20'000, random);
  const Bytes good = Deflate(data, 31, 6);
  const auto decode = [&](const Bytes& stream, Format format) {
    const auto context = MakeContext(rig, format);
    const Decoded decoded = Decode(*queue, context.get(), format, stream, random, 3000, 3000);
    CHECK(context->restart_point().input <= decoded.consumed);
    CHECK(context->restart_point().output <= decoded.data.size());
    return decoded.status;
  };
  const Bytes cut(good.begin(), good.end() - 9);
  CHECK(decode(cut, Format::kGzip) == Status::kUnsupported);
  CHECK(decode(Bytes(good.begin(), good.begin() + 5), Format::kGzip) == Status::kUnsupported);
  CHECK(decode(Join({good, {1, 2, 3}}), Format::kGzip) == Status::kUnsupported);
  CHECK(decode({0x1f, 0x8b, 9}, Format::kGzip) == Status::kUnsupported);
  CHECK(decode({0x78, 0xbb, 1, 2, 3, 4}, Format::kZlib) == Status::kUnsupported);  // FDICT
  CHECK(decode({0x78, 0x9d}, Format::kZlib) == Status::kUnsupported);
  Bytes flipped = good;
  flipped[flipped.size() - 7] ^= 1;
  CHECK(decode(flipped, Format::kGzip) == Status::kDataError);
  flipped = good;
  flipped[flipped.size() / 2] ^= 0x10;
  const Status status = decode(flipped, Format::kGzip);
  CHECK((status == Status::kDataError || status == Status::kUnsupported));

  StreamParams params;
  params.format = Format::kRaw;
  CHECK(rig.zip().MakeInflateContext(params, {}) == nullptr);
  params.format = Format::kZlib;
  const uint8_t dictionary[] = {1, 2, 3};
  CHECK(rig.zip().MakeInflateContext(params, dictionary) == nullptr);
  params.window_bits = 14;
  CHECK(rig.zip().MakeInflateContext(params, {}) == nullptr);
}

TEST_CASE("zip inflate: a device that lies never gets a wrong end past the trailer") {
  Random random;
  constexpr model::FaultKind kKinds[] = {model::FaultKind::kRandomSqe, model::FaultKind::kMutateSqe,
                                         model::FaultKind::kConsumed,  model::FaultKind::kProduced,
                                         model::FaultKind::kStatus,    model::FaultKind::kPartial,
                                         model::FaultKind::kRandomCqe};
  for (int round = 0; round < 150; ++round) {
    model::Options options = Immediate(Generation::kHip08);
    options.seed = random.Next();
    ZipRig rig(options, random.Chance(2), 4u << 20, 20);
    const auto queue = rig.Open();
    constexpr uint32_t kValues[] = {0, 1, 0x13, 0x113, 0xFFFFFFFF, 0x80000000, 77};
    rig.function().Inject({.kind = kKinds[random.Below(7)],
                           .value = random.Chance(2) ? kValues[random.Below(7)]
                                                     : static_cast<uint32_t>(random.Next()),
                           .dword = static_cast<uint32_t>(random.Below(32)),
                           .after = random.Below(6),
                           .count = 1000,
                           .one_in = static_cast<uint32_t>(random.Between(1, 4))});
    const Bytes data = MakeData(DataKind::kText, 30'000, random);
    const auto context = MakeContext(rig, Format::kGzip);
    const Decoded decoded =
        Decode(*queue, context.get(), Format::kGzip, Deflate(data, 31, 6), random, 4000, 6000);
    if (decoded.status == Status::kStreamEnd) CHECK(decoded.data.size() == data.size());
  }
}

TEST_CASE("zip inflate: contexts outlive their queue, and are good for nothing then") {
  Random random;
  ZipRig rig(Immediate(Generation::kHip08));
  auto queue = rig.Open();
  const Bytes stream = Deflate(MakeData(DataKind::kText, 50'000, random), 31, 6);
  const auto context = MakeContext(rig, Format::kGzip);
  Bytes output(4096);
  Request request;
  request.operation = Operation::kDecompress;
  request.params.format = Format::kGzip;
  request.input = stream.data();
  request.input_size = 2000;
  request.output = output.data();
  request.output_size = 4096;
  request.context = context.get();
  const size_t at_rest = rig.device().qm().pool().in_use();
  REQUIRE(queue->Send({&request, 1}) == 1);
  CHECK(Collect(*queue, 1).begin()->second.produced > 0);
  CHECK(rig.device().qm().pool().in_use() == at_rest + (64u << 10));
  queue.reset();
  queue = rig.Open();
  CHECK(rig.device().qm().pool().in_use() == at_rest);
  REQUIRE(queue->Send({&request, 1}) == 1);
  CHECK(Collect(*queue, 1).begin()->second.status == Status::kUnsupported);
}

}  // namespace warpdrive::test
