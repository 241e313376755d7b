// One request on its way through the engine: what to send, and what to make of the answer.
#pragma once

#include <cstdint>
#include <memory>

#include "device/request.h"
#include "warpdrive/dma.h"
#include "warpdrive/hisilicon/zip_sqe.h"

namespace warpdrive::hisilicon {

/// What the engine behind a queue can do, and where its data may lie.
struct ZipTarget {
  int protocol = 2;  ///< queue manager version
  bool zlib = true;  ///< algorithms of the device
  bool gzip = true;
  bool raw = false;         ///< "deflate"; V3 and later
  bool sva = false;         ///< requests may point at any memory
  DmaPool* pool = nullptr;  ///< for everything that may not
};

/// The 64 KiB that the engine keeps a decompressing stream in: shared by the stream's context and
/// the queue that gave it, which takes it back when it closes.
struct ZipStreamMemory {
  DmaBlock block;
  bool tracked = false;  ///< the queue knows of it
};

/// Everything that is needed to check and finish a request, kept apart from the ring: nothing of
/// it is read back from memory that the device can write.
struct ZipJob {
  Request request;
  ZipCommand command;
  DmaBlock memory;            ///< input and output that are not the sender's own
  DmaBlock context;           ///< compression: for one request alone
  uint8_t* output = nullptr;  ///< where the device writes, as this process sees it
  // Decompression: a request takes several rounds.
  std::shared_ptr<ZipStreamMemory> stream;
  uint32_t consumed = 0;  ///< in the rounds so far
  uint32_t produced = 0;
};

/// Writes to every page, so that the device takes no page fault: under SVA each costs it more
/// than compressing what the page holds. `size` > 0.
inline void TouchPages(uint8_t* data, uint32_t size) {
  constexpr uint32_t kPage = 4096;
  for (uint32_t at = 0; at < size; at += kPage) *static_cast<volatile uint8_t*>(data + at) = 0;
  *static_cast<volatile uint8_t*>(data + size - 1) = 0;
}

enum class Prepared : uint8_t {
  kReady,        ///< send job->command
  kDone,         ///< needed no engine: *completion is the answer
  kNoMemory,     ///< the pool is full now; not for good
  kUnsupported,  ///< not on this engine
};

}  // namespace warpdrive::hisilicon
