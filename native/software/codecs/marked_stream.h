// Runs a step of a stream in the pieces in which node:zlib would have run it (StepMarks), and puts
// in members that were decoded ahead.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "software/codecs/member_ahead.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {

class MarkedStream final : public StreamCodec {
 public:
  explicit MarkedStream(std::unique_ptr<StreamCodec> stream) : stream_(std::move(stream)) {}

  /// For a stream of MakeInflateStream(params, ...) that may be gzip: its members after the first
  /// come from `ahead` where they can be had.
  void SetAhead(const StreamParams& params, std::unique_ptr<MemberAhead> ahead) {
    params_ = params;
    ahead_ = std::move(ahead);
  }

  StreamError error() const override { return stream_->error(); }
  void SetMarks(StepMarks marks) override { marks_ = std::move(marks); }
  size_t InputAhead() const override;
  StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush) override;

 private:
  /// How far a step has come, in bytes of its input and output.
  struct Progress {
    size_t consumed = 0;
    ptrdiff_t produced = 0;  ///< below 0 for what an earlier step put out
    uint32_t phase = 0;      ///< of the output buffer, as StepMarks::output_phase
  };
  struct Pass {
    std::span<const uint8_t> input;
    std::span<uint8_t> output;
    Flush flush;
    Progress now;
    Progress marked;          ///< at the last mark
    size_t next_mark = 0;     ///< in marks_.input_ends
    bool full = false;        ///< the last piece filled its output
    bool put_in = false;      ///< members were put in since the last mark,
    Progress before_members;  ///< and this is where the first of them began
    size_t room() const { return output.size() - static_cast<size_t>(now.produced); }
  };
  bool LooksAhead(const Pass& pass) const;
  StepResult Run(Pass& pass);
  bool TakeMember(Pass& pass);
  bool PutIn(Pass& pass);
  bool RunPiece(Pass& pass, StepResult* result);
  bool IsLast(const Pass& pass, size_t end) const;
  StepResult Fail(Pass& pass);
  void Advance(Progress& progress, size_t consumed, size_t produced) const;

  std::unique_ptr<StreamCodec> stream_;
  StepMarks marks_;

  std::unique_ptr<MemberAhead> ahead_;
  StreamParams params_;
  uint64_t total_consumed_ = 0;
  bool at_end_ = false;                 ///< behind a member, where another may follow
  std::shared_ptr<MemberTask> member_;  ///< the one that is being put in
  size_t put_in_ = 0;                   ///< bytes of it so far
  bool members_ = false;                ///< the stream has several
};

}  // namespace warpdrive::software
