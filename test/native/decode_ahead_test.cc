// Parts of streams that are decoded ahead: where they begin, one part alone, and whole streams on a
// device with several threads against zlib in the way node:zlib calls it.
#include <doctest/doctest.h>
#include <zlib.h>

#include <array>
#include <memory>
#include <span>
#include <string>

#include "device/block_pool.h"
#include "software/ahead_task.h"
#include "software/codecs/block_run.h"
#include "software/codecs/gzip_member.h"
#include "software/codecs/inflate_bulk.h"
#include "software/software_device.h"
#include "support/data.h"
#include "support/node_inflate.h"

namespace warpdrive::test {
namespace {

using software::DecodeMember;
using software::FindMember;
using software::ReadMemberHeader;

Bytes Member(const Bytes& data, const Bytes& extra = {}) {
  z_stream zlib{};
  REQUIRE(deflateInit2(&zlib, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  gz_header header{};
  if (!extra.empty()) {
    header.extra = const_cast<Bytef*>(extra.data());
    header.extra_len = static_cast<uInt>(extra.size());
    REQUIRE(deflateSetHeader(&zlib, &header) == Z_OK);
  }
  Bytes out(deflateBound(&zlib, data.size()) + 100 + extra.size());
  zlib.next_in = const_cast<Bytef*>(data.data());
  zlib.avail_in = static_cast<uInt>(data.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - zlib.avail_out);
  deflateEnd(&zlib);
  return out;
}

// A member that says how long it is, as bgzip makes them.
Bytes BgzfMember(const Bytes& data) {
  Bytes member = Member(data, {'B', 'C', 2, 0, 0, 0});
  const size_t last = member.size() - 1;
  REQUIRE(last < 65536);
  member[16] = static_cast<uint8_t>(last);
  member[17] = static_cast<uint8_t>(last >> 8);
  return member;
}

void Append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes ManyMembers(Random& random, size_t most, size_t total) {
  Bytes all;
  while (all.size() < total) {
    const size_t size = random.Below(3) == 0 ? random.Below(most) : most;
    const Bytes data = MakeData(kDataKinds[random.Below(kDataKinds.size())], size, random);
    Append(all, most < 65536 && random.Below(2) == 0 ? BgzfMember(data) : Member(data));
  }
  return all;
}

// A stream with a flush of the kind every so many bytes.
Bytes Flushed(const Bytes& data, Format format, size_t every, int flush) {
  const int bits = format == Format::kRaw ? -15 : format == Format::kGzip ? 31 : 15;
  z_stream zlib{};
  REQUIRE(deflateInit2(&zlib, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&zlib, data.size()) + 100 + data.size() / every * 20);
  zlib.next_in = const_cast<Bytef*>(data.data());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  for (size_t at = 0; at < data.size(); at += every) {
    const bool last = data.size() - at <= every;
    zlib.avail_in = static_cast<uInt>(last ? data.size() - at : every);
    REQUIRE(deflate(&zlib, last ? Z_FINISH : flush) == (last ? Z_STREAM_END : Z_OK));
  }
  out.resize(out.size() - zlib.avail_out);
  deflateEnd(&zlib);
  return out;
}

// The device's own stream behind the codec's interface, marks left out.
std::unique_ptr<software::StreamCodec> StreamOf(software::SoftwareDevice& device, Format format) {
  auto context = device.MakeInflateContext({.format = format}, {});
  REQUIRE(context != nullptr);
  return std::unique_ptr<software::StreamCodec>(
      static_cast<software::StreamCodec*>(context.release()));
}

void CheckSame(software::SoftwareDevice& device, const Bytes& stream, const Feeding& feeding,
               Random& random, Format format = Format::kGzip) {
  const uint64_t seed = random.Next();
  NodeInflate judge({.format = format}, {});
  const auto subject = StreamOf(device, format);
  const Outcome expected = FeedTo(judge, stream, feeding, Random(seed));
  const Outcome actual = FeedTo(*subject, stream, feeding, Random(seed));
  CHECK(actual.error == expected.error);
  CHECK(actual.message == expected.message);
  CHECK(actual.ended == expected.ended);
  if (expected.ended) CHECK(actual.consumed == expected.consumed);
  // Without marks a failing step reports nothing, and its pieces are this feeding's own.
  const size_t common = std::min(actual.data.size(), expected.data.size());
  if (expected.error == 0) CHECK(actual.data.size() == expected.data.size());
  CHECK(std::equal(actual.data.begin(), actual.data.begin() + static_cast<ptrdiff_t>(common),
                   expected.data.begin()));
}

}  // namespace

TEST_CASE("decode ahead: headers") {
  const Bytes plain = Member(Bytes(100, 'a'));
  CHECK(ReadMemberHeader(plain)->size == 10);
  CHECK(ReadMemberHeader(plain)->member_size == 0);
  const Bytes bgzf = BgzfMember(Bytes(100, 'a'));
  CHECK(ReadMemberHeader(bgzf)->size == 18);
  CHECK(ReadMemberHeader(bgzf)->member_size == bgzf.size());
  for (size_t size = 0; size < 18; ++size) {
    CHECK_FALSE(ReadMemberHeader(std::span(bgzf).first(size)).has_value());
  }
  Bytes named = plain;
  named[3] = 8 | 16;
  named.insert(named.begin() + 10, {'n', 0, 'c', 0});
  CHECK(ReadMemberHeader(named)->size == 14);
  CHECK_FALSE(ReadMemberHeader(std::span(named).first(13)).has_value());
  for (const uint8_t flags : {2, 0x20, 0x40, 0x80}) {
    Bytes other = plain;
    other[3] = flags;
    CHECK_FALSE(ReadMemberHeader(other).has_value());
  }
  // Longer fields are left to the stream: who makes them up everywhere must not cost time by the
  // square of the input's size.
  for (const auto& [length, read] : {std::pair<size_t, bool>{255, true}, {256, false}}) {
    Bytes with_name = plain;
    with_name[3] = 8;
    with_name.insert(with_name.begin() + 10, length, 'n');
    with_name.insert(with_name.begin() + 10 + static_cast<ptrdiff_t>(length), 0);
    CHECK(ReadMemberHeader(with_name).has_value() == read);
    Bytes with_extra = plain;
    with_extra[3] = 4;
    const auto extra = static_cast<uint16_t>(length + 1);
    with_extra.insert(with_extra.begin() + 10, extra + 2u, 0);
    with_extra[10] = static_cast<uint8_t>(extra);
    with_extra[11] = static_cast<uint8_t>(extra >> 8);
    CHECK(ReadMemberHeader(with_extra).has_value() == read);
  }
  // A field that ends behind the extra field.
  Bytes broken = bgzf;
  broken[14] = 200;
  CHECK(ReadMemberHeader(broken)->member_size == 0);
}

TEST_CASE("decode ahead: what no worker gets to is gone with its stream") {
  using software::AheadTask;
  software::AheadTasks tasks;
  const Bytes member = Member(Bytes(50'000, 'a'));
  const size_t before = BlockPool::Instance().in_use();
  for (int i = 0; i < 3; ++i) {
    const auto task = AheadTask::Make(AheadTask::Part::kMember, 0, member, 50'000);
    REQUIRE(task != nullptr);
    tasks.Push(task);
    CHECK(task->Finish());
    CHECK(task->output().size() == 50'000);
  }
  CHECK(BlockPool::Instance().in_use() == before);
  const auto wanted = AheadTask::Make(AheadTask::Part::kMember, 0, member, 50'000);
  tasks.Push(wanted);
  CHECK(tasks.RunOne());
  CHECK(wanted->output().size() == 50'000);
  CHECK_FALSE(tasks.RunOne());
}

TEST_CASE("decode ahead: where members begin") {
  Bytes bytes(1000, 0x1f);
  CHECK(FindMember(bytes, 0) == bytes.size());
  CHECK(FindMember({}, 0) == 0);
  for (const size_t at : {0, 1, 500, 996, 997}) {
    Bytes with = bytes;
    with[at] = 0x1f;
    with[at + 1] = 0x8b;
    with[at + 2] = 8;
    if (at + 3 < with.size()) with[at + 3] = 0;
    CHECK(FindMember(with, 0) == at);
    CHECK(FindMember(with, at) == at);
    CHECK(FindMember(with, at + 1) == with.size());
    if (at + 3 < with.size()) with[at + 3] = 0xe0;
    if (at + 3 < with.size()) CHECK(FindMember(with, 0) == with.size());
  }
}

TEST_CASE("decode ahead: one member") {
  Random random;
  for (const DataKind kind : kDataKinds) {
    const Bytes data = MakeData(kind, 1 + random.Below(300000), random);
    Bytes member = Member(data);
    const size_t size = member.size();
    Append(member, Bytes{1, 2, 3});
    Bytes output(data.size() + 1);
    const auto decoded = DecodeMember(member, output);
    REQUIRE(decoded.has_value());
    CHECK(decoded->consumed == size);
    CHECK(decoded->produced == data.size());
    output.resize(data.size());
    CHECK(output == data);
    CHECK(DecodeMember(member, output).has_value());
    CHECK_FALSE(DecodeMember(member, std::span(output).first(data.size() - 1)).has_value());
    CHECK_FALSE(DecodeMember(std::span(member).first(size - 1), output).has_value());
    for (int i = 0; i < 20; ++i) {
      Bytes damaged = member;
      damaged[10 + random.Below(size - 10)] ^= static_cast<uint8_t>(1 + random.Below(255));
      Bytes other(data.size());
      const auto result = DecodeMember(damaged, other);
      if (result) CHECK(other == data);
    }
  }
}

TEST_CASE("decode ahead: streams on 1 to 4 threads") {
  Random random;
  for (const uint32_t threads : {1u, 2u, 4u}) {
    software::SoftwareDevice device(threads);
    for (const size_t most : {20000u, 65000u, 300000u}) {
      const Bytes stream = ManyMembers(random, most, 1500000);
      CheckSame(device, stream, WholeFeeding(stream.size()), random);
      CheckSame(device, stream, FileFeeding(stream.size()), random);
      CheckSame(device, stream, RandomFeeding(stream.size(), 300000, random), random);
    }
  }
}

TEST_CASE("decode ahead: damaged, cut off, followed by something") {
  Random random;
  software::SoftwareDevice device(3);
  for (int round = 0; round < 40; ++round) {
    Bytes stream = ManyMembers(random, 40000, 400000);
    switch (round % 4) {
      case 0:
        for (int i = 0; i < 3; ++i) stream[random.Below(stream.size())] ^= 0x10;
        break;
      case 1:
        stream.resize(random.Below(stream.size()));
        break;
      case 2:
        Append(stream, Bytes(1 + random.Below(100), round % 8 == 2 ? 0 : 'x'));
        break;
      default:
        stream.insert(stream.begin() + static_cast<ptrdiff_t>(random.Below(stream.size())),
                      {0x1f, 0x8b, 8, 0});
    }
    CheckSame(device, stream, FileFeeding(stream.size()), random);
  }
}

TEST_CASE("decode ahead: a stream given up amid its members") {
  Random random;
  software::SoftwareDevice device(2);
  const Bytes stream = ManyMembers(random, 65000, 3000000);
  Bytes output(100000);
  for (int round = 0; round < 20; ++round) {
    const auto codec = StreamOf(device, Format::kGzip);
    codec->Step(stream, output, Flush::kNone);
  }
}

TEST_CASE("decode ahead: sync points") {
  Bytes bytes(100, 0xff);
  CHECK(software::FindSyncPoint(bytes, 0) == bytes.size());
  CHECK(software::FindSyncPoint({}, 0) == 0);
  for (const size_t at : {0, 1, 50, 95}) {
    Bytes with = bytes;
    with[at] = with[at + 1] = 0;
    CHECK(software::FindSyncPoint(with, 0) == at + 4);
    CHECK(software::FindSyncPoint(with, at + 3) == at + 4);
    CHECK(software::FindSyncPoint(with, at + 4) == with.size());
  }
}

TEST_CASE("decode ahead: runs of blocks") {
  Random random;
  for (const DataKind kind : kDataKinds) {
    const Bytes data = MakeData(kind, 300000, random);
    for (const int flush : {Z_FULL_FLUSH, Z_SYNC_FLUSH}) {
      const Bytes stream = Flushed(data, Format::kRaw, 100000, flush);
      const size_t begin = software::FindSyncPoint(stream, 1);
      const size_t end = software::FindSyncPoint(stream, begin + 1);
      REQUIRE(end < stream.size());
      const auto run = std::span(stream).subspan(begin, end - begin);
      Block output;
      const auto size = software::DecodeBlocks(run, 100000, &output);
      if (size) {
        CHECK(*size == 100000);
        CHECK(std::equal(output.data(), output.data() + *size, data.begin() + 100000));
      } else {
        // Not to be had: without ISA-L, or because of what it refers to.
        CHECK((flush == Z_SYNC_FLUSH || !software::HasBulkInflate()));
      }
      CHECK_FALSE(software::DecodeBlocks(run, 99999, &output).has_value());
      CHECK_FALSE(software::DecodeBlocks(run.first(run.size() - 1), 100000, &output).has_value());
      CHECK_FALSE(software::DecodeBlocks(std::span(stream).subspan(end), 100000, &output));
      CHECK_FALSE(software::DecodeBlocks(std::span(stream).subspan(begin + 1, end - begin - 1),
                                         100000, &output));
    }
  }
}

TEST_CASE("decode ahead: streams of blocks") {
  Random random;
  software::SoftwareDevice device(3);
  for (const Format format : {Format::kRaw, Format::kZlib, Format::kGzip}) {
    for (const int flush : {Z_FULL_FLUSH, Z_SYNC_FLUSH}) {
      Bytes data;
      while (data.size() < 2000000) {
        Append(data, MakeData(kDataKinds[random.Below(kDataKinds.size())], 300000, random));
      }
      Bytes stream = Flushed(data, format, 130000, flush);
      CheckSame(device, stream, WholeFeeding(stream.size()), random, format);
      CheckSame(device, stream, FileFeeding(stream.size()), random, format);
      for (int round = 0; round < 6; ++round) {
        Bytes damaged = stream;
        damaged[random.Below(stream.size())] ^= static_cast<uint8_t>(1 << random.Below(8));
        CheckSame(device, damaged, FileFeeding(stream.size()), random, format);
        damaged.resize(random.Below(stream.size()));
        CheckSame(device, damaged, RandomFeeding(damaged.size(), 200000, random), random, format);
      }
    }
  }
}

}  // namespace warpdrive::test
