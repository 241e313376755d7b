#include "software/codecs/byte_spread.h"

#include <array>
#include <cstddef>

namespace warpdrive::software {
namespace {

constexpr size_t kSamples = 16;
constexpr size_t kSampleBytes = 1024;
constexpr uint64_t kValues = 256;

}  // namespace

// Compares the sum of the squared counts, n²/256 + n for even ones, with a sixth above n²/256 (a
// collision entropy of 7.77 bits). Deflate's, xz's and JPEG's output and ciphertext stay below it;
// text, executables, samples and pixels are far above.
bool HasEvenBytes(std::span<const uint8_t> input) {
  constexpr uint64_t kTotal = kSamples * kSampleBytes;
  if (input.size() < kTotal) return false;
  std::array<uint32_t, kValues> counts{};
  for (size_t i = 0; i < kSamples; ++i) {
    const size_t at = (input.size() - kSampleBytes) * i / (kSamples - 1);
    for (const uint8_t byte : input.subspan(at, kSampleBytes)) ++counts[byte];
  }
  uint64_t squares = 0;
  for (const uint64_t count : counts) squares += count * count;
  return squares * kValues * 6 < kTotal * kTotal * 7;
}

}  // namespace warpdrive::software
