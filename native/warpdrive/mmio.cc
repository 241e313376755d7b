#include "warpdrive/mmio.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace warpdrive {

uint32_t MappedMmio::Read32(size_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(base_ + offset);
}

void MappedMmio::Write32(size_t offset, uint32_t value) {
  *reinterpret_cast<volatile uint32_t*>(base_ + offset) = value;
}

void MappedMmio::Write64(size_t offset, uint64_t value) {
  *reinterpret_cast<volatile uint64_t*>(base_ + offset) = value;
}

void MappedMmio::Write128(size_t offset, std::span<const uint8_t, 16> value) {
  uint8_t* const at = base_ + offset;
#if defined(__aarch64__)
  uint64_t low;
  uint64_t high;
  std::memcpy(&low, value.data(), 8);
  std::memcpy(&high, value.data() + 8, 8);
  // A store pair to device memory goes out as one 16-byte write: so does the kernel's driver
  // (drivers/crypto/hisilicon/qm.c, qm_mb_write). volatile and "memory" keep the compiler from
  // splitting or moving it.
  asm volatile("stp %0, %1, [%2]" : : "r"(low), "r"(high), "r"(at) : "memory");
#elif defined(__SSE2__)
  const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(value.data()));
  // movaps/movdqa: one aligned 16-byte store. As assembly, since an intrinsic may be split.
  asm volatile("movdqa %0, (%1)" : : "x"(word), "r"(at) : "memory");
#else
  // No 16-byte store that could be relied on: the word with the busy bit goes last.
  for (size_t part = 4; part-- != 0;) {
    uint32_t word;
    std::memcpy(&word, value.data() + 4 * part, 4);
    *reinterpret_cast<volatile uint32_t*>(at + 4 * part) = word;
  }
#endif
}

}  // namespace warpdrive
