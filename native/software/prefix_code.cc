#include "software/prefix_code.h"

namespace warpdrive::software {
namespace {

using Singles = std::array<uint16_t, BlockCodes::kTableSize>;
constexpr uint16_t kHole = 0xff00;  // longer than any code

uint16_t LitLenEntry(int symbol, int length) {
  if (symbol < kEndOfBlock) return length << 8 | length;
  if (symbol == kEndOfBlock || symbol >= kMaxLitLen) return kHole | kSpecial;
  return length << 8 | kThenDistance | (length + kLengthExtra[symbol - kEndOfBlock - 1]);
}

uint16_t DistanceEntry(int symbol, int length) {
  if (symbol >= kMaxDistance) return kHole | kSpecial | kThenDistance;
  return length << 8 | (length + kDistanceExtra[symbol]);
}

// The entry for index i: of literal, literal or length, distance as much as the index covers.
uint8_t Combine(const Singles& litlens, const Singles& distances, uint32_t i) {
  uint32_t entry = litlens[i] & 0xff;
  if (entry <= BlockCodes::kTableBits) {
    const uint32_t second = litlens[i >> entry];
    if (entry + (second >> 8) <= BlockCodes::kTableBits) entry += second & 0xff;
  }
  const uint32_t move = entry & kMoveMask;
  if ((entry & ~kMoveMask) == kThenDistance) {
    const uint32_t second = distances[i >> move];
    if (move + (second >> 8) <= BlockCodes::kTableBits) entry = move + (second & 0xff);
  }
  return entry;
}

}  // namespace

bool PrefixCode::Init(std::span<const uint8_t> lengths, bool may_be_incomplete) {
  count_.fill(0);
  for (uint8_t length : lengths) count_[length]++;
  count_[0] = 0;
  int left = 1;
  int used = 0;
  std::array<uint16_t, kMaxBits + 2> offset{};
  for (int length = 1; length <= kMaxBits; length++) {
    left = 2 * left - count_[length];
    if (left < 0) return false;
    used += count_[length];
    offset[length + 1] = static_cast<uint16_t>(used);
  }
  if (left > 0 && !(may_be_incomplete && (used == 0 || (used == 1 && count_[1] == 1)))) {
    return false;
  }
  for (size_t symbol = 0; symbol < lengths.size(); symbol++) {
    if (lengths[symbol] != 0) symbols_[offset[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
  }
  return true;
}

int PrefixCode::Decode(uint64_t bits, int& length) const {
  int code = 0, first = 0, index = 0;
  for (length = 1; length <= kMaxBits; length++) {
    code |= static_cast<int>(bits & 1);
    bits >>= 1;
    if (code - first < count_[length]) return symbols_[index + code - first];
    index += count_[length];
    first = (first + count_[length]) << 1;
    code <<= 1;
  }
  return -1;
}

bool BlockCodes::Init(std::span<const uint8_t> litlen_lengths,
                      std::span<const uint8_t> distance_lengths) {
  if (!litlen.Init(litlen_lengths, true) || !distance.Init(distance_lengths, true)) return false;
  // First one symbol per entry, with the length of its code in the upper byte.
  std::array<uint16_t, kTableSize> litlens, distances;
  litlen.Fill(litlens.data(), kTableBits, kHole | kSpecial, LitLenEntry);
  distance.Fill(distances.data(), kTableBits, kHole | kSpecial | kThenDistance, DistanceEntry);
  for (uint32_t i = 0; i < kTableSize; i++) {
    table[i] = Combine(litlens, distances, i);
    table[kTableSize + i] = static_cast<uint8_t>(distances[i]);
  }
  return true;
}

}  // namespace warpdrive::software
