#include <zlib.h>

#include <algorithm>

#include "model/codec.h"
#include "model/registers.h"

namespace warpdrive::model {
namespace {

// A block header is at most 3 + 14 + 19 * 3 + 316 * 14 bits.
constexpr size_t kRecent = 1024;
constexpr uint32_t kMaxHeadBits = 63;

// inflate()'s data_type (zlib.h): unused bits in [5:0], then these.
constexpr int kBits = 63;
constexpr int kLastBlock = 64;
constexpr int kBetweenBlocks = 128;
constexpr int kAfterHeader = 256;

}  // namespace

struct Decompressor::Zlib {
  z_stream stream{};
  bool usable = false;
};

Decompressor::Decompressor(uint8_t request, bool read_ahead)
    : zlib_(new Zlib), request_(request), read_ahead_(read_ahead), sum_(request) {
  zlib_->usable = inflateInit2(&zlib_->stream, -15) == Z_OK;
}

Decompressor::~Decompressor() {
  if (zlib_->usable) inflateEnd(&zlib_->stream);
}

uint32_t Decompressor::head_bits() const {
  const uint32_t zlib_bits = body_ended_ ? 0 : zlib_->stream.data_type & kBits;
  return zlib_bits + 8 * static_cast<uint32_t>(cache_.size());
}

uint64_t Decompressor::head_value() const {
  uint64_t value = 0;
  uint32_t filled = 0;
  const uint32_t zlib_bits = body_ended_ ? 0 : zlib_->stream.data_type & kBits;
  const uint64_t end = static_cast<uint64_t>(zlib_->stream.total_in) * 8;
  for (uint32_t i = 0; i < zlib_bits; ++i) {
    value |= static_cast<uint64_t>(BitAt(end - zlib_bits + i)) << filled++;
  }
  for (const uint8_t byte : cache_) {
    value |= static_cast<uint64_t>(byte) << filled;
    filled += 8;
  }
  return value;
}

uint32_t Decompressor::BitAt(uint64_t bit) const {
  const uint64_t first = zlib_->stream.total_in - recent_.size();
  const uint64_t byte = bit / 8;
  if (byte < first || byte - first >= recent_.size()) return 0;
  return recent_[byte - first] >> (bit % 8) & 1;
}

void Decompressor::Track(const uint8_t* used, size_t size) {
  const size_t part = std::min(size, kRecent);
  recent_.insert(recent_.end(), used + size - part, used + size);
  if (recent_.size() > kRecent) recent_.erase(recent_.begin(), recent_.end() - kRecent);
}

void Decompressor::AfterHeader() {
  at_boundary_ = false;
  stored_ = BitAt(block_bit_ + 1) == 0 && BitAt(block_bit_ + 2) == 0;
  stored_left_ = 0;
  if (!stored_) return;
  const size_t end = recent_.size();
  if (end >= 4) stored_left_ = recent_[end - 4] | recent_[end - 3] << 8;
}

bool Decompressor::Body(const std::vector<uint8_t>& feed, size_t* at, std::vector<uint8_t>* output,
                        size_t capacity) {
  z_stream& stream = zlib_->stream;
  size_t produced = output->size();
  output->resize(produced + capacity);
  stream.avail_out = static_cast<uInt>(capacity);
  int before = -1;
  bool good = true;
  for (;;) {
    stream.next_in = const_cast<Bytef*>(feed.data() + *at);
    stream.avail_in = static_cast<uInt>(feed.size() - *at);
    stream.next_out = output->data() + produced;
    const uInt space = stream.avail_out;
    const int result = inflate(&stream, Z_TREES);
    const size_t used = feed.size() - *at - stream.avail_in;
    const size_t made = space - stream.avail_out;
    Track(feed.data() + *at, used);
    sum_.Update(output->data() + produced, made);
    window_.Append(output->data() + produced, made);
    *at += used;
    produced += made;
    stored_left_ -= static_cast<uint32_t>(std::min<size_t>(made, stored_left_));
    if ((stream.data_type & kLastBlock) != 0) final_ = true;
    if (result == Z_STREAM_END) {
      body_ended_ = true;
      at_boundary_ = false;
      break;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
      good = false;
      break;
    }
    if ((stream.data_type & kBetweenBlocks) != 0) {
      at_boundary_ = true;
      block_bit_ = static_cast<uint64_t>(stream.total_in) * 8 - (stream.data_type & kBits);
    } else if ((stream.data_type & kAfterHeader) != 0 && at_boundary_) {
      AfterHeader();
    }
    // Its mode may have changed without bytes going in or out: then there is more to do.
    if (used == 0 && made == 0 && stream.data_type == before) break;
    before = stream.data_type;
  }
  output->resize(produced);
  return good;
}

size_t Decompressor::ReadAhead(const std::vector<uint8_t>& feed, size_t at) const {
  const uint32_t zlib_bits = zlib_->stream.data_type & kBits;
  size_t most = std::min<size_t>(feed.size() - at, (kMaxHeadBits - zlib_bits) / 8);
  if (most == 0) return 0;
  // Never beyond the end of the body: what follows is not the stream's.
  z_stream ahead{};
  if (inflateCopy(&ahead, &zlib_->stream) != Z_OK) return 0;
  std::vector<uint8_t> scratch(65536);
  ahead.next_in = const_cast<Bytef*>(feed.data() + at);
  ahead.avail_in = static_cast<uInt>(most);
  ahead.next_out = scratch.data();
  ahead.avail_out = static_cast<uInt>(scratch.size());
  const bool ends = inflate(&ahead, Z_SYNC_FLUSH) == Z_STREAM_END;
  most -= ends ? ahead.avail_in : 0;
  inflateEnd(&ahead);
  // Software can tell that the context holds the rest of the stream only in the last block, or,
  // raw deflate, from the cached bits between blocks. Elsewhere some input must stay.
  const bool can_tell = final_ || (at_boundary_ && request_ == request::kRaw);
  if (!can_tell && at + most == feed.size()) --most;
  return most;
}

Decompressor::Result Decompressor::Step(const uint8_t* input, size_t size,
                                        std::vector<uint8_t>* output, size_t capacity,
                                        size_t* consumed) {
  *consumed = 0;
  if (!zlib_->usable) return Result::kBadData;
  const size_t cached = cache_.size();
  std::vector<uint8_t> feed = std::move(cache_);
  cache_.clear();
  feed.insert(feed.end(), input, input + size);
  size_t at = 0;
  const size_t before = output->size();
  if (!body_ended_ && !Body(feed, &at, output, capacity)) {
    *consumed = at > cached ? at - cached : 0;
    return Result::kBadData;
  }
  const bool full = output->size() - before == capacity;
  state_ = 0;
  if (!body_ended_) {
    if (at_boundary_) {
      state_ = stream::kBlockNotStarted;
    } else if (full) {
      state_ = final_ && !stored_ ? stream::kNoSpaceInLastBlock : stream::kNoSpace;
    }
    if (at < feed.size()) {
      // What was in the context stays there.
      size_t taken = at < cached ? cached - at : 0;
      if (full && read_ahead_) taken = std::max(taken, ReadAhead(feed, at));
      cache_.assign(feed.begin() + at, feed.begin() + at + taken);
      at += taken;
    }
    *consumed = at - cached;
    return Result::kMore;
  }
  const size_t wanted = PlainSum::TrailerSize(request_) - trailer_.size();
  const size_t part = std::min(wanted, feed.size() - at);
  trailer_.insert(trailer_.end(), feed.begin() + at, feed.begin() + at + part);
  at += part;
  *consumed = at > cached ? at - cached : 0;
  if (part < wanted) return Result::kMore;
  return trailer_ == sum_.Trailer() ? Result::kEnd : Result::kChecksum;
}

}  // namespace warpdrive::model
