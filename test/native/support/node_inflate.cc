#include "support/node_inflate.h"

#include <algorithm>
#include <cstdlib>

namespace warpdrive::test {

NodeInflate::NodeInflate(const StreamParams& params, std::span<const uint8_t> dictionary)
    : mode_(params.format), dictionary_(dictionary.begin(), dictionary.end()) {
  int window_bits = params.window_bits;
  if (mode_ == Format::kGzip) window_bits += 16;
  if (mode_ == Format::kAuto) window_bits += 32;
  if (mode_ == Format::kRaw) window_bits = -window_bits;
  if (inflateInit2(&stream_, window_bits) != Z_OK) std::abort();
  if (mode_ == Format::kRaw && !dictionary.empty() &&
      inflateSetDictionary(&stream_, dictionary.data(), static_cast<uInt>(dictionary.size())) !=
          Z_OK) {
    std::abort();
  }
}

NodeInflate::~NodeInflate() { inflateEnd(&stream_); }

void NodeInflate::Detect() {
  size_t at = 0;
  if (magic_seen_ == 0 && stream_.avail_in > at) {
    if (stream_.next_in[at++] == 0x1f) {
      magic_seen_ = 1;
    } else {
      mode_ = Format::kZlib;
    }
  }
  if (magic_seen_ == 1 && stream_.avail_in > at) {
    mode_ = stream_.next_in[at] == 0x8b ? Format::kGzip : Format::kZlib;
  }
}

int NodeInflate::Inflate(int flush) {
  if (mode_ == Format::kAuto) Detect();
  int result = inflate(&stream_, flush);
  if (mode_ != Format::kRaw && result == Z_NEED_DICT && !dictionary_.empty()) {
    result =
        inflateSetDictionary(&stream_, dictionary_.data(), static_cast<uInt>(dictionary_.size()));
    if (result == Z_OK) {
      result = inflate(&stream_, flush);
    } else if (result == Z_DATA_ERROR) {
      result = Z_NEED_DICT;
    }
  }
  while (stream_.avail_in > 0 && mode_ == Format::kGzip && result == Z_STREAM_END &&
         stream_.next_in[0] != 0) {
    inflateReset(&stream_);
    result = inflate(&stream_, flush);
  }
  return result;
}

software::StepResult NodeInflate::Step(std::span<const uint8_t> input, std::span<uint8_t> output,
                                       Flush flush) {
  stream_.next_in = const_cast<Bytef*>(input.data());
  stream_.avail_in = static_cast<uInt>(input.size());
  stream_.next_out = output.data();
  stream_.avail_out = static_cast<uInt>(output.size());
  const int result = Inflate(static_cast<int>(flush));
  software::StepResult step{Status::kOk, static_cast<uint32_t>(input.size() - stream_.avail_in),
                            static_cast<uint32_t>(output.size() - stream_.avail_out)};
  const char* message = nullptr;
  if (result == Z_OK || result == Z_BUF_ERROR) {
    if (stream_.avail_out == 0) step.status = Status::kOutputFull;
    if (stream_.avail_out != 0 && flush == Flush::kFinish) message = "unexpected end of file";
  } else if (result == Z_STREAM_END) {
    step.status = Status::kStreamEnd;
  } else if (result == Z_NEED_DICT) {
    message = dictionary_.empty() ? "Missing dictionary" : "Bad dictionary";
  } else {
    message = "Zlib error";
  }
  if (message != nullptr) {
    step.status = Status::kDataError;
    error_ = {result, stream_.msg != nullptr ? stream_.msg : message};
  }
  return step;
}

Outcome FeedTo(software::StreamCodec& codec, std::span<const uint8_t> stream,
               const Feeding& feeding, Random random) {
  Outcome outcome;
  Bytes output(feeding.max_output);
  size_t at = 0;
  for (const size_t end : feeding.ends) {
    const Flush flush = end == stream.size() ? feeding.last_flush : feeding.flush;
    Status status = Status::kOutputFull;
    while (status == Status::kOutputFull) {
      const std::span<uint8_t> room(output.data(), random.Between(1, output.size()));
      const software::StepResult step = codec.Step(stream.subspan(at, end - at), room, flush);
      if (step.consumed > end - at || step.produced > room.size()) std::abort();
      status = step.status;
      at += step.consumed;
      outcome.data.insert(outcome.data.end(), room.begin(), room.begin() + step.produced);
      if (status == Status::kOutputFull && step.produced != room.size()) std::abort();
    }
    outcome.ended = status == Status::kStreamEnd;
    outcome.consumed = outcome.ended ? at : 0;
    if (status == Status::kDataError) {
      outcome.error = codec.error().code;
      outcome.message = codec.error().message;
      return outcome;
    }
    outcome.sizes.push_back(outcome.data.size());
    if (at != end) return outcome;  // not interested in more
  }
  return outcome;
}

std::string InflateDifference(const StreamParams& params, std::span<const uint8_t> dictionary,
                              std::span<const uint8_t> stream, const Feeding& feeding,
                              Random& random) {
  const Random same(random.Next());
  NodeInflate node(params, dictionary);
  const Outcome want = FeedTo(node, stream, feeding, same);
  const auto codec = software::MakeInflateStream(params, dictionary);
  const Outcome have = FeedTo(*codec, stream, feeding, same);

  const auto differ = [](const std::string& what, const auto& a, const auto& b) {
    return what + ": " + a + " instead of " + b;
  };
  using std::to_string;
  if (have.message != want.message) return differ("message", have.message, want.message);
  if (have.error != want.error)
    return differ("error", to_string(have.error), to_string(want.error));
  if (have.data.size() != want.data.size()) {
    return differ("size", to_string(have.data.size()), to_string(want.data.size()));
  }
  if (have.data != want.data) return "data";
  if (have.ended != want.ended) return have.ended ? "ended" : "not ended";
  if (have.consumed != want.consumed) {
    return differ("consumed", to_string(have.consumed), to_string(want.consumed));
  }
  const auto at =
      std::mismatch(have.sizes.begin(), have.sizes.end(), want.sizes.begin(), want.sizes.end());
  if (at.first != have.sizes.end() && at.second != want.sizes.end()) {
    return differ("size after piece " + to_string(at.first - have.sizes.begin()),
                  to_string(*at.first), to_string(*at.second));
  }
  if (have.sizes.size() != want.sizes.size()) {
    return differ("pieces", to_string(have.sizes.size()), to_string(want.sizes.size()));
  }
  return "";
}

Feeding WholeFeeding(size_t size) { return {{size}, 256 << 10}; }

Feeding FileFeeding(size_t size) {
  Feeding feeding{{}, 256 << 10};
  for (size_t at = 0; at < size;) feeding.ends.push_back(at = std::min(size, at + (64 << 10)));
  return feeding;
}

Feeding ByteFeeding(size_t size, size_t from, size_t to) {
  Feeding feeding{{from}, 4000};
  while (feeding.ends.back() < std::min(to, size)) feeding.ends.push_back(feeding.ends.back() + 1);
  if (feeding.ends.back() != size) feeding.ends.push_back(size);
  return feeding;
}

Feeding RandomFeeding(size_t size, size_t max_piece, Random& random) {
  Feeding feeding;
  size_t at = 0;
  do {
    at = std::min(size, at + random.Between(1, max_piece));
    feeding.ends.push_back(at);
  } while (at != size);
  // From a byte to 256 KiB, each magnitude as likely; not so small that it takes forever.
  feeding.max_output = size_t{1} << random.Between(size > 50000 ? 8 : 0, 18);
  return feeding;
}

}  // namespace warpdrive::test
