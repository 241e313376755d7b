#include "software/codecs/marked_stream.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace warpdrive::software {
namespace {

constexpr uint8_t kGzipId1 = 0x1f;  // RFC 1952 §2.3.1
// Input in which to look for members: a few of them for each thread, if they are of a few
// hundred kilobytes.
constexpr size_t kInputAhead = 4 << 20;

StepResult Result(Status status, size_t consumed, ptrdiff_t produced) {
  return {status, static_cast<uint32_t>(consumed), static_cast<uint32_t>(produced)};
}

}  // namespace

size_t MarkedStream::InputAhead() const {
  return ahead_ != nullptr && ahead_->promising() ? kInputAhead : 0;
}

StepResult MarkedStream::Step(std::span<const uint8_t> input, std::span<uint8_t> output,
                              Flush flush) {
  Pass pass{.input = input,
            .output = output,
            .flush = flush,
            .now = {},
            .marked = {},
            .before_parts = {}};
  pass.now.phase = marks_.output_phase;
  // zlib may hold more output, which still belongs to the write that was used up.
  pass.full = !marks_.input_ends.empty() && marks_.input_ends.front() == 0;
  if (total_consumed_ == 0 && ahead_ != nullptr && !input.empty() && input[0] != kGzipId1) {
    ahead_->ExpectNoMembers();
  }
  if (LooksAhead(pass)) ahead_->Look(input, total_consumed_);
  if (part_ != nullptr) {
    pass.put_in = true;
    pass.from_member = part_->part() == AheadTask::Part::kMember;
    if (!pass.from_member) *first_block_ = *part_block_;
    pass.before_parts.produced = -static_cast<ptrdiff_t>(put_in_);
    const uint32_t unit = std::max<uint32_t>(marks_.output_unit, 1);
    pass.before_parts.phase =
        static_cast<uint32_t>((pass.now.phase + unit - put_in_ % unit) % unit);
  }
  const StepResult result = Run(pass);
  total_consumed_ += result.consumed;
  marks_ = {};
  return result;
}

StepResult MarkedStream::Run(Pass& pass) {
  StepResult result;
  while (true) {
    if (part_ != nullptr) {
      if (!PutIn(pass)) {
        return Result(Status::kOutputFull, pass.now.consumed, pass.now.produced);
      }
    } else if (!TakePart(pass) && !RunPiece(pass, &result)) {
      return result;
    }
  }
}

// Stopping at each block, as Z_BLOCK asks for, is left to zlib.
bool MarkedStream::LooksAhead(const Pass& pass) const {
  return ahead_ != nullptr && pass.flush != Flush::kBlock;
}

bool MarkedStream::TakePart(Pass& pass) {
  const uint64_t at = total_consumed_ + pass.now.consumed;
  if (!LooksAhead(pass) || pass.now.consumed == pass.input.size() || !ahead_->StartsAt(at)) {
    return false;
  }
  const bool member = at_end_;
  if (!member && !NoteBlockStart()) return false;
  part_ = ahead_->Take(member ? AheadTask::Part::kMember : AheadTask::Part::kBlocks, at);
  if (part_ == nullptr) return false;
  if (!member) stream_->Skip(part_->output());
  put_in_ = 0;
  // An output buffer that is full just here is handed over: this part needs another.
  if (marks_.output_unit != 0 && pass.now.phase == 0 && pass.now.produced > 0) {
    pass.marked = pass.now;
    pass.put_in = false;
  }
  if (!pass.put_in) {
    pass.before_parts = pass.now;
    pass.from_member = member;
    if (!member) *first_block_ = *part_block_;
  }
  pass.put_in = true;
  return true;
}

bool MarkedStream::NoteBlockStart() {
  if (part_block_ == nullptr) part_block_.reset(new (std::nothrow) ResumePoint);
  if (first_block_ == nullptr) first_block_.reset(new (std::nothrow) ResumePoint);
  return part_block_ != nullptr && first_block_ != nullptr &&
         stream_->AtBlockStart(part_block_.get());
}

// False if the output is full.
bool MarkedStream::PutIn(Pass& pass) {
  const std::span<const uint8_t> rest = part_->output().subspan(put_in_);
  size_t count = std::min(rest.size(), pass.room());
  if (marks_.output_unit != 0) {
    // A step ends where an output buffer of node:zlib's would be full: what goes into one that this
    // output has no room for waits.
    const size_t over = (pass.now.phase + count) % marks_.output_unit;
    const bool fits = over == 0 || pass.room() - count >= marks_.output_unit - over;
    if (!fits && (over < count || (over == count && pass.now.produced != 0))) count -= over;
  }
  if (count != 0) std::memcpy(pass.output.data() + pass.now.produced, rest.data(), count);
  Advance(pass.now, 0, count);
  put_in_ += count;
  if (count < rest.size()) return false;
  pass.now.consumed += part_->consumed();
  pass.full = false;
  at_end_ = part_->part() == AheadTask::Part::kMember;
  part_ = nullptr;
  return true;
}

