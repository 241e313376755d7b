#include "software/splice.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/data.h"
#include "support/splice_property.h"
#include "support/streams.h"

namespace warpdrive::test {
namespace {

void CheckProperty(std::span<const uint8_t> stream) {
  const char* violation = SpliceViolation(stream);
  CHECK_MESSAGE(violation == nullptr, violation);
}

// Writes deflate streams bit by bit.
class BitWriter {
 public:
  BitWriter& Bits(uint32_t value, int count) {
    for (int i = 0; i < count; i++) {
      if (used_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |= (value >> i & 1) << (used_++ % 8);
    }
    return *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  size_t used_ = 0;
};

// A final dynamic block with the code lengths written as they are: each by one code of four bits,
// without repetition (RFC 1951 §3.2.7). The block's body is up to the caller.
BitWriter DynamicBlock(std::span<const uint8_t> litlen, std::span<const uint8_t> distance) {
  BitWriter block;
  block.Bits(1, 1).Bits(2, 2);
  block.Bits(static_cast<uint32_t>(litlen.size() - 257), 5);
  block.Bits(static_cast<uint32_t>(distance.size() - 1), 5).Bits(15, 4);
  for (int i = 0; i < 19; i++) block.Bits(i < 3 ? 0 : 4, 3);  // 16, 17 and 18 come first
  const auto reversed = [](uint32_t length) {
    return (length & 1) << 3 | (length & 2) << 1 | (length & 4) >> 1 | (length & 8) >> 3;
  };
  for (uint8_t length : litlen) block.Bits(reversed(length), 4);
  for (uint8_t length : distance) block.Bits(reversed(length), 4);
  return block;
}

// A final block of which end of block is the only code. Its 257 + 1 lengths begin with three that
// are 0, if `first` is 0, or with a repetition of three by code 16 or 17.
BitWriter RepeatingBlock(int first) {
  BitWriter block;
  block.Bits(1, 1).Bits(2, 2).Bits(0, 5).Bits(0, 5).Bits(14, 4);
  // Two bits each for lengths 0 and 1 and codes 16 or 17, and 18, in the order of §3.2.7.
  const int repeat = first == 17 ? 1 : 0;
  for (int i = 0; i < 18; i++) block.Bits(i == repeat || i == 2 || i == 3 || i == 17 ? 2 : 0, 3);
  const auto zeros = [&block](uint32_t count) { block.Bits(0b11, 2).Bits(count - 11, 7); };
  if (first == 0) {
    block.Bits(0, 6);
  } else {
    block.Bits(0b01, 2).Bits(0, first == 17 ? 3 : 2);
  }
  zeros(138);
  zeros(256 - 3 - 138);
  return block.Bits(0b10, 2).Bits(0b00, 2).Bits(0, 1);
}

bool Accepted(const BitWriter& block) {
  CheckProperty(block.bytes());
  Bytes buffer = block.bytes();
  buffer.resize(buffer.size() + software::kSpliceExtra);
  return software::Splice(buffer, block.bytes().size()) != 0;
}

// Literal/length lengths of which `used` have one bit each.
Bytes Lengths(size_t count, std::initializer_list<size_t> used, uint8_t length = 1) {
  Bytes lengths(count);
  for (size_t symbol : used) lengths[symbol] = length;
  return lengths;
}

}  // namespace

TEST_CASE("splice: streams of all codecs continue") {
  Random random;
  for (int i = 0; i < 250; i++) {
    CAPTURE(i);
    CheckProperty(RandomStream(i < 150 ? 5000 : 300000, random));
  }
}

#ifdef WARPDRIVE_HAVE_LIBDEFLATE
TEST_CASE("splice: every libdeflate level on every kind of data") {
  Random random;
  for (int level = 0; level <= 12; level++) {
    for (DataKind kind : kDataKinds) {
      CAPTURE(level);
      CheckProperty(LibdeflateStream(MakeData(kind, random.Below(120000), random), level));
    }
  }
}
#endif

TEST_CASE("splice: damaged streams are refused or decode as zlib says") {
  Random random;
  for (int i = 0; i < 300; i++) {
    CAPTURE(i);
    const Bytes stream = RandomStream(3000, random);
    for (int j = 0; j < 40; j++) {
      Bytes flipped = stream;
      for (size_t flips = random.Between(1, 3); flips > 0; flips--) {
        // The beginning holds the codes, where a flip does most.
        const size_t reach =
            random.Chance(2) ? flipped.size() : std::min<size_t>(80, flipped.size());
        flipped[random.Below(reach)] ^= 1u << random.Below(8);
      }
      CheckProperty(flipped);
    }
    CheckProperty(std::span(stream).first(random.Below(stream.size())));
    CheckProperty(std::span(stream).first(stream.size() - 1));
    Bytes longer = stream;
    longer.insert(longer.end(), random.Between(1, 10), static_cast<uint8_t>(random.Next()));
    CheckProperty(longer);
  }
}

TEST_CASE("splice: noise") {
  Random random;
  for (int i = 0; i < 20000; i++) {
    CAPTURE(i);
    CheckProperty(MakeData(DataKind::kNoise, random.Below(80), random));
  }
}

TEST_CASE("splice: all streams of up to two bytes") {
  CheckProperty({});
  for (int i = 0; i < 65536; i++) {
    const uint8_t bytes[] = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    const char* violation = SpliceViolation(bytes);
    CHECK_MESSAGE(violation == nullptr, violation, " for ", i);
    if (i < 256) CheckProperty(std::span(bytes).first(1));
  }
}

TEST_CASE("splice: incomplete and over-subscribed codes as zlib sees them") {
  const Bytes none(1);
  const Bytes one = {1};
  const Bytes two = {1, 1};
  // End of block as the only symbol, or with one literal; no, one or two distances.
  CHECK(Accepted(DynamicBlock(Lengths(257, {256}), none).Bits(0, 1)));
  CHECK(Accepted(DynamicBlock(Lengths(257, {65, 256}), one).Bits(0b10, 2)));
  CHECK(Accepted(DynamicBlock(Lengths(258, {256, 257}), one).Bits(0b001, 3)));
  CHECK(Accepted(DynamicBlock(Lengths(258, {256, 257}), two).Bits(0b011, 3)));
  // The code that an incomplete set leaves out; a distance where there are none.
  CHECK(!Accepted(DynamicBlock(Lengths(257, {256}), none).Bits(1, 1)));
  CHECK(!Accepted(DynamicBlock(Lengths(258, {256, 257}), one).Bits(0b011, 3)));
  CHECK(!Accepted(DynamicBlock(Lengths(258, {256, 257}), none).Bits(0b001, 3)));
  // No end of block; a single code of two bits; three codes of one bit.
  CHECK(!Accepted(DynamicBlock(Lengths(257, {65, 66}), none).Bits(0, 8)));
  CHECK(!Accepted(DynamicBlock(Lengths(257, {256}, 2), none).Bits(0, 2)));
  CHECK(!Accepted(DynamicBlock(Lengths(257, {256}), Bytes{2}).Bits(0, 1)));
  CHECK(!Accepted(DynamicBlock(Lengths(257, {65, 66, 256}), none).Bits(0, 2)));
  CHECK(!Accepted(DynamicBlock(Lengths(257, {65, 256}), Bytes{1, 1, 1}).Bits(1, 1)));
  // Symbols that no block may use, or declare.
  CHECK(!Accepted(BitWriter().Bits(0b011, 3).Bits(0b01100011, 8).Bits(0, 16)));  // 286
  CHECK(!Accepted(BitWriter().Bits(0b011, 3).Bits(0b1000000, 7).Bits(0b01111, 5).Bits(0, 16)));
  CHECK(!Accepted(DynamicBlock(Lengths(287, {256}), none).Bits(0, 1)));
  CHECK(!Accepted(DynamicBlock(Lengths(257, {256}), Bytes(31)).Bits(0, 1)));
}

TEST_CASE("splice: repeated code lengths need one to repeat") {
  CHECK(Accepted(RepeatingBlock(0)));
  CHECK(Accepted(RepeatingBlock(17)));
  CHECK(!Accepted(RepeatingBlock(16)));
}

TEST_CASE("splice: codes of all lengths up to 15 bits") {
  // 1, 2, ..., 14, 15, 15 bits: complete, and most symbols beyond the walk's tables.
  Bytes litlen(272);
  for (size_t i = 0; i < 13; i++) litlen[257 + i] = static_cast<uint8_t>(i + 1);
  litlen[97] = 14;
  litlen[98] = 15;
  litlen[256] = 15;
  Bytes distance(30);
  for (size_t i = 0; i < 14; i++) distance[29 - i] = static_cast<uint8_t>(i + 1);
  distance[0] = distance[1] = 15;
  Random random;
  for (int i = 0; i < 300; i++) {
    BitWriter block = DynamicBlock(litlen, distance);
    // Random bits are random symbols here; the end has to be written.
    for (size_t n = random.Below(200); n > 0; n--) block.Bits(random.Next() & 0xffff, 16);
    CheckProperty(block.bytes());
    block.Bits(0x7fff, 15);
    CheckProperty(block.bytes());
    for (int zeros = 0; zeros < 40; zeros++) {
      block.Bits(0, 1).Bits(0x7fff, 15);
      CheckProperty(block.bytes());
    }
  }
}

TEST_CASE("splice: too little room behind the stream") {
  Bytes buffer = {0x03, 0x00, 1, 2, 3, 4, 5, 6};
  const Bytes original = buffer;
  CHECK(software::Splice(std::span(buffer).first(2 + software::kSpliceExtra - 1), 2) == 0);
  CHECK(software::Splice(std::span(buffer).first(1), 2) == 0);
  CHECK(buffer == original);
  CHECK(software::Splice(buffer, 2) == 6);
}

}  // namespace warpdrive::test
