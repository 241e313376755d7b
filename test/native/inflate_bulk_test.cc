// Streams long enough to be handed over from zlib to ISA-L. Without ISA-L they are zlib's all the
// way, and must behave the same.
#include "software/codecs/inflate_bulk.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "software/codecs/block_codec.h"
#include "software/codecs/checksum.h"
#include "software/codecs/stream_codec.h"
#include "support/data.h"
#include "support/deflate_writer.h"
#include "support/node_inflate.h"

namespace warpdrive::test {
namespace {

using software::kBulkAfterBytes;
using software::MakeInflateStream;
using software::StepResult;

StreamParams Params(Format format) {
  StreamParams params;
  params.format = format;
  return params;
}

// Raw deflate by the codec, in blocks of 200 KB.
Bytes DeflateBy(software::CodecKind kind, std::span<const uint8_t> data, int level) {
  const auto codec = software::MakeBlockCodec(kind);
  Bytes all;
  constexpr size_t kBlock = 200000;
  Bytes out(software::BlockBound(kBlock));
  for (size_t at = 0; at < data.size(); at += kBlock) {
    software::BlockJob job;
    job.input = data.subspan(at, std::min(kBlock, data.size() - at));
    job.output = out;
    job.final = at + kBlock >= data.size();
    job.codec_level = level;
    const size_t size = codec->Compress(job);
    REQUIRE(size != 0);
    all.insert(all.end(), out.begin(), out.begin() + static_cast<ptrdiff_t>(size));
  }
  return all;
}

Bytes Wrap(Format format, const Bytes& raw, uint32_t check, uint32_t size) {
  if (format == Format::kRaw) return raw;
  Bytes stream =
      format == Format::kGzip ? Bytes{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3} : Bytes{0x78, 0x9c};
  stream.insert(stream.end(), raw.begin(), raw.end());
  for (int i = 0; i < 4; ++i) {
    const int shift = 8 * (format == Format::kGzip ? i : 3 - i);
    stream.push_back(static_cast<uint8_t>(check >> shift));
  }
  if (format == Format::kZlib) return stream;
  for (int i = 0; i < 4; ++i) stream.push_back(static_cast<uint8_t>(size >> (8 * i)));
  return stream;
}

Bytes Wrap(Format format, const Bytes& raw, const Bytes& data) {
  return Wrap(format, raw, software::ChecksumFor(format, data), static_cast<uint32_t>(data.size()));
}

// In bits, where the blocks of a raw stream start.
std::vector<size_t> BlockStarts(const Bytes& raw) {
  std::vector<size_t> starts;
  z_stream zlib{};
  REQUIRE(inflateInit2(&zlib, -15) == Z_OK);
  Bytes out(1 << 16);
  zlib.next_in = const_cast<Bytef*>(raw.data());
  zlib.avail_in = static_cast<uInt>(raw.size());
  int result = Z_OK;
  while (result == Z_OK) {
    zlib.next_out = out.data();
    zlib.avail_out = static_cast<uInt>(out.size());
    result = inflate(&zlib, Z_BLOCK);
    if ((zlib.data_type & 128) != 0) {
      starts.push_back((raw.size() - zlib.avail_in) * 8 - (zlib.data_type & 7));
    }
  }
  REQUIRE(result == Z_STREAM_END);
  inflateEnd(&zlib);
  return starts;
}

void Flip(Bytes& stream, size_t bit) { stream[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8); }

Feeding AnyFeeding(size_t size, Random& random) {
  if (random.Chance(2)) return FileFeeding(size);
  Feeding feeding = RandomFeeding(size, random.Chance(2) ? 300000 : 5000, random);
  feeding.flush = random.Chance(2) ? Flush::kNone : Flush::kSync;
  return feeding;
}

TEST_CASE("inflate bulk: it is used where it can be") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 2000000, random);
  const Bytes stream = ZlibDeflate(data, 6, Z_FINISH);
  const auto codec = MakeInflateStream(Params(Format::kRaw), {});
  NodeInflate node(Params(Format::kRaw), {});
  // ISA-L runs ahead of the output space, zlib does not.
  bool ahead_early = false;
  bool ahead_late = false;
  Bytes output(1000);
  size_t node_at = 0;
  for (size_t at = 0; at < stream.size();) {
    at += codec->Step(std::span(stream).subspan(at), output, Flush::kNone).consumed;
    node_at += node.Step(std::span(stream).subspan(node_at), output, Flush::kNone).consumed;
    ahead_early |= at > node_at + 1000 && at < kBulkAfterBytes;
    ahead_late |= at > node_at + 1000 && at > stream.size() - 10000;
  }
  CHECK(!ahead_early);
  CHECK(ahead_late == software::HasBulkInflate());
}

