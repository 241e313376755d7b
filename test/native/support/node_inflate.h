// node:zlib's decompression streams in a few lines of plain zlib, as the judge of stream codecs.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "software/codecs/stream_codec.h"
#include "support/data.h"

namespace warpdrive::test {

/// What ZlibContext (node's src/node_zlib.cc) does per write, with inflate() called once wherever
/// it is called there.
class NodeInflate final : public software::StreamCodec {
 public:
  NodeInflate(const StreamParams& params, std::span<const uint8_t> dictionary);
  ~NodeInflate() override;
  software::StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output,
                            Flush flush) override;
  StreamError error() const override { return error_; }

 private:
  void Detect();
  int Inflate(int flush);

  Format mode_;
  int magic_seen_ = 0;
  Bytes dictionary_;
  z_stream stream_{};
  StreamError error_;
};

/// How a stream is fed to a codec.
struct Feeding {
  std::vector<size_t> ends;  ///< where each piece of input ends; the last is the stream's size
  size_t max_output = 1;     ///< each step gets 1 to so many bytes of output
  Flush flush = Flush::kNone;
  Flush last_flush = Flush::kFinish;  ///< with the last piece
};

/// All that a consumer can see of a stream.
struct Outcome {
  Bytes data;
  std::vector<size_t> sizes;  ///< of data when the 1st, 2nd, ... piece was used up
  size_t consumed = 0;        ///< if `ended`
  bool ended = false;
  int error = 0;
  std::string message;
};

/// Feeds until the stream ends, fails, or all input is used. Steps whose output is full are
/// repeated with the rest, as node does.
Outcome FeedTo(software::StreamCodec& codec, std::span<const uint8_t> stream,
               const Feeding& feeding, Random random);

/// Feeds `stream` to MakeInflateStream() and to NodeInflate. Empty if all that can be seen is the
/// same, else what is not.
std::string InflateDifference(const StreamParams& params, std::span<const uint8_t> dictionary,
                              std::span<const uint8_t> stream, const Feeding& feeding,
                              Random& random);

/// One piece, into outputs of up to 256 KiB.
Feeding WholeFeeding(size_t size);
/// Pieces of 64 KiB into outputs of up to 256 KiB.
Feeding FileFeeding(size_t size);
/// One piece up to `from`, then single bytes up to `to`, then the rest.
Feeding ByteFeeding(size_t size, size_t from, size_t to);
/// Pieces of 1 to `max_piece` bytes into outputs of any size.
Feeding RandomFeeding(size_t size, size_t max_piece, Random& random);

}  // namespace warpdrive::test
