// One request on its way through the engine: what to send, and what to make of the answer.
#pragma once

#include <cstdint>

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

/// Everything that is needed to check and finish a request, kept apart from the ring: nothing of
/// it is read back from memory that the device can write.
struct ZipJob {
  Request request;
  ZipCommand command;
  DmaBlock memory;            ///< context, input and output that are not the sender's own
  uint8_t* output = nullptr;  ///< where the device writes, as this process sees it
};

enum class Prepared : uint8_t {
  kReady,        ///< send job->command
  kDone,         ///< needed no engine: *completion is the answer
  kNoMemory,     ///< the pool is full now; not for good
  kUnsupported,  ///< not on this engine
};

}  // namespace warpdrive::hisilicon
