#include "software/codecs/block_codec.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "support/data.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

using software::BlockBound;
using software::BlockCodec;
using software::BlockJob;
using software::CodecKind;

constexpr size_t kGuard = 8;

std::vector<CodecKind> Codecs() {
  std::vector<CodecKind> kinds;
  for (CodecKind kind : {CodecKind::kZlib, CodecKind::kLibdeflate, CodecKind::kIsal}) {
    if (software::HasCodec(kind)) kinds.push_back(kind);
  }
  return kinds;
}

int Levels(CodecKind kind) {
  return kind == CodecKind::kZlib ? 10 : kind == CodecKind::kLibdeflate ? 13 : 4;
}

// Compresses into exactly `output_size` bytes and looks that no more were written.
Bytes Compress(BlockCodec& codec, BlockJob job, size_t output_size) {
  Bytes output(output_size + kGuard, 0xa5);
  job.output = std::span(output).first(output_size);
  const size_t size = codec.Compress(job);
  CHECK(size <= output_size);
  CHECK(std::count(output.end() - kGuard, output.end(), 0xa5) == kGuard);
  output.resize(size);
  return output;
}

Bytes Compress(BlockCodec& codec, const BlockJob& job) {
  Bytes output = Compress(codec, job, BlockBound(job.input.size()));
  REQUIRE(!output.empty());
  return output;
}

// What Request says about the output of a stateless request.
void CheckBlock(const Bytes& output, const BlockJob& job) {
  const int window_bits = std::max<int>(9, job.params.window_bits);
  const Inflated inflated = InflateRaw(output, job.history, window_bits);
  CHECK(!inflated.failed);
  CHECK(inflated.ended == job.final);
  CHECK(inflated.consumed == output.size());
  CHECK(std::equal(inflated.data.begin(), inflated.data.end(), job.input.begin(), job.input.end()));
  if (!job.final) {
    constexpr uint8_t kEnding[] = {0x00, 0x00, 0xff, 0xff};
    REQUIRE(output.size() >= 5);
    CHECK(std::equal(std::begin(kEnding), std::end(kEnding), output.end() - 4));
  }
}

// A job on a piece of `data`; with all that may vary, for `kind`.
BlockJob RandomJob(CodecKind kind, const Bytes& data, Random& random) {
  BlockJob job;
  const size_t history = random.Chance(3) ? 0 : random.Below(std::min<size_t>(32769, data.size()));
  const size_t size = random.Below(data.size() - history + 1);
  job.history = std::span(data).first(history);
  job.input = std::span(data).subspan(history, random.Chance(2) ? size : size % 700);
  job.final = random.Chance(2);
  job.codec_level = static_cast<int>(random.Below(Levels(kind)));
  if (random.Chance(2)) {
    job.params.window_bits = static_cast<uint8_t>(random.Between(8, 15));
    job.params.mem_level = static_cast<uint8_t>(random.Between(1, 9));
    job.params.strategy = static_cast<uint8_t>(random.Below(5));
  }
  return job;
}

std::string Describe(CodecKind kind, const BlockJob& job) {
  return std::string(software::CodecDescription(kind)) + " level " +
         std::to_string(job.codec_level) + ", " + std::to_string(job.input.size()) +
         " bytes after " + std::to_string(job.history.size()) + ", window " +
         std::to_string(job.params.window_bits) + ", memory " +
         std::to_string(job.params.mem_level) + ", strategy " +
         std::to_string(job.params.strategy) + (job.final ? ", final" : "");
}

void CheckJob(BlockCodec& codec, CodecKind kind, const BlockJob& job) {
  INFO(Describe(kind, job));
  BlockJob judged = job;
  if (kind == CodecKind::kLibdeflate) judged.params.window_bits = 15;  // all it knows
  CheckBlock(Compress(codec, job), judged);
}

}  // namespace

