// Generated inputs that make compressors do different things.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "support/random.h"

namespace warpdrive::test {

using Bytes = std::vector<uint8_t>;

enum class DataKind {
  kNoise,    ///< incompressible
  kText,     ///< words of skewed frequency
  kRuns,     ///< long runs of one byte
  kRecords,  ///< fixed-size records that differ in a few bytes
  kSkewed,   ///< bytes of very different frequency: long Huffman codes, few matches
  kMixed,    ///< pieces of all the others
};
inline constexpr std::array kDataKinds = {DataKind::kNoise,   DataKind::kText,   DataKind::kRuns,
                                          DataKind::kRecords, DataKind::kSkewed, DataKind::kMixed};

/// `size` bytes of the kind.
Bytes MakeData(DataKind kind, size_t size, Random& random);

}  // namespace warpdrive::test