TEST_CASE("inflate bulk: any compressor, data and wrapper, in any pieces") {
  Random random;
  for (int round = 0; round < 36; ++round) {
    const DataKind kind = kDataKinds[static_cast<size_t>(round) % kDataKinds.size()];
    const Bytes data = MakeData(kind, random.Between(1, 1000000), random);
    const software::CodecKind codec{static_cast<uint8_t>(round / 6 % 3)};
    const auto level = static_cast<int>(codec == software::CodecKind::kIsal ? random.Below(4)
                                                                            : random.Between(0, 9));
    const Bytes raw = software::HasCodec(codec) ? DeflateBy(codec, data, level)
                                                : ZlibDeflate(data, level, Z_FINISH);
    const Format format{static_cast<uint8_t>(random.Below(3))};
    const Bytes stream = Wrap(format, raw, data);
    const Feeding feeding = AnyFeeding(stream.size(), random);
    CAPTURE(round);
    CAPTURE(static_cast<int>(format));
    CHECK(InflateDifference(Params(format), {}, stream, feeding, random) == "");

    Bytes longer = stream;
    longer.insert(longer.end(), random.Below(20), random.Chance(2) ? 0 : 'x');
    CHECK(InflateDifference(Params(format), {}, longer, AnyFeeding(longer.size(), random),
                            random) == "");
  }
}

TEST_CASE("inflate bulk: members and formats follow one another") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    Bytes stream;
    for (size_t members = random.Between(2, 4); members != 0; --members) {
      const Bytes data = MakeData(DataKind::kText, random.Between(1, 700000), random);
      const Format format = stream.empty() || random.Chance(2) ? Format::kGzip : Format::kZlib;
      const Bytes member = Wrap(format, ZlibDeflate(data, 6, Z_FINISH), data);
      stream.insert(stream.end(), member.begin(), member.end());
    }
    stream.insert(stream.end(), random.Below(3), 0);
    const Feeding feeding = AnyFeeding(stream.size(), random);
    CHECK(InflateDifference(Params(Format::kAuto), {}, stream, feeding, random) == "");
    CHECK(InflateDifference(Params(Format::kGzip), {}, stream, feeding, random) == "");
  }
}

TEST_CASE("inflate bulk: flipped bits in 10 MB") {
  Random random;
  const Bytes data = MakeData(DataKind::kMixed, 10000000, random);
  const Bytes raw = ZlibDeflate(data, 6, Z_FINISH);
  const std::vector<size_t> starts = BlockStarts(raw);
  Bytes stream = Wrap(Format::kGzip, raw, data);
  const size_t header = stream.size() - raw.size() - 8;
  for (int round = 0; round < 30; ++round) {
    size_t bit = random.Below(stream.size() * 8);
    // In a block's header, or in the trailer.
    if (round % 2 == 0) {
      bit = header * 8 + starts[random.Below(starts.size())] + random.Below(700);
      bit = std::min(bit, stream.size() * 8 - 1);
    }
    if (round % 10 == 1) bit = stream.size() * 8 - 1 - random.Below(64);
    Flip(stream, bit);
    CAPTURE(bit);
    const Feeding feeding = FileFeeding(stream.size());
    CHECK(InflateDifference(Params(Format::kGzip), {}, stream, feeding, random) == "");
    Flip(stream, bit);
  }
}

TEST_CASE("inflate bulk: flipped bits, in any pieces") {
  Random random;
  for (int round = 0; round < 24; ++round) {
    const DataKind kind = kDataKinds[static_cast<size_t>(round) % kDataKinds.size()];
    const Bytes data = MakeData(kind, 600000, random);
    Bytes raw = ZlibDeflate(data, static_cast<int>(random.Between(1, 9)), Z_FINISH);
    const std::vector<size_t> starts = BlockStarts(raw);
    const Format format{static_cast<uint8_t>(random.Below(3))};
    for (int flips = 0; flips < 4; ++flips) {
      Bytes damaged = raw;
      const size_t bit = starts[random.Below(starts.size())] + random.Below(700);
      Flip(damaged, std::min(bit, raw.size() * 8 - 1));
      const Bytes stream = Wrap(format, damaged, data);
      const Feeding feeding = AnyFeeding(stream.size(), random);
      CAPTURE(round);
      CHECK(InflateDifference(Params(format), {}, stream, feeding, random) == "");
    }
  }
}

TEST_CASE("inflate bulk: byte by byte, everything that is there comes out") {
  Random random;
  for (const DataKind kind : kDataKinds) {
    const Bytes data = MakeData(kind, kind == DataKind::kRuns ? 40000000 : 1500000, random);
    const Bytes stream = Wrap(Format::kGzip, ZlibDeflate(data, 1, Z_FINISH), data);
    REQUIRE(stream.size() > kBulkAfterBytes + 17000);
    const size_t from = random.Between(kBulkAfterBytes + 10000, stream.size() - 7000);
    for (const Flush flush : {Flush::kNone, Flush::kSync}) {
      Feeding feeding = ByteFeeding(stream.size(), from, from + 5000);
      feeding.flush = flush;
      CHECK(InflateDifference(Params(Format::kGzip), {}, stream, feeding, random) == "");
    }
    const Feeding end = ByteFeeding(stream.size(), stream.size() - 3000, stream.size());
    CHECK(InflateDifference(Params(Format::kGzip), {}, stream, end, random) == "");
  }
}

