#include "software/splice.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "software/bit_sink.h"
#include "software/deflate_walk.h"

namespace warpdrive::software {
namespace {

// Clears the BFINAL bit at `header`, and from bit `end` on writes an empty stored block. @return
// the size in bytes: at most kSpliceExtra more than `end` takes
size_t LeaveOpen(std::span<uint8_t> buffer, size_t header, size_t end) {
  buffer[header / 8] &= ~(1u << (header % 8));
  size_t size = (end + 7) / 8;
  // The padding becomes the stored block's header: BFINAL 0, BTYPE 00, more padding (§3.2.4).
  if (end % 8 != 0) buffer[end / 8] &= (1u << (end % 8)) - 1;
  if (end % 8 == 0 || end % 8 > 5) buffer[size++] = 0;
  constexpr uint8_t kEmpty[] = {0x00, 0x00, 0xff, 0xff};
  std::copy(std::begin(kEmpty), std::end(kEmpty), buffer.begin() + size);
  return size + sizeof(kEmpty);
}

// Of the fixed literal/length code (§3.2.6).
void PutFixed(BitSink& sink, uint32_t symbol) {
  if (symbol < 144) return sink.PutCode(0x30 + symbol, 8);
  if (symbol < 256) return sink.PutCode(0x190 + symbol - 144, 9);
  if (symbol < 280) return sink.PutCode(symbol - 256, 7);
  sink.PutCode(0xc0 + symbol - 280, 8);
}

template <typename Bases>
uint32_t SymbolFor(const Bases& bases, uint32_t value) {
  return static_cast<uint32_t>(std::upper_bound(bases.begin(), bases.end(), value) - bases.begin() -
                               1);
}

// The rest of the match that crosses the end of the history, as a block with the fixed codes.
void PutRest(BitSink& sink, const WalkCut& cut, std::span<const uint8_t> bytes) {
  sink.Put(0b010, 3);  // BFINAL 0, BTYPE 01
  if (cut.over < kLengthBase.front()) {
    for (uint8_t byte : bytes) PutFixed(sink, byte);
  } else {
    const uint32_t length = SymbolFor(kLengthBase, cut.over);
    PutFixed(sink, kEndOfBlock + 1 + length);
    sink.Put(cut.over - kLengthBase[length], kLengthExtra[length]);
    const uint32_t distance = SymbolFor(kDistanceBase, cut.distance);
    sink.PutCode(distance, 5);
    sink.Put(cut.distance - kDistanceBase[distance], kDistanceExtra[distance]);
  }
  PutFixed(sink, kEndOfBlock);
}

// Where bits of a stream went: those from `from` on to `to` on.
struct Moved {
  size_t from = 0;
  size_t to = 0;
  size_t Of(size_t bit) const { return bit - from + to; }
};

// Copies the stream from bit `from` to its end. A stored block begins on a byte boundary here as
// there, so behind the first one all bytes stay as they are. @return where the last part went
Moved CopyRest(BitSink& sink, const DeflateWalker& walker, std::span<const uint8_t> stream,
               size_t from) {
  if (walker.stored_length() == 0) {
    const Moved moved{from, sink.position()};
    sink.Copy(stream, from, walker.Position());
    return moved;
  }
  sink.Copy(stream, from, walker.stored_header() + 3);
  sink.Align();
  const Moved moved{walker.stored_length() * 8, sink.position()};
  sink.Copy(stream, moved.from, walker.Position());
  return moved;
}

}  // namespace

size_t Splice(std::span<uint8_t> buffer, size_t size) {
  if (size > buffer.size() || buffer.size() - size < kSpliceExtra) return 0;
  DeflateWalker walker(buffer.first(size));
  if (!walker.Run()) return 0;
  return LeaveOpen(buffer, walker.last_header(), walker.Position());
}

size_t Graft(std::span<const uint8_t> stream, size_t history, std::span<const uint8_t> block,
             std::span<uint8_t> output, bool final) {
  DeflateWalker walker(stream);
  WalkCut cut;
  if (history == 0 || !walker.RunTo(history, &cut) || !walker.Finish()) return 0;
  if (cut.over > block.size()) return 0;
  BitSink sink(output);
  size_t first_header = 0;
  if (cut.stored) {
    sink.Put(stream[cut.header / 8] >> cut.header % 8 & 1, 3);
    sink.Align();
    sink.Put(cut.stored_left, 16);
    sink.Put(~cut.stored_left & 0xffff, 16);
    const size_t end = cut.at + size_t{cut.stored_left} * 8;
    sink.Copy(stream, cut.at, end);
    cut.at = end;
  } else {
    if (cut.over != 0) PutRest(sink, cut, block.first(cut.over));
    first_header = sink.position();
    sink.Copy(stream, cut.header, cut.body);
  }
  const size_t split = sink.position();
  const Moved moved = CopyRest(sink, walker, stream, cut.at);
  const size_t end = sink.position();
  const size_t size = sink.Finish();
  if (size == 0 || final) return size;
  if (output.size() - size < kSpliceExtra) return 0;
  // The header of the last block: the one written again, one before `moved`, or one in it.
  const size_t last = walker.last_header();
  size_t header = first_header;
  if (last >= moved.from) {
    header = moved.Of(last);
  } else if (last >= cut.at) {
    header = Moved{cut.at, split}.Of(last);
  }
  return LeaveOpen(output, header, end);
}

}  // namespace warpdrive::software
