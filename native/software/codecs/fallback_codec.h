// What the block codecs have in common: the cases that need no codec, and the way out when one
// fails.
#pragma once

#include <cstddef>
#include <memory>

#include "software/codecs/block_codec.h"

namespace warpdrive::software {

/// Writes `job.input` as stored blocks (RFC 1951 §3.2.4) with the ending that `job` asks for; the
/// smallest such stream for empty input. Returns the bytes written, 0 if `job.output` is too small.
/// Never more than BlockBound(job.input.size()).
size_t StoreBlocks(const BlockJob& job);

/// Base of the codecs: what a subclass cannot do becomes stored blocks, so that a job with
/// BlockBound() bytes of output always succeeds.
///
/// The codec is never shown more output than BlockBound(), and stored blocks replace its result
/// only if it was shown that much. So the bytes do not depend on how much output is offered, as
/// long as it is enough.
class FallbackCodec : public BlockCodec {
 public:
  size_t Compress(const BlockJob& job) final;

 protected:
  /// As Compress(), for 1 to kMaxRequestBytes bytes of input and up to kMaxHistory of history;
  /// 0 for any reason not to deliver. May have written to `job.output` even then.
  virtual size_t TryCompress(const BlockJob& job) = 0;
};

std::unique_ptr<BlockCodec> MakeZlibBlock();
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
std::unique_ptr<BlockCodec> MakeLibdeflateBlock();
#endif
#ifdef WARPDRIVE_HAVE_ISAL
std::unique_ptr<BlockCodec> MakeIsalBlock();
#endif

}  // namespace warpdrive::software
