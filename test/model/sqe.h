// The request descriptor, 32 dwords (drivers/crypto/hisilicon/zip/zip.h, struct hisi_zip_sqe).
#pragma once

#include <array>
#include <cstdint>

#include "model/options.h"

namespace warpdrive::model {

struct Sqe {
  std::array<uint32_t, 32> dw{};

  uint64_t Address(int low) const { return dw[low] | static_cast<uint64_t>(dw[low + 1]) << 32; }

  uint32_t input_size() const { return dw[4]; }
  uint32_t source_skip() const { return dw[7] & 0xffffff; }
  bool finish() const { return (dw[7] >> 25 & 1) != 0; }
  bool stateful() const { return (dw[7] >> 26 & 1) != 0; }
  bool is_new() const { return (dw[7] >> 27 & 1) != 0; }
  uint32_t type() const { return dw[7] >> 28; }
  uint32_t output_skip() const { return dw[8] & 0xffffff; }
  uint8_t request() const { return dw[9] & 0xff; }
  uint32_t buffer_type() const { return dw[9] >> 8 & 0xf; }
  uint32_t window_code() const { return dw[9] >> 12 & 0xf; }
  uint32_t output_size() const { return dw[14]; }
  uint64_t source() const { return Address(18); }
  uint64_t destination() const { return Address(20); }
  uint64_t context() const { return Address(22); }
};

/// Dword of the tag, and the sqe_type.
inline int TagDword(Generation generation) { return generation == Generation::kHip09 ? 26 : 13; }
inline uint32_t SqeType(Generation generation) { return generation == Generation::kHip09 ? 3 : 0; }

/// Dwords that the engine writes back besides 0 to 3.
constexpr int kStateDwords[] = {15, 28, 29, 30, 31};

}  // namespace warpdrive::model
