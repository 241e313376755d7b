// Where zlib's deflate states live. malloc() gives memory of that size back to the system and
// fetches it again, page by page, at twice the cost of using it; or it keeps what thousands of
// streams once took, in pieces between what is still in use.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "device/request.h"

namespace warpdrive::software {

/// The memory of one state. It outlives the state: deflateEnd() first, then Release().
class DeflateMemory {
 public:
  DeflateMemory() = default;
  DeflateMemory(const DeflateMemory&) = delete;
  DeflateMemory& operator=(const DeflateMemory&) = delete;
  ~DeflateMemory() { Release(); }

  /// Makes `stream`'s allocations come from here, zeroed as if new, so that no output can depend on
  /// what was there before. Nothing may be attached. @return false if memory ran out
  bool Attach(z_stream* stream, const StreamParams& params);
  void Release();

  /// States of the process that are attached.
  static size_t InUse();

 private:
  static voidpf Allocate(voidpf self, uInt items, uInt size);
  static void Free(voidpf self, voidpf address);
  void* Next(size_t size);

  uint8_t* memory_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
  bool zeroed_ = false;
  std::vector<std::unique_ptr<uint8_t[]>> more_;  ///< what did not fit
};

}  // namespace warpdrive::software
