// CRC-32 (RFC 1952 §8) and Adler-32 (RFC 1950 §8.2) by the fastest codec library at hand.
#pragma once

#include <cstdint>
#include <span>

#include "device/request.h"

namespace warpdrive::software {

/// Continues from `crc` (0 at the start), as zlib's crc32().
uint32_t Crc32(uint32_t crc, std::span<const uint8_t> data);
/// Continues from `adler` (1 at the start), as zlib's adler32().
uint32_t Adler32(uint32_t adler, std::span<const uint8_t> data);
/// The checksum that a stream of this format carries, from `before` on; 0 for raw.
uint32_t ContinueChecksum(Format format, uint32_t before, std::span<const uint8_t> data);
/// The checksum of `data` alone that a stream of this format carries; 0 for raw.
uint32_t ChecksumFor(Format format, std::span<const uint8_t> data);

}  // namespace warpdrive::software
