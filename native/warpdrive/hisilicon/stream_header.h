// The headers of zlib and gzip streams (RFC 1950 §2.2, RFC 1952 §2.3), which the ZIP engine does
// not read: it begins with the deflate data behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/request.h"
#include "warpdrive/hisilicon/zip_sqe.h"

namespace warpdrive::hisilicon {

/// Takes a header in pieces. What is not plain (a preset dictionary, a header checksum, an error of
/// whatever kind) is for software, which knows what zlib would say.
class StreamHeader {
 public:
  enum class State : uint8_t { kMore, kComplete, kRefused };

  /// `format`: kGzip, kZlib, or kAuto for either.
  explicit StreamHeader(Format format) : format_(format) {}

  /// Takes bytes of `input` up to the header's end. `*used` gets how many. kRefused stays.
  State Read(std::span<const uint8_t> input, size_t* used);

  /// After kComplete.
  ZipFormat format() const { return found_; }

 private:
  enum class Part : uint8_t { kFixed, kExtraSize, kExtra, kName, kComment, kDone, kRefused };

  void Take(uint8_t byte);
  void TakeFixed(uint8_t byte);
  void NextPart();

  Format format_;
  ZipFormat found_ = ZipFormat::kGzip;
  Part part_ = Part::kFixed;
  uint8_t first_ = 0;
  uint8_t flags_ = 0;
  uint32_t at_ = 0;     ///< bytes of this part so far
  uint32_t extra_ = 0;  ///< length of the extra field
};

}  // namespace warpdrive::hisilicon
