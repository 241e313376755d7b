#include "software/codecs/inflate_blocks.h"

#ifdef WARPDRIVE_HAVE_ISAL
#include <algorithm>
#include <cstring>

namespace warpdrive::software {
namespace {

// ISA-L fills its window buffer up to here, and a match that begins before may end behind it.
constexpr size_t kDecodeLimit = size_t{2} * ISAL_DEF_HIST_SIZE;

// A checkpoint is moved to the next block start once it has cost this much memory, or would cost
// this much decoding to go back to. Moving costs a copy of the window.
constexpr size_t kMoveAfterInput = 128 << 10;
constexpr uint64_t kMoveAfterOutput = 8 << 20;
// A block so large that there is no next one in sight is left to zlib.
constexpr size_t kMostInput = 2 << 20;
constexpr uint64_t kMostOutput = 64 << 20;

static_assert(sizeof(inflate_state::tmp_out_buffer) >= kDecodeLimit + ISAL_DEF_MAX_MATCH + 4);
static_assert(kMaxHistory == ISAL_DEF_HIST_SIZE);

void Advance(std::span<const uint8_t>* bytes, size_t count) { *bytes = bytes->subspan(count); }

}  // namespace

void InflateBlocks::Start(std::span<const uint8_t> window, uint8_t bits, uint8_t bit_count) {
  isal_inflate_init(&state_);
  state_.crc_flag = ISAL_DEFLATE;
  if (!window.empty()) std::memcpy(state_.tmp_out_buffer, window.data(), window.size());
  delivered_to_ = decoded_to_ = window.size();
  state_.read_in = bits;
  state_.read_in_length = bit_count;
  in_block_ = ended_ = false;
  head_size_ = 0;
  checkpoint_.input.Clear();
  MoveCheckpoint({});
}

InflateBlocks::Stop InflateBlocks::Run(std::span<const uint8_t>* input,
                                       std::span<uint8_t>* output) {
  keep_from_ = input->data();
  starved_ = false;
  const std::span<const uint8_t> whole = *input;
  Stop stop = RunBlocks(input, output);
  const size_t kept = static_cast<size_t>(keep_from_ - whole.data());
  const size_t used = whole.size() - input->size();
  if (stop != Stop::kGiveUp && !checkpoint_.input.Append(whole.subspan(kept, used - kept))) {
    stop = Stop::kGiveUp;
  }
  if (stop == Stop::kGiveUp) *input = whole.subspan(kept);
  return stop;
}

InflateBlocks::Stop InflateBlocks::RunBlocks(std::span<const uint8_t>* input,
                                             std::span<uint8_t>* output) {
  for (;;) {
    Deliver(output);
    if (delivered_to_ != decoded_to_) return Stop::kOutputFull;
    if (starved_) return Stop::kNeedInput;
    if (in_block_) {
      if (KeepsTooMuch(*input) || !Decode(input)) return Stop::kGiveUp;
      continue;
    }
    if (ended_) return Stop::kEnd;
    if (head_size_ == 0 &&
        (KeptSize(*input) >= kMoveAfterInput || checkpoint_.delivered >= kMoveAfterOutput)) {
      MoveCheckpoint(*input);
    }
    switch (BeginBlock(input)) {
      case HeaderState::kComplete:
        break;
      case HeaderState::kIncomplete:
        return Stop::kNeedInput;
      case HeaderState::kRefused:
        return Stop::kGiveUp;
    }
  }
}

void InflateBlocks::Deliver(std::span<uint8_t>* output) {
  const size_t count = std::min(decoded_to_ - delivered_to_, output->size());
  if (count == 0) return;
  std::memcpy(output->data(), state_.tmp_out_buffer + delivered_to_, count);
  *output = output->subspan(count);
  delivered_to_ += count;
  checkpoint_.delivered += count;
}

// Between two blocks, with all output delivered.
void InflateBlocks::MoveCheckpoint(std::span<const uint8_t> input) {
  const std::span<const uint8_t> window = Window();
  std::memcpy(checkpoint_.window.data(), window.data(), window.size());
  checkpoint_.window_size = static_cast<uint32_t>(window.size());
  checkpoint_.bits = static_cast<uint8_t>(BitsInHand());
  checkpoint_.bit_count = static_cast<uint8_t>(state_.read_in_length);
  checkpoint_.input.Clear();
  checkpoint_.delivered = 0;
  keep_from_ = input.data();
}

HeaderState InflateBlocks::BeginBlock(std::span<const uint8_t>* input) {
  const unsigned have = static_cast<unsigned>(state_.read_in_length);
  const unsigned skip = have == 0 ? 0 : 8 - have;
  if (head_size_ == 0 && have != 0) {
    head_[head_size_++] = static_cast<uint8_t>(BitsInHand() << skip);
  }

  const size_t fresh = std::min(input->size(), head_.size() - head_size_);
  if (fresh != 0) std::memcpy(head_.data() + head_size_, input->data(), fresh);
  const HeaderState state =
      header_.Read(std::span<const uint8_t>(head_).first(head_size_ + fresh), skip);
  if (state == HeaderState::kIncomplete) {
    head_size_ += fresh;
    Advance(input, fresh);
  } else if (state == HeaderState::kComplete && !EnterBlock(input)) {
    return HeaderState::kRefused;
  }
  return state;
}

// Shows ISA-L the first bit of the block as BFINAL = 1, and what else of the header is not in
// `input` any more.
bool InflateBlocks::EnterBlock(std::span<const uint8_t>* input) {
  if (state_.read_in_length == 0) {
    state_.read_in = head_[0];
    state_.read_in_length = 8;
    if (head_size_ == 0) Advance(input, 1);
  }
  state_.read_in |= 1;
  state_.block_state = ISAL_BLOCK_NEW_HDR;
  in_block_ = true;
  const size_t earlier = head_size_;
  head_size_ = 0;
  if (earlier <= 1) return true;

  // Up to the end of the header, so that none of it is left over in head_.
  std::span<const uint8_t> rest = std::span<const uint8_t>(head_).first(header_.bytes());
  Advance(input, header_.bytes() - earlier);
  Advance(&rest, 1);
  if (!Decode(&rest) || !rest.empty()) return false;
  starved_ = false;
  return true;
}

// False if ISA-L met an error or did what it never should.
bool InflateBlocks::Decode(std::span<const uint8_t>* input) {
  if (decoded_to_ > kMaxHistory) {
    std::memmove(state_.tmp_out_buffer, state_.tmp_out_buffer + decoded_to_ - kMaxHistory,
                 kMaxHistory);
    delivered_to_ = decoded_to_ = kMaxHistory;
  }
  uint8_t nowhere = 0;
  const size_t size = std::min<size_t>(input->size(), kMaxRequestBytes);
  state_.next_in = const_cast<uint8_t*>(input->data());
  state_.avail_in = static_cast<uint32_t>(size);
  state_.next_out = &nowhere;
  state_.avail_out = 0;
  state_.tmp_out_valid = static_cast<int32_t>(decoded_to_);
  state_.tmp_out_processed = std::max(state_.tmp_out_valid - 1, 0);
  const int32_t processed = state_.tmp_out_processed;
  if (isal_inflate(&state_) != ISAL_DECOMP_OK) return false;

  const int32_t valid = state_.tmp_out_valid;
  if (state_.avail_in > size || state_.tmp_out_processed != processed || valid <= processed ||
      static_cast<size_t>(valid) > sizeof(state_.tmp_out_buffer) || state_.read_in_length < 0 ||
      state_.read_in_length > 64) {
    return false;
  }
  decoded_to_ = static_cast<size_t>(valid);
  return TakeResult(size - state_.avail_in, input);
}

// ISA-L has taken `taken` bytes of `input`, some of which may still wait in read_in.
bool InflateBlocks::TakeResult(size_t taken, std::span<const uint8_t>* input) {
  const bool done = state_.block_state == ISAL_BLOCK_INPUT_DONE;
  starved_ = !done && decoded_to_ < kDecodeLimit;
  if (starved_) {
    // Then the bytes in read_in are the start of a symbol, so they belong to the stream.
    if (taken != input->size()) return false;
    Advance(input, taken);
    state_.read_in = BitsInHand();
    if (state_.block_state == ISAL_BLOCK_CODED) ResolveLiterals();
    return true;
  }
  // What waits there may be what follows the stream: it goes back. Bytes of an earlier input
  // never do, since they were the start of a symbol that took at least one bit of this one.
  const size_t back = std::min<size_t>(static_cast<size_t>(state_.read_in_length) / 8, taken);
  state_.read_in_length -= static_cast<int32_t>(8 * back);
  state_.read_in = BitsInHand();
  Advance(input, taken - back);
  if (!done) return true;
  in_block_ = false;
  ended_ = header_.final();
  return state_.read_in_length < 8;
}

// ISA-L looks up to three literals at once and waits for input if it has not the bits of all
// three. zlib delivers those it has.
void InflateBlocks::ResolveLiterals() {
  for (;;) {
    unsigned used = 0;
    const int literal =
        header_.NextLiteral(state_.read_in, static_cast<unsigned>(state_.read_in_length), &used);
    if (literal < 0 || decoded_to_ == sizeof(state_.tmp_out_buffer)) return;
    state_.tmp_out_buffer[decoded_to_++] = static_cast<uint8_t>(literal);
    state_.read_in >>= used;
    state_.read_in_length -= static_cast<int32_t>(used);
  }
}

bool InflateBlocks::KeepsTooMuch(std::span<const uint8_t> input) const {
  return KeptSize(input) > kMostInput || checkpoint_.delivered > kMostOutput;
}

// Compressed bytes since the checkpoint, up to where `input` begins.
size_t InflateBlocks::KeptSize(std::span<const uint8_t> input) const {
  return checkpoint_.input.size() + static_cast<size_t>(input.data() - keep_from_);
}

uint64_t InflateBlocks::BitsInHand() const {
  const auto count = static_cast<unsigned>(state_.read_in_length);
  return count >= 64 ? state_.read_in : state_.read_in & ((uint64_t{1} << count) - 1);
}

}  // namespace warpdrive::software
#endif
