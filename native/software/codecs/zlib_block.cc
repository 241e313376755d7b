#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "software/codecs/fallback_codec.h"

namespace warpdrive::software {
namespace {

// The memory of one deflate state at a time: zeroed like new for each, but not allocated anew.
class StateMemory {
 public:
  // Hands out everything once more.
  void Rewind() { used_ = 0; }

  static voidpf Allocate(voidpf self, uInt items, uInt size) {
    return static_cast<StateMemory*>(self)->Next(size_t{items} * size);
  }
  static void Free(voidpf, voidpf) {}

 private:
  struct Piece {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size = 0;
  };

  void* Next(size_t size) {
    if (used_ == pieces_.size()) return nullptr;
    Piece& piece = pieces_[used_++];
    if (piece.size != size) {
      piece.bytes.reset(new (std::nothrow) uint8_t[size]);
      piece.size = piece.bytes ? size : 0;
    }
    if (piece.bytes) std::memset(piece.bytes.get(), 0, size);
    return piece.bytes.get();
  }

  std::array<Piece, 16> pieces_;  // zlib asks for five: state, window, chains, hash, symbols
  size_t used_ = 0;
};

class ZlibBlock final : public FallbackCodec {
 protected:
  size_t TryCompress(const BlockJob& job) override {
    // zlib's own level 0 makes its block sizes depend on the space left in the output.
    if (job.codec_level == 0) return StoreBlocks(job);
    z_stream stream{};
    if (!Open(stream, job)) return 0;
    stream.next_in = const_cast<Bytef*>(job.input.data());
    stream.avail_in = static_cast<uInt>(job.input.size());
    stream.next_out = job.output.data();
    stream.avail_out = static_cast<uInt>(job.output.size());
    const int result = deflate(&stream, job.final ? Z_FINISH : Z_SYNC_FLUSH);
    // zlib.h: a flush is complete only if it left some output space.
    const bool done = job.final ? result == Z_STREAM_END : result == Z_OK && stream.avail_out != 0;
    return done ? job.output.size() - stream.avail_out : 0;
  }

 private:
  // deflateReset() would be faster, but in the copy of zlib that Node carries (Chromium's) it is
  // not enough: hashes are of four bytes, so those of the last positions of the history reach into
  // what an earlier job left in the window, and the matches found depend on it.
  bool Open(z_stream& stream, const BlockJob& job) {
    memory_.Rewind();
    stream.zalloc = StateMemory::Allocate;
    stream.zfree = StateMemory::Free;
    stream.opaque = &memory_;
    // Raw deflate with an 8-bit window does not exist (zlib.h, deflateInit2).
    const int window_bits = std::max<int>(job.params.window_bits, 9);
    if (deflateInit2(&stream, job.codec_level, Z_DEFLATED, -window_bits, job.params.mem_level,
                     job.params.strategy) != Z_OK) {
      return false;
    }
    return job.history.empty() ||
           deflateSetDictionary(&stream, job.history.data(),
                                static_cast<uInt>(job.history.size())) == Z_OK;
  }

  StateMemory memory_;
};

}  // namespace

std::unique_ptr<BlockCodec> MakeZlibBlock() {
  return std::unique_ptr<BlockCodec>(new (std::nothrow) ZlibBlock);
}

}  // namespace warpdrive::software