TEST_CASE("inflate bulk: cut anywhere") {
  Random random;
  const Bytes data = MakeData(DataKind::kMixed, 600000, random);
  const Bytes stream = Wrap(Format::kZlib, ZlibDeflate(data, 6, Z_FINISH), data);
  REQUIRE(stream.size() > 2 * kBulkAfterBytes);
  for (int round = 0; round < 120; ++round) {
    const size_t past = stream.size() - kBulkAfterBytes;
    const size_t size = round < 10 ? stream.size() - static_cast<size_t>(round)
                                   : kBulkAfterBytes + random.Below(past);
    Feeding feeding = AnyFeeding(size, random);
    feeding.last_flush = random.Chance(2) ? Flush::kFinish : Flush::kSync;
    CAPTURE(size);
    CHECK(InflateDifference(Params(Format::kZlib), {}, std::span(stream).first(size), feeding,
                            random) == "");
  }
}

TEST_CASE("inflate bulk: Z_BLOCK stops at each block, whoever was at work") {
  Random random;
  const Bytes data = MakeData(DataKind::kText, 3000000, random);
  const Bytes stream = Wrap(Format::kGzip, ZlibDeflate(data, 1, Z_FINISH), data);
  REQUIRE(stream.size() > 8 * kBulkAfterBytes);
  // Before that, with all output taken, or with some held back.
  for (const size_t room : {data.size(), size_t{1000}}) {
    const auto codec = MakeInflateStream(Params(Format::kGzip), {});
    NodeInflate node(Params(Format::kGzip), {});
    Bytes have(data.size());
    Bytes want(data.size());
    size_t have_at = 0;
    size_t want_at = 0;
    size_t blocks = 0;
    for (Status status = Status::kOk; status != Status::kStreamEnd;) {
      const bool early = want_at < 7 * kBulkAfterBytes;
      const size_t end = early ? std::min(want_at + 10000, stream.size()) : stream.size();
      const size_t size = early ? room : data.size();
      const Flush flush = early ? Flush::kNone : Flush::kBlock;
      const size_t have_end = std::max(end, have_at);
      const StepResult step = codec->Step(std::span(stream).subspan(have_at, have_end - have_at),
                                          std::span(have).first(size), flush);
      const StepResult other = node.Step(std::span(stream).subspan(want_at, end - want_at),
                                         std::span(want).first(size), flush);
      REQUIRE(step.status == other.status);
      REQUIRE(step.produced == other.produced);
      REQUIRE(std::equal(have.begin(), have.begin() + step.produced, want.begin()));
      have_at += step.consumed;
      want_at += other.consumed;
      status = step.status;
      blocks += early ? 0 : 1;
    }
    CHECK(blocks > 2);
    CHECK(have_at == stream.size());
  }
}

TEST_CASE("inflate bulk: more than 4 GiB, which gzip counts mod 2^32") {
  // One compressed mebibyte of zeros, as often as needed.
  const Bytes zeros(1 << 20);
  const Bytes piece = ZlibDeflate(zeros, 6, Z_FULL_FLUSH);
  constexpr uint64_t kPieces = 4100;
  Bytes raw;
  uint32_t check = 0;
  const auto piece_check = static_cast<uint32_t>(crc32(0, zeros.data(), 1 << 20));
  for (uint64_t i = 0; i < kPieces; ++i) {
    raw.insert(raw.end(), piece.begin(), piece.end());
    check = static_cast<uint32_t>(crc32_combine(check, piece_check, 1 << 20));
  }
  raw.insert(raw.end(), {0x03, 0x00});
  const Bytes stream =
      Wrap(Format::kGzip, raw, check, static_cast<uint32_t>(kPieces * zeros.size()));
  const auto codec = MakeInflateStream(Params(Format::kGzip), {});
  Bytes output(1 << 20);
  uint64_t total = 0;
  size_t at = 0;
  StepResult step{Status::kOutputFull, 0, 0};
  while (step.status == Status::kOutputFull) {
    step = codec->Step(std::span(stream).subspan(at), output, Flush::kFinish);
    at += step.consumed;
    total += step.produced;
  }
  CHECK(step.status == Status::kStreamEnd);
  CHECK(at == stream.size());
  CHECK(total == kPieces * zeros.size());
}

}  // namespace
}  // namespace warpdrive::test
