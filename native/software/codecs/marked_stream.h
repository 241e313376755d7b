// Runs a step of a stream in the pieces in which node:zlib would have run it (StepMarks).
#pragma once

#include <memory>
#include <utility>

#include "software/codecs/stream_codec.h"

namespace warpdrive::software {

class MarkedStream final : public StreamCodec {
 public:
  explicit MarkedStream(std::unique_ptr<StreamCodec> stream) : stream_(std::move(stream)) {}

  StreamError error() const override { return stream_->error(); }
  void SetMarks(StepMarks marks) override { marks_ = std::move(marks); }
  StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush) override;

 private:
  std::unique_ptr<StreamCodec> stream_;
  StepMarks marks_;
};

}  // namespace warpdrive::software
