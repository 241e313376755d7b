// The memory of one request: one flat buffer, or the pieces of a scatter-gather list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/dma_bus.h"

namespace warpdrive::model {

struct Segment {
  uint64_t iova;
  uint32_t size;
};

enum class SegmentError { kNone, kDma, kMalformed };

class Segments {
 public:
  void SetFlat(uint64_t iova, uint32_t size) { list_.assign(1, {iova, size}); }
  /// `size` bytes behind the first `skip` of the list at `iova` (drivers/crypto/hisilicon/sgl.c:
  /// a 64-byte header with next address and counts, then entries of 32 bytes). `why` says in
  /// words what was wrong.
  SegmentError SetList(DmaBus* bus, uint64_t iova, uint32_t skip, uint32_t size, std::string* why);

  /// The first `size` bytes; false when not all are mapped (or there).
  bool Read(DmaBus* bus, uint8_t* data, size_t size) const;
  bool Write(DmaBus* bus, const uint8_t* data, size_t size) const;

 private:
  std::vector<Segment> list_;
};

}  // namespace warpdrive::model
