#include "software/codecs/checksum.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "support/data.h"

namespace warpdrive::test {

TEST_CASE("checksum: as zlib's, from any start and in any pieces") {
  Random random;
  const Bytes data = MakeData(DataKind::kNoise, 20000, random);
  for (int i = 0; i < 3000; i++) {
    const size_t at = random.Below(data.size());
    const size_t size = random.Below(random.Chance(2) ? 70 : data.size() - at);
    const auto piece = std::span(data).subspan(at, std::min(size, data.size() - at));
    const auto length = static_cast<uInt>(piece.size());
    const auto crc = static_cast<uint32_t>(random.Next());
    CHECK(software::Crc32(crc, piece) == crc32(crc, piece.data(), length));
    // Both halves of an Adler-32 are less than 65521 (RFC 1950 §8.2).
    const auto adler = static_cast<uint32_t>(random.Below(65521) << 16 | random.Below(65521));
    CHECK(software::Adler32(adler, piece) == adler32(adler, piece.data(), length));
  }
}

TEST_CASE("checksum: sums that come near overflow") {
  const Bytes ones(300000, 0xff);
  CHECK(software::Adler32(0xfff0fff0, ones) ==
        adler32(0xfff0fff0, ones.data(), static_cast<uInt>(ones.size())));
}

TEST_CASE("checksum: no bytes change nothing, wherever they are") {
  CHECK(software::Crc32(0x12345678, {}) == 0x12345678);
  CHECK(software::Adler32(0x12345678, {}) == 0x12345678);
}

TEST_CASE("checksum: what each format carries") {
  const Bytes check = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  CHECK(software::ChecksumFor(Format::kGzip, check) == 0xcbf43926);
  CHECK(software::ChecksumFor(Format::kZlib, check) == 0x091e01de);
  CHECK(software::ChecksumFor(Format::kRaw, check) == 0);
  CHECK(software::ChecksumFor(Format::kGzip, {}) == 0);
  CHECK(software::ChecksumFor(Format::kZlib, {}) == 1);
}

}  // namespace warpdrive::test
