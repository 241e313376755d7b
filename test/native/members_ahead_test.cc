// Gzip members that are decoded ahead: headers, single members, and whole streams on a device with
// several threads against zlib in the way node:zlib calls it.
#include <doctest/doctest.h>
#include <zlib.h>

#include <array>
#include <memory>
#include <span>
#include <string>

#include "software/codecs/gzip_member.h"
#include "software/codecs/marked_stream.h"
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

// The device's own stream behind the codec's interface, marks left out.
std::unique_ptr<software::StreamCodec> StreamOf(software::SoftwareDevice& device) {
  auto context = device.MakeInflateContext({.format = Format::kGzip}, {});
  REQUIRE(context != nullptr);
  return std::unique_ptr<software::StreamCodec>(
      static_cast<software::StreamCodec*>(context.release()));
}

void CheckSame(software::SoftwareDevice& device, const Bytes& stream, const Feeding& feeding,
               Random& random) {
  const uint64_t seed = random.Next();
  NodeInflate judge({.format = Format::kGzip}, {});
  const auto subject = StreamOf(device);
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

TEST_CASE("members ahead: headers") {
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
  // A field that ends behind the extra field.
  Bytes broken = bgzf;
  broken[14] = 200;
  CHECK(ReadMemberHeader(broken)->member_size == 0);
}

TEST_CASE("members ahead: where members begin") {
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

TEST_CASE("members ahead: one member") {
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

TEST_CASE("members ahead: streams on 1 to 4 threads") {
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

TEST_CASE("members ahead: damaged, cut off, followed by something") {
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

TEST_CASE("members ahead: a stream given up amid its members") {
  Random random;
  software::SoftwareDevice device(2);
  const Bytes stream = ManyMembers(random, 65000, 3000000);
  Bytes output(100000);
  for (int round = 0; round < 20; ++round) {
    const auto codec = StreamOf(device);
    codec->Step(stream, output, Flush::kNone);
  }
}

}  // namespace warpdrive::test
