// Deflate blocks by ISA-L, one at a time, always ready to hand over to zlib.
//
// ISA-L inflates two to three times as fast as zlib, but its stream interface is not enough to
// behave as zlib does: it names no error, takes sets of codes that zlib refuses, does not say
// where blocks start, and takes input from behind the end of the stream. So
// - each block's header is checked before ISA-L sees it (inflate_header.h),
// - ISA-L is told that each block is the last one, which makes it stop right behind the block,
// - it decodes into its own window buffer, from which bytes are delivered here. It is never told
//   that all its output was taken, because then it would drop the bits behind the block
//   (ISA-L 2.32.1 and later),
// - the compressed bytes since a recent block start are kept. For an error, or anything else that
//   is zlib's business, zlib starts there.
#pragma once

#ifdef WARPDRIVE_HAVE_ISAL
#include <isa-l/igzip_lib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "software/codecs/inflate_checkpoint.h"
#include "software/codecs/inflate_header.h"

namespace warpdrive::software {

class InflateBlocks {
 public:
  enum class Stop : uint8_t {
    kNeedInput,   ///< all input is taken
    kOutputFull,  ///< no space is left, and more output is there
    kEnd,         ///< behind the last block; the input left is what follows it
    kGiveUp,      ///< zlib must go on from checkpoint(), then with the input left
  };

  /// Starts at a block. `window` is the output before it: up to kMaxHistory bytes. The block begins
  /// with the low `bit_count` (0 to 7) bits of `bits`, then the input. Without a window a first
  /// block of no output is given up on.
  void Start(std::span<const uint8_t> window, uint8_t bits, uint8_t bit_count);

  /// Decodes as much as possible and removes what it used from the front of both spans.
  Stop Run(std::span<const uint8_t>* input, std::span<uint8_t>* output);

  /// Whether a block begins with the next byte of input, and all output so far was taken.
  bool AtBlockStart() const {
    return !in_block_ && !ended_ && head_size_ == 0 && state_.read_in_length == 0 &&
           delivered_to_ == decoded_to_;
  }
  /// The last output, up to kMaxHistory bytes.
  std::span<const uint8_t> Window() const {
    const size_t size = decoded_to_ < kMaxHistory ? decoded_to_ : kMaxHistory;
    return {state_.tmp_out_buffer + decoded_to_ - size, size};
  }

  /// After kGiveUp, or kEnd for a stream that turned out to be damaged.
  InflateCheckpoint& checkpoint() { return checkpoint_; }

 private:
  Stop RunBlocks(std::span<const uint8_t>* input, std::span<uint8_t>* output);
  void Deliver(std::span<uint8_t>* output);
  void MoveCheckpoint(std::span<const uint8_t> input);
  HeaderState BeginBlock(std::span<const uint8_t>* input);
  bool EnterBlock(std::span<const uint8_t>* input);
  bool Decode(std::span<const uint8_t>* input);
  bool TakeResult(size_t taken, std::span<const uint8_t>* input);
  void ResolveLiterals();
  bool KeepsTooMuch(std::span<const uint8_t> input) const;
  size_t KeptSize(std::span<const uint8_t> input) const;
  uint64_t BitsInHand() const;

  inflate_state state_;
  InflateHeader header_;
  InflateCheckpoint checkpoint_;
  const uint8_t* keep_from_ = nullptr;  // in this Run's input: from here on it is not kept yet
  size_t delivered_to_ = 0;             // in state_.tmp_out_buffer
  size_t decoded_to_ = 0;               // in state_.tmp_out_buffer
  bool in_block_ = false;
  bool starved_ = false;  // ISA-L cannot go on without more input
  bool ended_ = false;
  // The start of a block whose header is not complete, from its first byte, of which
  // state_.read_in may hold a part.
  std::array<uint8_t, InflateHeader::kMaxBytes> head_;
  size_t head_size_ = 0;
};

}  // namespace warpdrive::software
#endif
