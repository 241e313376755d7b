// Runs a step of a stream in the pieces in which node:zlib would have run it (StepMarks), and puts
// in parts that were decoded ahead.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "software/codecs/decode_ahead.h"
#include "software/codecs/inflate_bulk.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {

class MarkedStream final : public StreamCodec {
 public:
  explicit MarkedStream(std::unique_ptr<StreamCodec> stream) : stream_(std::move(stream)) {}

  /// For a stream of MakeInflateStream(params, ...): its parts come from `ahead` where they can be
  /// had.
  void SetAhead(const StreamParams& params, std::unique_ptr<DecodeAhead> ahead) {
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
    Progress marked;           ///< at the last mark
    size_t next_mark = 0;      ///< in marks_.input_ends
    bool full = false;         ///< the last piece filled its output
    bool put_in = false;       ///< parts were put in since the last mark,
    Progress before_parts;     ///< and this is where the first of them began
    bool from_member = false;  ///< which was a member; else first_block_ is its start
    size_t room() const { return output.size() - static_cast<size_t>(now.produced); }
  };
  bool LooksAhead(const Pass& pass) const;
  StepResult Run(Pass& pass);
  bool TakePart(Pass& pass);
  bool NoteBlockStart();
  bool PutIn(Pass& pass);
  bool RunPiece(Pass& pass, StepResult* result);
  bool IsLast(const Pass& pass, size_t end) const;
  StepResult Fail(Pass& pass);
  void Advance(Progress& progress, size_t consumed, size_t produced) const;

  std::unique_ptr<StreamCodec> stream_;
  StepMarks marks_;

  std::unique_ptr<DecodeAhead> ahead_;
  StreamParams params_;
  uint64_t total_consumed_ = 0;
  bool at_end_ = false;              ///< behind a member, where another may follow
  std::shared_ptr<AheadTask> part_;  ///< the one that is being put in
  size_t put_in_ = 0;                ///< bytes of it so far
  // Where the stream was before it, if it is a run of blocks, and before the first of a pass.
  std::unique_ptr<ResumePoint> part_block_;
  std::unique_ptr<ResumePoint> first_block_;
};

}  // namespace warpdrive::software