// False if the step is over, as *result says.
bool MarkedStream::RunPiece(Pass& pass, StepResult* result) {
  const std::vector<uint32_t>& ends = marks_.input_ends;
  Progress& now = pass.now;
  while (pass.next_mark < ends.size() && ends[pass.next_mark] + (pass.full ? 1 : 0) <= now.consumed)
    ++pass.next_mark;
  const size_t mark = pass.next_mark == ends.size()
                          ? pass.input.size()
                          : std::min<size_t>(ends[pass.next_mark], pass.input.size());
  // No further than where a part begins that can be had.
  size_t end = mark;
  if (LooksAhead(pass)) {
    end = static_cast<size_t>(
        ahead_->NextAfter(total_consumed_ + now.consumed, total_consumed_ + mark) -
        total_consumed_);
  }
  size_t room = pass.room();
  if (marks_.output_unit != 0) {
    const size_t unit = marks_.output_unit - now.phase;
    // A piece smaller than node:zlib's would report other bytes before an error than that does.
    if (room < unit && now.produced != 0) {
      *result = Result(Status::kOutputFull, now.consumed, now.produced);
      return false;
    }
    room = std::min(room, unit);
  }
  const auto run = [&](size_t consumed, size_t produced, size_t space) {
    return stream_->Step(pass.input.subspan(consumed, end - consumed),
                         pass.output.subspan(produced, space),
                         IsLast(pass, end) ? pass.flush : Flush::kNone);
  };
  StepResult piece = run(now.consumed, static_cast<size_t>(now.produced), room);
  if (piece.status == Status::kOutputFull && end != mark && now.consumed + piece.consumed == end) {
    // zlib, which knows of no part here, goes on as far as it comes without room.
    end = mark;
    const StepResult more =
        run(now.consumed + piece.consumed, static_cast<size_t>(now.produced) + piece.produced, 0);
    piece.consumed += more.consumed;
    piece.status = more.status;
  }
  const bool last = IsLast(pass, end);
  if (piece.status == Status::kDataError) {
    *result = Fail(pass);
    return false;
  }
  Advance(now, piece.consumed, piece.produced);
  pass.full = piece.status == Status::kOutputFull;
  at_end_ = piece.status == Status::kStreamEnd;
  if (pass.full || end == mark) {
    pass.marked = now;
    pass.put_in = false;
  }
  *result = Result(piece.status, now.consumed, now.produced);
  switch (piece.status) {
    case Status::kOutputFull:
      return static_cast<size_t>(now.produced) != pass.output.size();
    case Status::kOk:
    case Status::kStreamEnd:
      // At the end of a stream and of a write the next write decides: another member may follow.
      return !last && now.consumed == end;
    default:
      return false;
  }
}

// Whether a piece up to `end` is the one that the flush goes with.
bool MarkedStream::IsLast(const Pass& pass, size_t end) const {
  return end == pass.input.size() &&
         (!marks_.flush_apart || (pass.now.consumed == end && !pass.full));
}

void MarkedStream::Advance(Progress& progress, size_t consumed, size_t produced) const {
  progress.consumed += consumed;
  progress.produced += static_cast<ptrdiff_t>(produced);
  if (marks_.output_unit != 0) {
    progress.phase = static_cast<uint32_t>((progress.phase + produced) % marks_.output_unit);
  }
}

// What counts is the work up to the last mark. If that lies in a part that was put in, the stream
// is decoded again from there.
StepResult MarkedStream::Fail(Pass& pass) {
  const Progress& from = pass.before_parts;
  const size_t size = pass.output.size() -
                      static_cast<size_t>(std::max<ptrdiff_t>(from.produced, 0)) +
                      static_cast<size_t>(std::max<ptrdiff_t>(-from.produced, 0));
  std::unique_ptr<StreamCodec> again;
  if (pass.put_in) {
    again = pass.from_member ? MakeInflateStream(params_, {})
                             : ResumeInflateStream(params_, first_block_->Start());
  }
  const Block scratch = again != nullptr ? BlockPool::Instance().Take(size) : Block();
  if (!scratch) {
    return Result(Status::kDataError, pass.marked.consumed, pass.marked.produced);
  }
  StepMarks marks{.input_ends = {},
                  .output_unit = marks_.output_unit,
                  .output_phase = from.phase,
                  .flush_apart = marks_.flush_apart};
  for (const uint32_t end : marks_.input_ends) {
    if (end > from.consumed) marks.input_ends.push_back(static_cast<uint32_t>(end - from.consumed));
  }
  stream_ = std::move(again);
  MarkedStream exact(std::move(stream_));
  exact.SetMarks(std::move(marks));
  const StepResult result =
      exact.Step(pass.input.subspan(from.consumed), {scratch.data(), size}, pass.flush);
  stream_ = std::move(exact.stream_);
  const ptrdiff_t produced =
      std::min(from.produced + static_cast<ptrdiff_t>(result.produced), pass.now.produced);
  // With nothing passed since, the last mark is the one before.
  if (result.consumed == 0 && result.produced == 0) {
    return Result(result.status, pass.marked.consumed, pass.marked.produced);
  }
  return Result(result.status, from.consumed + result.consumed, std::max<ptrdiff_t>(produced, 0));
}

}  // namespace warpdrive::software
