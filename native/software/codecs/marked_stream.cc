#include "software/codecs/marked_stream.h"

#include <algorithm>

namespace warpdrive::software {

StepResult MarkedStream::Step(std::span<const uint8_t> input, std::span<uint8_t> output,
                              Flush flush) {
  size_t consumed = 0;
  size_t produced = 0;
  uint32_t phase = marks_.output_phase;
  auto mark = marks_.input_ends.begin();
  // The last piece filled its output: zlib may hold more, which still belongs to the same write.
  bool full = mark != marks_.input_ends.end() && *mark == 0;
  const auto done = [&](Status status) {
    marks_ = {};
    return StepResult{status, static_cast<uint32_t>(consumed), static_cast<uint32_t>(produced)};
  };
  while (true) {
    while (mark != marks_.input_ends.end() && *mark + (full ? 1 : 0) <= consumed) ++mark;
    const size_t end =
        mark == marks_.input_ends.end() ? input.size() : std::min<size_t>(*mark, input.size());
    size_t room = output.size() - produced;
    if (marks_.output_unit != 0) {
      const size_t unit = marks_.output_unit - phase;
      // A piece smaller than node:zlib's would report other bytes before an error than that does.
      if (room < unit && produced != 0) return done(Status::kOutputFull);
      room = std::min(room, unit);
    }
    const bool last = end == input.size() && (!marks_.flush_apart || (consumed == end && !full));
    const StepResult piece =
        stream_->Step(input.subspan(consumed, end - consumed), output.subspan(produced, room),
                      last ? flush : Flush::kNone);
    if (piece.status == Status::kDataError) return done(piece.status);
    consumed += piece.consumed;
    produced += piece.produced;
    if (marks_.output_unit != 0) phase = (phase + piece.produced) % marks_.output_unit;
    full = piece.status == Status::kOutputFull;
    switch (piece.status) {
      case Status::kOutputFull:
        if (produced == output.size()) return done(piece.status);
        break;
      case Status::kOk:
      case Status::kStreamEnd:
        // At the end of a stream and of a write the next write decides: another member may follow.
        if (last || consumed != end) return done(piece.status);
        break;
      default:
        return done(piece.status);
    }
  }
}

}  // namespace warpdrive::software
