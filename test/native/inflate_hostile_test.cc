// Streams that no compressor would make, with the part that is special behind the hand-over from
// zlib to ISA-L.
#include <doctest/doctest.h>
#include <zlib.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "software/codecs/inflate_bulk.h"
#include "support/data.h"
#include "support/deflate_writer.h"
#include "support/node_inflate.h"

namespace warpdrive::test {
namespace {

using software::kBulkAfterBytes;

// Raw deflate that ends on a byte boundary, of which ISA-L gets the end.
Bytes LongPrefix(Random& random) {
  Bytes data = MakeData(DataKind::kText, 1000000, random);
  Bytes prefix = ZlibDeflate(data, 1, Z_SYNC_FLUSH);
  REQUIRE(prefix.size() > 4 * kBulkAfterBytes);
  return prefix;
}

struct Crafted {
  const char* name;
  std::function<void(DeflateWriter&)> put;
};

// 'a' 0, 'b' 10, end 110, length 3 111
Lengths FewLiterals() {
  Lengths lengths(258);
  lengths['a'] = 1;
  lengths['b'] = 2;
  lengths[256] = lengths[257] = 3;
  return lengths;
}

void PutAb(DeflateWriter& to, const Lengths& literals, const Lengths& distances) {
  to.PutDynamic(literals, distances);
  to.PutCode(literals, 'a');
  to.PutCode(literals, 'b');
}

// What PutAb() begins, with a match of the first distance code if there is one.
void PutWhole(DeflateWriter& to, const Lengths& literals, const Lengths& distances) {
  PutAb(to, literals, distances);
  if (distances[0] != 0) {
    to.PutCode(literals, 257);
    to.PutCode(distances, 0);
  }
  to.PutCode(literals, 256);
}

Lengths With(Lengths lengths, size_t symbol, uint8_t length) {
  if (lengths.size() <= symbol) lengths.resize(symbol + 1);
  lengths[symbol] = length;
  return lengths;
}

void PutLengths(DeflateWriter& to, size_t literals, size_t distances, const Lengths& length_code) {
  to.PutDynamic(literals, distances, length_code);
  for (size_t i = 0; i < literals + distances; ++i) to.PutCode(DeflateWriter::LengthCode(), 8);
}

void PutFixed(DeflateWriter& to, size_t literal, size_t distance) {
  to.Put(1 << 1, 3);
  for (int i = 0; i < 40000; ++i) to.Put(i & 0x7f, 8);  // literals
  to.PutCode(FixedLiterals(), literal);
  to.PutCode(FixedDistances(), distance);
}

// Blocks at the borders of what zlib accepts, RFC 1951 §3.2.
std::vector<Crafted> CraftedBlocks() {
  const Lengths few = FewLiterals();
  const Lengths two = {1, 1};
  const Lengths code = DeflateWriter::LengthCode();
  Lengths longest(258);
  for (uint8_t i = 0; i < 14; ++i) longest[i] = static_cast<uint8_t>(i + 1);
  longest['a'] = longest[256] = 15;
  return {
      {"valid", [=](auto& to) { PutWhole(to, few, two); }},
      {"longest codes",
       [=](auto& to) {
         to.PutDynamic(longest, two);
         for (const size_t symbol : {size_t{13}, size_t{'a'}, size_t{0}, size_t{5}, size_t{256}})
           to.PutCode(longest, symbol);
       }},
      {"no distances", [=](auto& to) { PutWhole(to, few, {0}); }},
      {"no distances but a match",
       [=](auto& to) {
         PutAb(to, few, {0});
         to.PutCode(few, 257);
       }},
      {"lone distance", [=](auto& to) { PutWhole(to, few, {1}); }},
      {"not the lone distance",
       [=](auto& to) {
         PutAb(to, few, {1});
         to.PutCode(few, 257);
         to.Put(1, 1);
       }},
      {"lone distance of two bits", [=](auto& to) { PutWhole(to, few, {2}); }},
      {"unused distances",
       [=](auto& to) {
         PutWhole(to, few, {2, 2, 2});
       }},
      {"too many distances of a length",
       [=](auto& to) {
         PutWhole(to, few, {1, 1, 1});
       }},
      {"nothing but an end",
       [=](auto& to) {
         to.PutDynamic(With({}, 256, 1), two);
         to.Put(0, 1);
       }},
      {"not that end",
       [=](auto& to) {
         to.PutDynamic(With({}, 256, 1), two);
         to.Put(1, 1);
       }},
      {"unused literals", [=](auto& to) { PutWhole(to, With(few, 257, 4), two); }},
      {"too many literals of a length", [=](auto& to) { PutWhole(to, With(few, 'c', 2), two); }},
      {"no end", [=](auto& to) { PutAb(to, With(With(few, 256, 0), 'c', 3), two); }},
      {"unused length codes", [=](auto& to) { PutLengths(to, 257, 1, With(code, 18, 6)); }},
      {"too many length codes", [=](auto& to) { PutLengths(to, 257, 1, With(code, 18, 4)); }},
      {"no length codes", [=](auto& to) { PutLengths(to, 257, 1, Lengths(19)); }},
      {"287 literals", [=](auto& to) { PutLengths(to, 287, 1, code); }},
      {"31 distances", [=](auto& to) { PutLengths(to, 257, 31, code); }},
      {"a repeat of nothing",
       [=](auto& to) {
         to.PutDynamic(257, 1, code);
         to.PutCode(code, 16);
         to.Put(0, 2);
       }},
      {"repeats across both codes",
       [=](auto& to) {
         to.PutDynamic(257, 6, code);
         for (const uint32_t more : {127, 97}) {  // 138 + 108 zeros
           to.PutCode(code, 18);
           to.Put(more, 7);
         }
         for (int i = 0; i < 8; ++i) to.PutCode(code, 4);
         to.PutCode(code, 4);  // symbols 246 to 256 and distance 0 in 2 x 6
         to.PutCode(code, 16);
         to.Put(3, 2);
         to.PutCode(code, 0);
         to.PutCode(code, 0);
       }},
      {"repeats too far",
       [=](auto& to) {
         to.PutDynamic(286, 30, code);
         for (int i = 0; i < 3; ++i) {
           to.PutCode(code, 18);
           to.Put(127, 7);
         }
       }},
      {"block type 3", [](auto& to) { to.Put(3 << 1, 3); }},
      {"stored", [](auto& to) { to.PutStored(Bytes(1000, 'z')); }},
      {"stored, empty", [](auto& to) { to.PutStored({}); }},
      {"stored, wrong lengths",
       [](auto& to) {
         to.Put(0, 3);
         to.AlignToByte();
         to.Put(0x12340000, 32);
       }},
      {"fixed",
       [](auto& to) {
         PutFixed(to, 285, 29);
         to.Put(0x1fff, 13);
         to.PutCode(FixedLiterals(), 256);
       }},
      {"length symbol 286", [](auto& to) { PutFixed(to, 286, 0); }},
      {"distance symbol 30", [](auto& to) { PutFixed(to, 257, 30); }},
  };
}

TEST_CASE("inflate hostile: blocks that only look right") {
  Random random;
  const Bytes prefix = LongPrefix(random);
  const Bytes end = {0x03, 0x00};  // an empty block, the last
  for (const Crafted& crafted : CraftedBlocks()) {
    for (const bool first : {true, false}) {
      DeflateWriter to(prefix);
      // Bit by bit further from the byte boundary.
      if (!first) PutWhole(to, FewLiterals(), {1, 1});
      crafted.put(to);
      const Bytes cut = to.stream();
      if (!first) PutWhole(to, FewLiterals(), {1, 1});
      to.PutStored(Bytes(30, 's'));
      Bytes stream = to.stream();
      stream.insert(stream.end(), end.begin(), end.end());
      const std::string name = crafted.name;
      CAPTURE(name);
      CAPTURE(first);
      CHECK(InflateDifference(StreamParams{}, {}, cut, FileFeeding(cut.size()), random) == "");
      for (const Feeding& feeding : {WholeFeeding(stream.size()), FileFeeding(stream.size()),
                                     ByteFeeding(stream.size(), prefix.size() - 2, stream.size()),
                                     RandomFeeding(stream.size(), 60000, random)}) {
        CHECK(InflateDifference(StreamParams{}, {}, stream, feeding, random) == "");
      }
    }
  }
}

// A complete code of `used` of `count` symbols, one of them `needed`.
Lengths AnyCode(size_t count, size_t used, size_t needed, Random& random) {
  Lengths leaves = {0};
  while (leaves.size() < used) {
    // The last leaf is often the longest, so that some codes get long.
    const size_t at = random.Chance(2) ? leaves.size() - 1 : random.Below(leaves.size());
    if (leaves[at] == 15) continue;
    leaves.push_back(++leaves[at]);
  }
  Lengths lengths(count);
  lengths[needed] = leaves[0];
  for (size_t i = 1; i < used;) {
    const size_t symbol = random.Below(count);
    if (lengths[symbol] == 0) lengths[symbol] = leaves[i++];
  }
  return lengths;
}

TEST_CASE("inflate hostile: any codes, then garbage") {
  Random random;
  const Bytes prefix = LongPrefix(random);
  for (int round = 0; round < 120; ++round) {
    DeflateWriter to(prefix);
    if (round % 3 != 0) {
      const size_t literals = random.Between(257, 286);
      const size_t distances = random.Between(1, 30);
      const size_t used = random.Chance(2) ? random.Between(2, 20) : random.Between(2, literals);
      to.PutDynamic(AnyCode(literals, used, 256, random),
                    distances == 1 ? Lengths{1}
                                   : AnyCode(distances, random.Between(2, distances), 0, random));
    } else {
      to.Put(static_cast<uint32_t>(random.Chance(2) ? random.Next() : 2 << 1), 3);
    }
    for (size_t i = random.Between(1, 3000); i != 0; --i) {
      to.Put(static_cast<uint8_t>(random.Next()), 8);
    }
    const size_t size = to.stream().size();
    const Feeding feeding =
        random.Chance(2) ? FileFeeding(size) : ByteFeeding(size, prefix.size() - 1, size);
    CHECK(InflateDifference(StreamParams{}, {}, to.stream(), feeding, random) == "");
  }
}

TEST_CASE("inflate hostile: little output before the hand-over") {
  Random random;
  for (const size_t size : {0, 1, 100}) {
    DeflateWriter to(Bytes{});
    to.PutStored(Bytes(size, 'q'));
    while (to.stream().size() < kBulkAfterBytes + 1000) to.PutStored({});
    // A distance of 97 to 128, which reaches too far back unless there are enough bytes.
    to.Put(1 << 1, 3);
    to.PutCode(FixedLiterals(), 'x');
    to.PutCode(FixedLiterals(), 260);
    to.PutCode(FixedDistances(), 13);
    to.Put(3, 5);
    to.PutCode(FixedLiterals(), 256);
    to.Put(1 | 1 << 1, 3);
    to.PutCode(FixedLiterals(), 256);
    const Feeding feeding = FileFeeding(to.stream().size());
    CHECK(InflateDifference(StreamParams{}, {}, to.stream(), feeding, random) == "");
  }
}

// zlib lets distances reach beyond its window as long as they stay in the current output, so what
// is refused depends on the sizes of the steps.
TEST_CASE("inflate hostile: distances beyond the window that was promised") {
  Random random;
  // The only match is behind the hand-over, 20000 bytes back.
  Bytes data = MakeData(DataKind::kNoise, 200000, random);
  data.insert(data.end(), data.end() - 20000, data.end() - 19800);
  const Bytes raw = ZlibDeflate(data, 6, Z_FINISH);
  REQUIRE(raw.size() < data.size());
  for (uint8_t window_bits = 8; window_bits <= 15; ++window_bits) {
    StreamParams params;
    params.window_bits = window_bits;
    Feeding feeding = FileFeeding(raw.size());
    feeding.max_output = 100;
    CAPTURE(static_cast<int>(window_bits));
    CHECK(InflateDifference(params, {}, raw, feeding, random) == "");

    // RFC 1950 §2.2: the window size in the upper half of the first byte, both divisible by 31.
    Bytes zlib = {static_cast<uint8_t>((window_bits - 8) << 4 | 8), 0};
    zlib[1] = static_cast<uint8_t>(31 - zlib[0] * 256 % 31);
    zlib.insert(zlib.end(), raw.begin(), raw.end());
    feeding.ends.back() = zlib.size();
    params = {Format::kZlib, 6, 0, 8, 0};
    CHECK(InflateDifference(params, {}, zlib, feeding, random) == "");
  }
}

TEST_CASE("inflate hostile: blocks too large to go back in") {
  Random random;
  const Bytes prefix = LongPrefix(random);
  for (const bool runs : {false, true}) {
    DeflateWriter to(prefix);
    to.Put(1 << 1, 3);
    if (runs) {
      for (int i = 0; i < 300000; ++i) {  // 258 bytes each
        to.PutCode(FixedLiterals(), 285);
        to.PutCode(FixedDistances(), 0);
      }
    } else {
      for (uint32_t i = 0; i < 3000000; ++i) to.Put((i * i >> 3) & 0x7f, 8);
    }
    to.PutCode(FixedLiterals(), 286);
    const Feeding feeding = FileFeeding(to.stream().size());
    CHECK(InflateDifference(StreamParams{}, {}, to.stream(), feeding, random) == "");
  }
}

}  // namespace
}  // namespace warpdrive::test
