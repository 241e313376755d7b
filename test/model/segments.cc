#include "model/segments.h"

#include <algorithm>
#include <cstring>

#include "model/recorder.h"
#include "model/registers.h"

namespace warpdrive::model {
namespace {

constexpr size_t kHeader = 64;
constexpr size_t kEntry = 32;

template <typename Word>
Word At(const uint8_t* memory, size_t offset) {
  Word word;
  std::memcpy(&word, memory + offset, sizeof(word));
  return word;
}

}  // namespace

SegmentError Segments::SetList(DmaBus* bus, uint64_t iova, uint32_t skip, uint32_t size,
                               std::string* why) {
  list_.clear();
  uint32_t wanted = size;
  for (uint32_t lists = 0; iova != 0 && wanted > 0; ++lists) {
    if (lists == kMaxSgls) return *why = "SGL chain of more than 256", SegmentError::kMalformed;
    if (iova % 64 != 0)
      return *why = Hex("SGL not 64-byte aligned:", iova), SegmentError::kMalformed;
    uint8_t header[kHeader];
    if (!bus->Read(iova, header, kHeader)) return *why = Hex("SGL at", iova), SegmentError::kDma;
    const uint16_t valid = At<uint16_t>(header, 10);
    const uint16_t slots = At<uint16_t>(header, 12);
    if (slots == 0 || slots > kMaxSges || valid > slots) {
      *why = Hex("SGL with valid entries", valid) + Hex(" of", slots);
      return SegmentError::kMalformed;
    }
    for (uint16_t i = 0; i < valid && wanted > 0; ++i) {
      uint8_t entry[kEntry];
      const uint64_t at = iova + kHeader + i * kEntry;
      if (!bus->Read(at, entry, kEntry)) return *why = Hex("SGE at", at), SegmentError::kDma;
      const uint32_t length = At<uint32_t>(entry, 16);
      if (length == 0 || length > kMaxBuffer) {
        return *why = Hex("SGE of length", length), SegmentError::kMalformed;
      }
      const uint32_t passed = std::min(skip, length);
      skip -= passed;
      const uint32_t part = std::min(length - passed, wanted);
      if (part > 0) list_.push_back({At<uint64_t>(entry, 0) + passed, part});
      wanted -= part;
    }
    iova = At<uint64_t>(header, 0);
  }
  if (wanted == 0) return SegmentError::kNone;
  *why = Hex("SGL shorter than the request by", wanted);
  return SegmentError::kMalformed;
}

bool Segments::Read(DmaBus* bus, uint8_t* data, size_t size) const {
  for (const Segment& segment : list_) {
    const size_t part = std::min<size_t>(size, segment.size);
    if (part > 0 && !bus->Read(segment.iova, data, part)) return false;
    data += part;
    size -= part;
  }
  return size == 0;
}

bool Segments::Write(DmaBus* bus, const uint8_t* data, size_t size) const {
  for (const Segment& segment : list_) {
    const size_t part = std::min<size_t>(size, segment.size);
    if (part > 0 && !bus->Write(segment.iova, data, part)) return false;
    data += part;
    size -= part;
  }
  return size == 0;
}

}  // namespace warpdrive::model