TEST_CASE("block codec: every small size, around the window and around stored blocks") {
  Random random;
  std::vector<size_t> sizes;
  for (size_t size = 0; size <= 300; size++) sizes.push_back(size);
  for (size_t size : {32768, 65535, 131070, 262144}) {
    for (size_t near = size - 2; near <= size + 2; near++) sizes.push_back(near);
  }
  for (DataKind kind : kDataKinds) {
    const Bytes data = MakeData(kind, 32768 + 262144 + 2, random);
    for (CodecKind codec_kind : Codecs()) {
      const auto codec = MakeBlockCodec(codec_kind);
      for (size_t size : sizes) {
        // Large sizes would take long with the slowest settings of each codec.
        const int levels = size <= 300 ? Levels(codec_kind) : std::min(Levels(codec_kind), 8);
        BlockJob job;
        job.codec_level = static_cast<int>(random.Below(levels));
        job.final = random.Chance(2);
        job.input = std::span(data).subspan(32768, size);
        job.history = std::span(data).subspan(0, random.Chance(2) ? 32768 : 0);
        CheckJob(*codec, codec_kind, job);
      }
    }
  }
}

TEST_CASE("block codec: random jobs, and the jobs before them do not matter") {
  Random random;
  for (CodecKind kind : Codecs()) {
    const auto used = MakeBlockCodec(kind);
    for (int i = 0; i < 200; i++) {
      const DataKind data_kind = kDataKinds[random.Below(kDataKinds.size())];
      const Bytes data = MakeData(data_kind, random.Chance(8) ? 150000 : 6000, random);
      const BlockJob job = RandomJob(kind, data, random);
      CheckJob(*used, kind, job);
      INFO(Describe(kind, job));
      CHECK(Compress(*used, job) == Compress(*MakeBlockCodec(kind), job));
    }
  }
}

TEST_CASE("block codec: the room for output does not matter as long as it is enough") {
  Random random;
  for (CodecKind kind : Codecs()) {
    const auto codec = MakeBlockCodec(kind);
    for (int i = 0; i < 60; i++) {
      const DataKind data_kind = kDataKinds[random.Below(kDataKinds.size())];
      const Bytes data = MakeData(data_kind, random.Chance(6) ? 100000 : 3000, random);
      const BlockJob job = RandomJob(kind, data, random);
      INFO(Describe(kind, job));
      const Bytes output = Compress(*codec, job);
      CHECK(Compress(*codec, job, BlockBound(job.input.size()) + random.Below(5000)) == output);
      for (size_t more : {size_t{0}, size_t{1}, size_t{6}, size_t{20}, random.Below(1000)}) {
        const Bytes tight = Compress(*codec, job, output.size() + more);
        CHECK((tight.empty() || tight == output));
      }
      for (size_t less : {size_t{1}, size_t{2}, size_t{5}, output.size()}) {
        CHECK(Compress(*codec, job, output.size() - std::min(less, output.size())).empty());
      }
      CHECK(Compress(*codec, job, random.Below(output.size())).empty());
    }
  }
}

TEST_CASE("block codec: a run at the very end of the output") {
  for (CodecKind kind : Codecs()) {
    const auto codec = MakeBlockCodec(kind);
    for (size_t size = 250; size < 450; size++) {
      const Bytes zeros(size);
      BlockJob job;
      job.input = zeros;
      job.codec_level = static_cast<int>(size % std::min(Levels(kind), 10));
      job.final = size % 3 == 0;
      INFO(Describe(kind, job));
      const Bytes output = Compress(*codec, job);
      for (size_t more = 0; more < 3; more++) {
        const Bytes tight = Compress(*codec, job, output.size() + more);
        CHECK((tight.empty() || tight == output));
      }
    }
  }
}

TEST_CASE("block codec: empty input is the smallest block") {
  for (CodecKind kind : Codecs()) {
    const auto codec = MakeBlockCodec(kind);
    for (int level = 0; level < Levels(kind); level++) {
      BlockJob job;
      job.codec_level = level;
      CHECK(Compress(*codec, job) == Bytes{0x00, 0x00, 0x00, 0xff, 0xff});
      CHECK(Compress(*codec, job, 4).empty());
      job.final = true;
      CHECK(Compress(*codec, job) == Bytes{0x03, 0x00});
      CHECK(Compress(*codec, job, 1).empty());
    }
  }
}

