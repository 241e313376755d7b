// libFuzzer: the property of support/splice_property.h for any bytes. An input is taken as a
// deflate stream as it is, and once more compressed by zlib with settings from its first bytes and
// then damaged, because bytes that come to grief in a block header early teach little.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "deflate_settings.h"
#include "support/data.h"
#include "support/splice_property.h"

namespace {

using warpdrive::fuzz::Deflate;
using warpdrive::test::Bytes;

constexpr size_t kSettings = 6;

void Check(std::span<const uint8_t> stream) {
  const char* violation = warpdrive::test::SpliceViolation(stream);
  if (violation == nullptr) return;
  std::fprintf(stderr, "Splice() %s\n", violation);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::span<const uint8_t> input(bytes, size);
  Check(input);
  if (size < kSettings) return 0;
  Bytes stream = Deflate(input.subspan(kSettings), bytes);
  Check(stream);
  const size_t bit = (bytes[4] | bytes[5] << 8) % (stream.size() * 8);
  stream[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  Check(stream);
  return 0;
}
