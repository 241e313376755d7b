#include "software/codecs/inflate_bulk.h"

#ifdef WARPDRIVE_HAVE_ISAL
#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "software/codecs/checksum.h"
#include "software/codecs/inflate_blocks.h"
#include "software/codecs/inflate_replay.h"
#endif

namespace warpdrive::software {

#ifdef WARPDRIVE_HAVE_ISAL
namespace {

class IsalInflate final : public BulkInflate {
 public:
  bool Start(const BulkStart& start) {
    blocks_.reset(new (std::nothrow) InflateBlocks);
    if (blocks_ == nullptr) return false;
    blocks_->Start(start.window, start.bits, start.bit_count);
    format_ = start.format;
    check_ = start.check;
    total_out_ = start.total_out;
    return true;
  }

  int Inflate(z_stream* io, int flush) override {
    if (!data_ended_) {
      const Bytef* const out = io->next_out;
      const int result = InflateData(io, flush);
      Count({out, static_cast<size_t>(io->next_out - out)});
      if (result != Z_STREAM_END) return result;
      data_ended_ = true;
    }
    return ReadTrailer(io);
  }

  bool AtBlockStart(ResumePoint* point) const override {
    if (data_ended_ || blocks_ == nullptr || !blocks_->AtBlockStart()) return false;
    const std::span<const uint8_t> window = blocks_->Window();
    point->format = format_;
    point->check = check_;
    point->total_out = total_out_;
    point->window_size = static_cast<uint32_t>(window.size());
    std::memcpy(point->window.data(), window.data(), window.size());
    return true;
  }

  void Skip(std::span<const uint8_t> output) override {
    std::array<uint8_t, kMaxHistory> window;
    const std::span<const uint8_t> fresh = output.last(std::min(output.size(), window.size()));
    const std::span<const uint8_t> before = blocks_->Window();
    const auto kept = before.last(std::min(before.size(), window.size() - fresh.size()));
    std::copy(kept.begin(), kept.end(), window.begin());
    std::copy(fresh.begin(), fresh.end(), window.begin() + static_cast<ptrdiff_t>(kept.size()));
    blocks_->Start(std::span<const uint8_t>(window).first(kept.size() + fresh.size()), 0, 0);
    Count(output);
  }

 private:
  void Count(std::span<const uint8_t> output) {
    total_out_ += static_cast<uint32_t>(output.size());
    if (format_ == Format::kGzip) check_ = Crc32(check_, output);
    if (format_ == Format::kZlib) check_ = Adler32(check_, output);
  }

  // Raw deflate. Z_STREAM_END behind the last block.
  int InflateData(z_stream* io, int flush) {
    if (blocks_ != nullptr) {
      // Stopping at each block, as Z_BLOCK asks for, is left to zlib.
      InflateBlocks::Stop stop = InflateBlocks::Stop::kGiveUp;
      if (flush != Z_BLOCK) {
        std::span<const uint8_t> input(io->next_in, io->avail_in);
        std::span<uint8_t> output(io->next_out, io->avail_out);
        stop = blocks_->Run(&input, &output);
        io->next_in = const_cast<Bytef*>(input.data());
        io->avail_in = static_cast<uInt>(input.size());
        io->next_out = output.data();
        io->avail_out = static_cast<uInt>(output.size());
      }
      if (stop == InflateBlocks::Stop::kEnd) return Z_STREAM_END;
      if (stop != InflateBlocks::Stop::kGiveUp) return Z_OK;
      if (!GiveUp()) return Z_MEM_ERROR;
    }
    return replay_->Inflate(io, flush);
  }

  // From here on by zlib.
  bool GiveUp() {
    replay_.reset(new (std::nothrow) InflateReplay);
    if (replay_ == nullptr || !replay_->Start(&blocks_->checkpoint())) return false;
    blocks_ = nullptr;
    return true;
  }

  // RFC 1950 §2.2, RFC 1952 §2.3.1. Checks each half as soon as it is complete, as zlib does.
  int ReadTrailer(z_stream* io) {
    const size_t size = format_ == Format::kGzip ? 8 : format_ == Format::kZlib ? 4 : 0;
    while (trailer_size_ < size) {
      if (io->avail_in == 0) return Z_OK;
      trailer_[trailer_size_++] = *io->next_in++;
      --io->avail_in;
      if (trailer_size_ == 4 && TrailerWord(0) != check_) {
        return Damaged(io, "incorrect data check");
      }
      if (trailer_size_ == 8 && TrailerWord(4) != total_out_) {
        return Damaged(io, "incorrect length check");
      }
    }
    return Z_STREAM_END;
  }

  uint32_t TrailerWord(size_t at) const {
    uint32_t word = 0;
    for (size_t i = 0; i < 4; ++i) {
      const size_t shift = format_ == Format::kGzip ? i : 3 - i;
      word |= uint32_t{trailer_[at + i]} << (8 * shift);
    }
    return word;
  }

  // If ISA-L has let anything pass that zlib would not, zlib names the real reason.
  int Damaged(z_stream* io, const char* message) {
    io->msg = const_cast<char*>(message);
    if (blocks_ == nullptr || !GiveUp()) return Z_DATA_ERROR;
    z_stream nothing{};
    Bytef nowhere = 0;
    nothing.next_out = &nowhere;
    if (replay_->Inflate(&nothing, Z_NO_FLUSH) == Z_DATA_ERROR) io->msg = nothing.msg;
    return Z_DATA_ERROR;
  }

  std::unique_ptr<InflateBlocks> blocks_;  // until it gives up,
  std::unique_ptr<InflateReplay> replay_;  // then this
  Format format_ = Format::kRaw;
  uint32_t check_ = 0;
  uint32_t total_out_ = 0;
  bool data_ended_ = false;
  std::array<uint8_t, 8> trailer_{};
  size_t trailer_size_ = 0;
};

}  // namespace

bool HasBulkInflate() { return true; }

std::unique_ptr<BulkInflate> MakeBulkInflate(const BulkStart& start) {
  std::unique_ptr<IsalInflate> bulk(new (std::nothrow) IsalInflate);
  if (bulk == nullptr || !bulk->Start(start)) return nullptr;
  return bulk;
}

#else

bool HasBulkInflate() { return false; }

std::unique_ptr<BulkInflate> MakeBulkInflate(const BulkStart&) { return nullptr; }

#endif

}  // namespace warpdrive::software
