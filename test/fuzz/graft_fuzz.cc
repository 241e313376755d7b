// libFuzzer: the property of support/graft_property.h for any bytes. An input is taken as a deflate
// stream as it is, and once more compressed by zlib with settings from its first bytes and then
// damaged, because bytes that come to grief in a block header early teach little.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "deflate_settings.h"
#include "support/data.h"
#include "support/graft_property.h"

namespace {

using warpdrive::fuzz::Deflate;
using warpdrive::test::Bytes;

constexpr size_t kSettings = 6;

void Check(std::span<const uint8_t> stream, size_t history, bool final) {
  const char* violation = warpdrive::test::GraftViolation(stream, history, final);
  if (violation == nullptr) return;
  std::fprintf(stderr, "Graft() %s (history %zu, final %d)\n", violation, history, final);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < kSettings) return 0;
  const std::span<const uint8_t> data = std::span(bytes, size).subspan(kSettings);
  const size_t number = bytes[4] | bytes[5] << 8;
  const bool final = bytes[3] & 128;
  Check(data, number % 1024, final);
  Bytes stream = Deflate(data, bytes);
  Check(stream, number % (data.size() + 2), final);
  const size_t bit = (number * 7) % (stream.size() * 8);
  stream[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  Check(stream, number % (data.size() + 2), final);
  return 0;
}
