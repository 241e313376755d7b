#include "warpdrive/hisilicon/zip_sqe.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstring>

namespace warpdrive::test {
namespace {

using namespace hisilicon;

uint32_t Mode(SqeLayout layout, bool stateful, bool first, bool finish) {
  Sqe sqe;
  Encode({.stateful = stateful, .first = first, .finish = finish, .stream = {}}, layout, &sqe);
  return sqe.dw[7];
}

Sqe WithStatus(uint32_t word) {
  Sqe sqe;
  sqe.dw[3] = word;
  return sqe;
}

}  // namespace

TEST_CASE("zip descriptor: mode words as published") {
  CHECK(Mode(SqeLayout::kT0, false, true, true) == 0x0A000000);
  CHECK(Mode(SqeLayout::kT3, false, true, true) == 0x3A000000);
  CHECK(Mode(SqeLayout::kT0, true, true, false) == 0x0C000000);
  CHECK(Mode(SqeLayout::kT3, true, true, false) == 0x3C000000);
  CHECK(Mode(SqeLayout::kT0, true, true, true) == 0x0E000000);
  CHECK(Mode(SqeLayout::kT3, true, true, true) == 0x3E000000);
  CHECK(Mode(SqeLayout::kT0, true, false, false) == 0x04000000);
  CHECK(Mode(SqeLayout::kT3, true, false, false) == 0x34000000);
  CHECK(Mode(SqeLayout::kT0, true, false, true) == 0x06000000);
  CHECK(Mode(SqeLayout::kT3, true, false, true) == 0x36000000);
}

TEST_CASE("zip descriptor: every field at its word, every other word zero") {
  const ZipCommand command{.format = ZipFormat::kGzip,
                           .stateful = true,
                           .first = false,
                           .finish = true,
                           .window = 2,
                           .input = 0x1122334455667788,
                           .input_size = 0x00789abc,
                           .output = 0x99aabbccddeeff01,
                           .output_size = 0x00654321,
                           .context = 0x0102030405060708,
                           .stream = {.ctx_dw0 = 0xC0,
                                      .ctx_dw1 = 0xC1,
                                      .ctx_dw2 = 0xC2,
                                      .isize = 0xC3,
                                      .checksum = 0xC4},
                           .tag = 0xFEEDF00D};
  for (const SqeLayout layout : {SqeLayout::kT0, SqeLayout::kT3}) {
    Sqe sqe;
    sqe.dw.fill(0xFFFFFFFF);
    Encode(command, layout, &sqe);
    Sqe expected;
    expected.dw[4] = 0x00789abc;
    expected.dw[7] = layout == SqeLayout::kT0 ? 0x06000000 : 0x36000000;
    expected.dw[9] = 0x2003;
    expected.dw[14] = 0x00654321;
    expected.dw[15] = 0xC0;
    expected.dw[18] = 0x55667788;
    expected.dw[19] = 0x11223344;
    expected.dw[20] = 0xddeeff01;
    expected.dw[21] = 0x99aabbcc;
    expected.dw[22] = 0x05060708;
    expected.dw[23] = 0x01020304;
    expected.dw[layout == SqeLayout::kT0 ? 13 : 26] = 0xFEEDF00D;
    expected.dw[28] = 0xC1;
    expected.dw[29] = 0xC2;
    expected.dw[30] = 0xC3;
    expected.dw[31] = 0xC4;
    CHECK(sqe.dw == expected.dw);
  }
}

TEST_CASE("zip descriptor: every status has its meaning") {
  for (uint32_t raw = 0; raw < 256; ++raw) {
    ZipStatus expected = ZipStatus::kBadRequest;
    if (raw == 0) expected = ZipStatus::kOk;
    if (raw == 0x0D) expected = ZipStatus::kNegative;
    if (raw == 0x0E) expected = ZipStatus::kOutputTooSmall;
    if (raw == 0x0F || raw == 0x12) expected = ZipStatus::kIntegrity;
    if (raw == 0x10) expected = ZipStatus::kChecksumError;
    if (raw == 0x13) expected = ZipStatus::kStreamEnd;
    // Reserved bits above are not looked at, but for the last-block flag.
    const ZipResult result = Decode(WithStatus(raw | 0xFFFFFE00));
    CHECK(result.status == expected);
    CHECK(result.raw_status == raw);
    CHECK_FALSE(result.last_block);
    CHECK(Decode(WithStatus(raw | 0x100)).last_block);
  }
}

TEST_CASE("zip descriptor: stream state and lengths come back") {
  Sqe sqe;
  for (uint32_t i = 0; i < 32; ++i) sqe.dw[i] = 0x1000 + i;
  const ZipResult result = Decode(sqe);
  CHECK(result.consumed == 0x1000);
  CHECK(result.produced == 0x1001);
  CHECK(result.stream.ctx_dw0 == 0x100F);
  CHECK(result.stream.ctx_dw1 == 0x101C);
  CHECK(result.stream.ctx_dw2 == 0x101D);
  CHECK(result.stream.isize == 0x101E);
  CHECK(result.stream.checksum == 0x101F);
  const ZipStreamState state{.ctx_dw0 = 0xA8C3, .ctx_dw1 = 0xFFF81234};
  CHECK(state.state() == 3);
  CHECK(state.final_block_seen());
  CHECK(state.cached_bits() == 0x2A);
  CHECK(state.stored_left() == 0x1234);
}

TEST_CASE("zip descriptor: the engine's CRC is reversed and not inverted") {
  const auto* text = reinterpret_cast<const Bytef*>("123456789");
  // CRC-32 of "123456789" is 0xCBF43926. Its register before the final inversion, most significant
  // bit first, is what an engine that shifts left holds.
  uint32_t left = 0xFFFFFFFF;
  for (int i = 0; i < 9; ++i) {
    uint8_t byte = text[i];
    for (int bit = 0; bit < 8; ++bit, byte >>= 1) {
      const uint32_t in = (byte & 1u) ^ left >> 31;
      left = left << 1 ^ (in != 0 ? 0x04C11DB7u : 0);
    }
  }
  ZipResult result;
  result.stream.checksum = left;
  CHECK(result.Checksum(ZipFormat::kGzip) == 0xCBF43926);
  CHECK(result.Checksum(ZipFormat::kGzip) == crc32(0, text, 9));
  CHECK(result.Checksum(ZipFormat::kZlib) == left);
  CHECK(result.Checksum(ZipFormat::kRaw) == 0);
}

TEST_CASE("zip descriptor: window codes") {
  CHECK(WindowCode(15) == 4);
  CHECK(WindowCode(14) == 2);
  CHECK(WindowCode(13) == 1);
  CHECK(WindowCode(12) == 0);
  CHECK(WindowCode(8) == 0);
}

}  // namespace warpdrive::test