TEST_CASE("block codec: BlockBound() is enough where zlib alone expands more") {
  Random random;
  const Bytes noise = MakeData(DataKind::kNoise, 200000, random);
  for (CodecKind kind : Codecs()) {
    const auto codec = MakeBlockCodec(kind);
    for (int mem_level : {1, 9}) {
      for (int strategy = 0; strategy <= 4; strategy++) {
        BlockJob job;
        job.input = noise;
        job.final = strategy % 2 == 0;
        job.codec_level = Levels(kind) - 1;
        job.params.window_bits = 9;
        job.params.mem_level = static_cast<uint8_t>(mem_level);
        job.params.strategy = static_cast<uint8_t>(strategy);
        CheckJob(*codec, kind, job);
      }
    }
  }
}

TEST_CASE("block codec: a level that the codec does not have still gives a block") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 70000, random);
  for (CodecKind kind : Codecs()) {
    const auto codec = MakeBlockCodec(kind);
    for (int level : {-7, 100}) {
      BlockJob job;
      job.input = data;
      job.codec_level = level;
      job.final = level > 0;
      CheckJob(*codec, kind, job);
    }
  }
}

TEST_CASE("block codec: blocks of different codecs make one stream") {
  Random random;
  for (int round = 0; round < 12; round++) {
    const DataKind data_kind = kDataKinds[random.Below(kDataKinds.size())];
    const Bytes data = MakeData(data_kind, random.Between(1, 400000), random);
    Bytes stream;
    for (size_t at = 0; at < data.size();) {
      const CodecKind kind = Codecs()[random.Below(Codecs().size())];
      const size_t reach = std::min<size_t>(at, 32768);
      BlockJob job;
      job.history = std::span(data).subspan(at - reach, reach);
      job.input = std::span(data).subspan(at, random.Between(1, data.size() - at));
      if (random.Chance(2)) job.input = job.input.first(std::min<size_t>(job.input.size(), 5000));
      at += job.input.size();
      job.final = at == data.size();
      job.codec_level = static_cast<int>(random.Below(Levels(kind)));
      const Bytes block = Compress(*MakeBlockCodec(kind), job);
      stream.insert(stream.end(), block.begin(), block.end());
    }
    const Inflated inflated = InflateRaw(stream);
    CHECK(inflated.ended);
    CHECK(inflated.consumed == stream.size());
    CHECK(inflated.data == data);
  }
}

TEST_CASE("block codec: instances on different threads") {
  Random random;
  const Bytes data = MakeData(DataKind::kMixed, 120000, random);
  for (CodecKind kind : Codecs()) {
    std::vector<Bytes> outputs(4);
    std::vector<std::thread> threads;
    for (Bytes& output : outputs) {
      threads.emplace_back([&data, &output, kind] {
        const auto codec = MakeBlockCodec(kind);
        BlockJob job;
        job.input = data;
        job.codec_level = 3;
        output.resize(BlockBound(data.size()));
        job.output = output;
        output.resize(codec->Compress(job));
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(!outputs[0].empty());
    for (const Bytes& output : outputs) CHECK(output == outputs[0]);
  }
}

TEST_CASE("block codec: what was built in says its name") {
  CHECK(software::HasCodec(CodecKind::kZlib));
  for (CodecKind kind : {CodecKind::kZlib, CodecKind::kLibdeflate, CodecKind::kIsal}) {
    const std::string description = software::CodecDescription(kind);
    CHECK(software::HasCodec(kind) == !description.empty());
    CHECK(software::HasCodec(kind) == (software::MakeBlockCodec(kind) != nullptr));
    if (!description.empty()) CHECK(description.find_first_of("0123456789") != std::string::npos);
  }
}

}  // namespace warpdrive::test
