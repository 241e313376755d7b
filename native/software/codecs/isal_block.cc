#ifdef WARPDRIVE_HAVE_ISAL
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <new>

#include "software/codecs/fallback_codec.h"

namespace warpdrive::software {
namespace {

class IsalBlock final : public FallbackCodec {
 protected:
  size_t TryCompress(const BlockJob& job) override {
    // What ISA-L writes depends on the space left in the output (2.30, level 0: the end of a run),
    // so it always gets the same space, if need be elsewhere.
    const size_t bound = BlockBound(job.input.size());
    if (job.output.size() >= bound) return Deflate(job, job.output);
    const std::unique_ptr<uint8_t[]> scratch(new (std::nothrow) uint8_t[bound]);
    if (!scratch) return 0;
    const size_t size = Deflate(job, {scratch.get(), bound});
    if (size > job.output.size()) return 0;
    std::copy_n(scratch.get(), size, job.output.data());
    return size;
  }

 private:
  size_t Deflate(const BlockJob& job, std::span<uint8_t> output) {
    if (!Open(job)) return 0;
    stream_.next_in = const_cast<uint8_t*>(job.input.data());
    stream_.avail_in = static_cast<uint32_t>(job.input.size());
    stream_.next_out = output.data();
    stream_.avail_out = static_cast<uint32_t>(output.size());
    if (isal_deflate(&stream_) != COMP_OK || stream_.avail_in != 0) return 0;
    // igzip_lib.h: all is flushed when the stream is ready for another header, or at its end.
    const isal_zstate_state done = job.final ? ZSTATE_END : ZSTATE_NEW_HDR;
    return stream_.internal_state.state == done ? output.size() - stream_.avail_out : 0;
  }

  // A stream that is as new, with the parameters of `job`.
  bool Open(const BlockJob& job) {
    if (job.codec_level < ISAL_DEF_MIN_LEVEL || job.codec_level > ISAL_DEF_MAX_LEVEL) return false;
    const int window_bits = std::clamp<int>(job.params.window_bits, 8, 15);
    isal_deflate_init(&stream_);
    stream_.level = static_cast<uint32_t>(job.codec_level);
    stream_.level_buf = level_buffer_;
    stream_.level_buf_size = sizeof(level_buffer_);
    stream_.hist_bits = static_cast<uint16_t>(window_bits);
    stream_.flush = job.final ? NO_FLUSH : SYNC_FLUSH;
    stream_.end_of_stream = job.final;
    const auto history = job.history.last(std::min(job.history.size(), size_t{1} << window_bits));
    return history.empty() ||
           isal_deflate_set_dict(&stream_, const_cast<uint8_t*>(history.data()),
                                 static_cast<uint32_t>(history.size())) == COMP_OK;
  }

  isal_zstream stream_{};
  // Enough for all levels; a larger one changes the size by less than 0.01 %.
  alignas(64) uint8_t level_buffer_[ISAL_DEF_LVL3_DEFAULT]{};
};

}  // namespace

std::unique_ptr<BlockCodec> MakeIsalBlock() {
  return std::unique_ptr<BlockCodec>(new (std::nothrow) IsalBlock);
}

}  // namespace warpdrive::software
#endif
