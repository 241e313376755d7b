// zlib takes over a deflate stream from a checkpoint.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "software/codecs/inflate_checkpoint.h"

namespace warpdrive::software {

/// Inflates the rest of a raw deflate stream. What zlib says from here on is what it would have
/// said had it inflated the stream from its start.
class InflateReplay {
 public:
  InflateReplay() = default;
  InflateReplay(const InflateReplay&) = delete;
  InflateReplay& operator=(const InflateReplay&) = delete;
  ~InflateReplay();

  /// Takes the input out of `checkpoint`. False if memory ran out.
  bool Start(InflateCheckpoint* checkpoint);

  /// As zlib's inflate() on `io`, of which it uses the pointers, counts and msg. The input kept in
  /// the checkpoint comes before the input of `io`; output that had been delivered is dropped.
  int Inflate(z_stream* io, int flush);

 private:
  int InflateOnce(z_stream* io, int flush);

  z_stream stream_{};
  bool open_ = false;
  KeptInput kept_;
  size_t kept_used_ = 0;
  uint64_t drop_ = 0;  // bytes of output that the caller already has
  std::array<uint8_t, 16 << 10> dropped_;
};

}  // namespace warpdrive::software
