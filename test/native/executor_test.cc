#include "software/executor.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "device/device.h"
#include "software/codecs/block_codec.h"
#include "support/data.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

Request BlockRequest(std::span<const uint8_t> data, size_t history, int level, bool final,
                     Bytes& output) {
  Request request;
  request.params.level = static_cast<int8_t>(level);
  request.flush = final ? Flush::kFinish : Flush::kSync;
  request.history = data.data();
  request.history_size = static_cast<uint32_t>(history);
  request.input = data.data() + history;
  request.input_size = static_cast<uint32_t>(data.size() - history);
  output.assign(CompressBound(request.input_size), 0);
  request.output = output.data();
  request.output_size = static_cast<uint32_t>(output.size());
  return request;
}

Bytes Execute(std::span<const uint8_t> data, size_t history, int level, bool final) {
  software::Executor executor;
  Bytes output;
  const Request request = BlockRequest(data, history, level, final, output);
  const Completion completion = executor.Execute(request);
  CHECK(completion.status == Status::kOk);
  CHECK(completion.consumed == request.input_size);
  output.resize(completion.produced);
  return output;
}

// Of raw deflate by zlib.
size_t ZlibSize(const Bytes& data, int level) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes output(deflateBound(&stream, data.size()));
  stream.next_in = const_cast<uint8_t*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = output.data();
  stream.avail_out = static_cast<uInt>(output.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&stream);
  return stream.total_out;
}

}  // namespace

TEST_CASE("executor: blocks of the sizes at which plans change, at every level") {
  Random random;
  // Samples differ in what a deeper search gains on them, so blocks get one setting, both, or the
  // other one.
  std::vector<Bytes> inputs;
  for (DataKind kind : kDataKinds) {
    inputs.push_back(MakeData(kind, kMaxHistory + (512u << 10) + 1, random));
  }
  for (const Bytes& data : inputs) {
    for (int level = 0; level <= 9; level++) {
      for (size_t size : {64u << 10, (64u << 10) + 1, (128u << 10) - 1, 128u << 10,
                          (512u << 10) - 1, 512u << 10}) {
        CAPTURE(level);
        CAPTURE(size);
        const bool final = random.Chance(2);
        const size_t history = random.Chance(2) ? kMaxHistory : 0;
        const auto part = std::span(data).first(history + size);
        const Bytes output = Execute(part, history, level, final);
        const Inflated inflated = InflateRaw(output, part.first(history));
        CHECK(!inflated.failed);
        CHECK(inflated.ended == final);
        CHECK(inflated.consumed == output.size());
        CHECK(std::equal(inflated.data.begin(), inflated.data.end(), part.begin() + history,
                         part.end()));
      }
    }
  }
}

TEST_CASE("executor: ISA-L passes over what cannot be compressed, and is no larger than zlib") {
  using software::CodecKind;
  if (!software::HasCodec(CodecKind::kIsal) || !software::HasCodec(CodecKind::kLibdeflate)) return;
  Random random;
  const auto isal = software::MakeBlockCodec(CodecKind::kIsal);
  for (size_t size : {128u << 10, 512u << 10}) {
    const Bytes data = MakeData(DataKind::kNoise, size, random);
    Bytes expected(CompressBound(static_cast<uint32_t>(size)));
    expected.resize(isal->Compress({.input = data,
                                    .history = {},
                                    .output = expected,
                                    .final = true,
                                    .codec_level = 2,
                                    .params = {}}));
    for (int level = 1; level <= 9; level++) {
      CAPTURE(level);
      const Bytes output = Execute(data, 0, level, true);
      CHECK(output == expected);
      CHECK(output.size() <= ZlibSize(data, level));
      CHECK(InflateRaw(output, {}).data == data);
    }
  }
}

// ISA-L's hash table forgets what is so far away; libdeflate's and zlib's do not.
TEST_CASE("executor: noise that repeats itself within the window is compressed") {
  Random random;
  for (size_t period : {size_t{10'000}, size_t{20'000}, size_t{32'000}}) {
    Bytes data = MakeData(DataKind::kNoise, 512u << 10, random);
    for (size_t i = period; i < data.size(); i++) data[i] = data[i - period];
    for (int level = 2; level <= 9; level++) {
      CAPTURE(period);
      CAPTURE(level);
      CHECK(Execute(data, 0, level, true).size() < data.size() / 8);
    }
  }
}

TEST_CASE("executor: text amid noise is compressed wherever it stands") {
  Random random;
  for (size_t eighth = 0; eighth < 8; eighth++) {
    Bytes data = MakeData(DataKind::kNoise, 512u << 10, random);
    const Bytes text = MakeData(DataKind::kText, data.size() / 8, random);
    std::copy(text.begin(), text.end(), data.begin() + eighth * text.size());
    for (int level : {2, 6, 9}) {
      CAPTURE(eighth);
      CAPTURE(level);
      CHECK(Execute(data, 0, level, true).size() <= ZlibSize(data, level) * 1.005);
    }
  }
}

TEST_CASE("executor: a divided block with too little room is refused, not cut short") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 512u << 10, random);
  for (int level : {1, 5, 6, 9}) {
    CAPTURE(level);
    const size_t whole = Execute(data, 0, level, true).size();
    for (size_t room : {size_t{0}, size_t{1}, whole / 2, whole * 7 / 8, whole - 1}) {
      software::Executor executor;
      Bytes output;
      Request request = BlockRequest(data, 0, level, true, output);
      request.output_size = static_cast<uint32_t>(room);
      CHECK(executor.Execute(request).status == Status::kOutputTooSmall);
    }
  }
}

}  // namespace warpdrive::test
