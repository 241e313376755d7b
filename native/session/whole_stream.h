// One whole zlib stream in one request: what the one-call functions need, with no session behind
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/request.h"

namespace warpdrive {

/// Wraps what a stateless request compresses, or unwraps what it is to decompress, with no copy.
///
/// Compression gives the bytes that CompressSession gives for a stream of one block. Decompression
/// is for streams about which there is no doubt: one member, a plain header, right checksums,
/// nothing behind it. All others are for DecompressSession, which knows what zlib says of them.
class WholeStream {
 public:
  /// More input is for a session. Not above the block size of any plan.
  static constexpr size_t kMaxInput = 256 * 1024;
  /// Decompression to more than that is for a session.
  static constexpr size_t kMaxOutput = 512 * 1024;

  /// `params` as for a session. Decompression: window_bits 0 or 15, format kAuto too.
  WholeStream(Operation operation, const StreamParams& params)
      : operation_(operation), params_(params) {}

  /// Output space to offer for `input`, in bytes. 0 = this stream is for a session.
  size_t OutputSize(std::span<const uint8_t> input) const;

  /// Whether `size`, from OutputSize(input), is what the stream says of itself. It may lie.
  bool IsExact(std::span<const uint8_t> input, size_t size) const;

  /// Makes request() from the whole stream's input. Both spans stay valid, and input unchanged,
  /// until End(). `output`: OutputSize() bytes or more. @return false: this is for a session
  bool Begin(std::span<const uint8_t> input, std::span<uint8_t> output);
  const Request& request() const { return request_; }

  /// Takes the result. @return false: this is for a session
  bool End(const Completion& completion);
  /// After End(): bytes of `output` that are the result.
  size_t size() const { return size_; }

 private:
  bool Unwrap(std::span<const uint8_t> input);
  bool Confirm(const Completion& completion);

  Operation operation_;
  StreamParams params_;
  std::span<uint8_t> output_;
  Request request_;
  size_t header_size_ = 0;
  const uint8_t* trailer_ = nullptr;  ///< decompression
  size_t size_ = 0;
};

}  // namespace warpdrive
