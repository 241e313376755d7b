#include "software/codecs/block_finder.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>

#include "device/block_pool.h"
#include "software/codecs/block_headers.h"
#include "software/codecs/checksum.h"
#include "software/codecs/inflate_bulk.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {
namespace {

constexpr size_t kMostApart = BlockSearch::kMostApart;
// A block start must decode to more than could be held back, and at least so much more of it must
// be there to compare. Of that at least so many words with bytes that no window can have made.
constexpr size_t kLeastCompared = 4096;
constexpr size_t kLeastSamples = 256;
constexpr size_t kMostSamples = 2048;
// What a search may take, whatever the data: decoded bytes, beside so many times the piece's
// output, and words compared. Some 10 ms each; 2 to 3 ms is what pieces of 256 KiB take.
constexpr size_t kMostDecoded = 4u << 20;
constexpr size_t kMostDecodes = 4;
constexpr size_t kMostWords = 8u << 20;
// Of a try that decodes nothing.
constexpr size_t kCostOfTry = 2048;

/// Eight bytes of output that a block start makes, whatever is in the window before it.
struct Sample {
  uint64_t value;
  uint64_t mask;
  size_t at;
};

uint64_t WordAt(std::span<const uint8_t> bytes, size_t at) {
  uint64_t word;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

/// All bits of the bytes in which both are equal.
uint64_t EqualBytes(uint64_t one, uint64_t other) {
  constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const uint64_t different = one ^ other;
  return (~(((different & kLow) + kLow) | different | kLow) >> 7) * 0xff;
}

/// One search. A window of zeros and one of ones make different bytes wherever the window is looked
/// at: what both make alike is what the stream says itself. It is compared with the piece's output
/// in all places in which it could lie; only if there is exactly one, and if with the window from
/// there every byte comes out as the device delivered it, is it a block start.
class Search {
 public:
  explicit Search(const StreamPiece& piece) : piece_(piece) {}
  ~Search() {
    if (open_) inflateEnd(&stream_);
  }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  bool Open() {
    size_ = piece_.output.size() - std::min(piece_.output.size(), kMostApart);
    memory_ = BlockPool::Instance().Take(2 * size_);
    open_ = memory_ && inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
    one_ = memory_.data();
    other_ = memory_.data() + size_;
    return open_;
  }

  bool Run(BlockStart* start) {
    BlockHeaders headers(piece_.input);
    size_t spent = 0;
    for (size_t bit = headers.Next(); bit != BlockHeaders::kNone; bit = headers.Next()) {
      if (Try(bit, start)) return true;
      // Too far from the end, so its neighbours are, too.
      if (too_far_ != 0) headers.SkipTo(bit / 8 + too_far_ / 2);
      spent += decoded_ + kCostOfTry;
      decoded_ = 0;
      if (spent > kMostDecoded + kMostDecodes * piece_.output.size()) return false;
      if (words_ > kMostWords) return false;
    }
    return false;
  }

 private:
  bool Try(size_t bit, BlockStart* start) {
    std::array<uint8_t, kMaxHistory>& window = start->window;
    window.fill(0);
    const size_t length = Decode(bit, window, one_);
    if (length < kMostApart + kLeastCompared) return false;
    window.fill(0xff);
    if (Decode(bit, window, other_) != length || !TakeSamples(length)) return false;
    size_t at = 0;
    if (!FindPlace(length, &at) || at < kMaxHistory) return false;
    const std::span<const uint8_t> output = piece_.output;
    std::memcpy(window.data(), output.data() + at - kMaxHistory, kMaxHistory);
    if (Decode(bit, window, one_) != length) return false;
    const size_t compared = std::min(length, output.size() - at);
    if (compared < kLeastCompared || std::memcmp(one_, output.data() + at, compared) != 0) {
      return false;
    }
    Describe(bit, at, start);
    return true;
  }

  /// From the block at `bit` to the end of the input. 0 if that is no deflate stream, ends before,
  /// or makes too much.
  size_t Decode(size_t bit, std::span<const uint8_t> window, uint8_t* to) {
    const std::span<const uint8_t> input = piece_.input.subspan(bit / 8);
    const int skipped = static_cast<int>(bit % 8);
    if (inflateReset(&stream_) != Z_OK ||
        inflateSetDictionary(&stream_, window.data(), static_cast<uInt>(window.size())) != Z_OK ||
        (skipped != 0 && inflatePrime(&stream_, 8 - skipped, input[0] >> skipped) != Z_OK)) {
      return 0;
    }
    const std::span<const uint8_t> rest = input.subspan(skipped != 0 ? 1 : 0);
    stream_.next_in = const_cast<Bytef*>(rest.data());
    stream_.avail_in = static_cast<uInt>(rest.size());
    stream_.next_out = to;
    stream_.avail_out = static_cast<uInt>(size_);
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    const size_t length = size_ - stream_.avail_out;
    decoded_ += length;
    too_far_ = stream_.avail_out == 0 ? stream_.avail_in : 0;
    return result == Z_OK && stream_.avail_in == 0 && stream_.avail_out != 0 ? length : 0;
  }

  /// From all over what one_ and other_ have alike.
  bool TakeSamples(size_t length) {
    const std::span<const uint8_t> one(one_, length);
    const std::span<const uint8_t> other(other_, length);
    const auto mask_at = [&](size_t at) { return EqualBytes(WordAt(one, at), WordAt(other, at)); };
    size_t count = 0;
    for (size_t at = 0; at + 8 <= length; at += 8) count += mask_at(at) != 0 ? 1 : 0;
    const size_t stride = count / kMostSamples + 1;
    sample_count_ = 0;
    count = 0;
    for (size_t at = 0; at + 8 <= length; at += 8) {
      const uint64_t mask = mask_at(at);
      if (mask != 0 && count++ % stride == 0) {
        samples_[sample_count_++] = {WordAt(one, at) & mask, mask, at};
      }
    }
    return sample_count_ >= kLeastSamples;
  }

  /// The only place in the output where the samples fit.
  bool FindPlace(size_t length, size_t* place) {
    const size_t end = piece_.output.size();
    const size_t first = end - length - kMostApart;  // Decode() makes no more than size_
    int found = 0;
    for (size_t at = first; at <= first + 2 * kMostApart; ++at) {
      if (!Fits(at)) continue;
      *place = at;
      if (++found == 2 || words_ > kMostWords) return false;
    }
    return found == 1 && words_ <= kMostWords;
  }

  bool Fits(size_t at) {
    const std::span<const uint8_t> output = piece_.output.subspan(at);
    for (size_t i = 0; i < sample_count_ && samples_[i].at + 8 <= output.size(); ++i) {
      ++words_;
      if ((WordAt(output, samples_[i].at) & samples_[i].mask) != samples_[i].value) return false;
    }
    return true;
  }

  void Describe(size_t bit, size_t at, BlockStart* start) const {
    const size_t skipped = bit % 8;
    start->input = piece_.input_at + bit / 8 + (skipped != 0 ? 1 : 0);
    start->output = piece_.output_at + at;
    start->format = piece_.format;
    start->member_output = piece_.member_output + static_cast<uint32_t>(at);
    start->check = ContinueChecksum(piece_.format, piece_.check, piece_.output.first(at));
    start->bits = static_cast<uint8_t>(skipped != 0 ? piece_.input[bit / 8] >> skipped : 0);
    start->bit_count = static_cast<uint8_t>(skipped != 0 ? 8 - skipped : 0);
  }

  const StreamPiece& piece_;
  Block memory_;
  size_t size_ = 0;  ///< of each of the next two
  uint8_t* one_ = nullptr;
  uint8_t* other_ = nullptr;
  z_stream stream_{};
  bool open_ = false;
  size_t decoded_ = 0;  ///< bytes, by this try
  size_t too_far_ = 0;  ///< bytes of input that the last Decode() had no output left for
  size_t words_ = 0;    ///< compared
  size_t sample_count_ = 0;
  std::array<Sample, kMostSamples> samples_;
};

class BlockFinder final : public BlockSearch, public StreamCodec {
 public:
  uint32_t Checksum(Format format, uint32_t before,
                    std::span<const uint8_t> output) const override {
    return ContinueChecksum(format, before, output);
  }

  void SetPiece(const StreamPiece& piece) override {
    piece_ = piece;
    found_ = false;
  }
  StreamContext* context() override { return this; }
  const BlockStart* found() const override { return found_ ? &start_ : nullptr; }

  StreamError error() const override { return {}; }
  StepResult Step(std::span<const uint8_t>, std::span<uint8_t>, Flush) override {
    found_ = false;
    if (piece_.input.size() > kMaxRequestBytes || piece_.output.size() > kMaxRequestBytes ||
        piece_.output.size() < kLeastOutput) {
      return {};
    }
    const std::unique_ptr<Search> search(new (std::nothrow) Search(piece_));
    found_ = search != nullptr && search->Open() && search->Run(&start_);
    return {};
  }

 private:
  StreamPiece piece_;
  BlockStart start_;
  bool found_ = false;
};

}  // namespace

std::unique_ptr<BlockSearch> MakeBlockFinder() {
  if (!HasBulkInflate()) return nullptr;
  return std::unique_ptr<BlockSearch>(new (std::nothrow) BlockFinder);
}

}  // namespace warpdrive::software
