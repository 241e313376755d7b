#include "software/codecs/inflate_replay.h"

#include <algorithm>
#include <utility>

namespace warpdrive::software {

InflateReplay::~InflateReplay() {
  if (open_) inflateEnd(&stream_);
}

bool InflateReplay::Start(InflateCheckpoint* checkpoint) {
  open_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
  if (!open_) return false;
  kept_ = std::move(checkpoint->input);
  drop_ = checkpoint->delivered;
  return inflateSetDictionary(&stream_, checkpoint->window.data(), checkpoint->window_size) ==
             Z_OK &&
         inflatePrime(&stream_, checkpoint->bit_count, checkpoint->bits) == Z_OK;
}

int InflateReplay::Inflate(z_stream* io, int flush) {
  for (;;) {
    const bool dropping = drop_ != 0;
    const bool keeping = kept_used_ != kept_.size();
    const int result = InflateOnce(io, flush);
    if (result != Z_OK && result != Z_BUF_ERROR) {
      if (stream_.msg != nullptr) io->msg = stream_.msg;
      return result;
    }
    const bool dry = stream_.avail_in == 0;
    if (dropping) {
      if (drop_ != 0 && dry && !keeping) return result;
    } else if (!keeping || !dry || (flush == Z_BLOCK && (stream_.data_type & 128) != 0)) {
      return result;
    }
  }
}

// From one input, the kept or the new one, to one output, the dropped or the wanted one.
int InflateReplay::InflateOnce(z_stream* io, int flush) {
  const bool dropping = drop_ != 0;
  const bool keeping = kept_used_ != kept_.size();
  const auto kept = kept_.bytes().subspan(kept_used_);
  stream_.next_in = keeping ? const_cast<Bytef*>(kept.data()) : io->next_in;
  stream_.avail_in = keeping ? static_cast<uInt>(kept.size()) : io->avail_in;
  const uInt room = static_cast<uInt>(std::min<uint64_t>(dropped_.size(), drop_));
  stream_.next_out = dropping ? dropped_.data() : io->next_out;
  stream_.avail_out = dropping ? room : io->avail_out;

  const int result = inflate(&stream_, dropping ? Z_NO_FLUSH : flush);
  if (keeping) {
    kept_used_ = kept_.size() - stream_.avail_in;
  } else {
    io->next_in = stream_.next_in;
    io->avail_in = stream_.avail_in;
  }
  if (dropping) {
    drop_ -= room - stream_.avail_out;
  } else {
    io->next_out = stream_.next_out;
    io->avail_out = stream_.avail_out;
  }
  return result;
}

}  // namespace warpdrive::software
