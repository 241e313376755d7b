#ifdef WARPDRIVE_HAVE_LIBDEFLATE
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <new>

#include "software/codecs/fallback_codec.h"
#include "software/splice.h"

namespace warpdrive::software {
namespace {

// libdeflate writes whole streams and knows no history: with one it compresses both together, and
// Graft() cuts the history off.
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
    if (!job.history.empty()) return CompressBehind(job, compressor);
    const size_t size = libdeflate_deflate_compress(compressor, job.input.data(), job.input.size(),
                                                    job.output.data(), job.output.size());
    return size == 0 || job.final ? size : Splice(job.output, size);
  }

 private:
  static constexpr int kLevels = 13;

  size_t CompressBehind(const BlockJob& job, libdeflate_compressor* compressor) {
    const size_t whole = job.history.size() + job.input.size();
    const std::span<uint8_t> stream = Sized(stream_, BlockBound(whole));
    const uint8_t* data = job.history.data();
    // Sessions keep them side by side; a preset dictionary stands elsewhere.
    if (data + job.history.size() != job.input.data()) {
      const std::span<uint8_t> joined = Sized(joined_, whole);
      if (joined.empty()) return 0;
      std::copy(job.history.begin(), job.history.end(), joined.begin());
      std::copy(job.input.begin(), job.input.end(), joined.begin() + job.history.size());
      data = joined.data();
    }
    const size_t size =
        libdeflate_deflate_compress(compressor, data, whole, stream.data(), stream.size());
    return size == 0
               ? 0
               : Graft(stream.first(size), job.history.size(), job.input, job.output, job.final);
  }

  struct Memory {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size = 0;
  };

  // `size` bytes that stay for the next block; none if memory ran out.
  static std::span<uint8_t> Sized(Memory& memory, size_t size) {
    if (memory.size < size) {
      memory.bytes.reset(new (std::nothrow) uint8_t[size]);
      memory.size = memory.bytes ? size : 0;
    }
    return {memory.bytes.get(), memory.bytes ? size : 0};
  }

  std::array<libdeflate_compressor*, kLevels> compressors_{};
  Memory stream_;
  Memory joined_;
};

}  // namespace

std::unique_ptr<BlockCodec> MakeLibdeflateBlock() {
  return std::unique_ptr<BlockCodec>(new (std::nothrow) LibdeflateBlock);
}

}  // namespace warpdrive::software
#endif
