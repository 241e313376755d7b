#ifdef WARPDRIVE_HAVE_LIBDEFLATE
#include <libdeflate.h>

#include <array>
#include <new>

#include "software/codecs/fallback_codec.h"
#include "software/splice.h"

namespace warpdrive::software {
namespace {

// Always writes whole streams without regard to history; Splice() makes them continue.
class LibdeflateBlock final : public FallbackCodec {
 public:
  ~LibdeflateBlock() override {
    for (libdeflate_compressor* compressor : compressors_) libdeflate_free_compressor(compressor);
  }

 protected:
  size_t TryCompress(const BlockJob& job) override {
    if (job.codec_level < 0 || job.codec_level >= kLevels) return 0;
    libdeflate_compressor*& compressor = compressors_[job.codec_level];
    if (!compressor) compressor = libdeflate_alloc_compressor(job.codec_level);
    if (!compressor) return 0;
    const size_t size = libdeflate_deflate_compress(compressor, job.input.data(), job.input.size(),
                                                    job.output.data(), job.output.size());
    return size == 0 || job.final ? size : Splice(job.output, size);
  }

 private:
  static constexpr int kLevels = 13;
  std::array<libdeflate_compressor*, kLevels> compressors_{};
};

}  // namespace

std::unique_ptr<BlockCodec> MakeLibdeflateBlock() {
  return std::unique_ptr<BlockCodec>(new (std::nothrow) LibdeflateBlock);
}

}  // namespace warpdrive::software
#endif
