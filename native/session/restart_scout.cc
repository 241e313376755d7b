#include "session/restart_scout.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "session/framing.h"

namespace warpdrive {
namespace {

// zlib's blocks make some 50 to 300 KB of text, and more of what compresses better: where a piece
// has no block start that can be found, the next is twice as large.
constexpr size_t kFirstPiece = 256 * 1024;
constexpr size_t kLargestPiece = 4u << 20;
static_assert(kFirstPiece > BlockSearch::kLeastOutput);
// Of a piece's input, the last. More than most pieces have.
constexpr uint64_t kMostInput = 1u << 20;
// Of the input that may be kept, what a stream uses until it tries again.
constexpr uint64_t kPausesInKept = 16;

}  // namespace

std::shared_ptr<RestartScout> RestartScout::Make(Device& home, Format format, uint64_t keep_bytes) {
  std::unique_ptr<BlockSearch> search = home.MakeBlockSearch();
  if (search == nullptr) return nullptr;
  return std::shared_ptr<RestartScout>(new RestartScout(std::move(search), format, keep_bytes));
}

RestartScout::RestartScout(std::unique_ptr<BlockSearch> search, Format format, uint64_t keep_bytes)
    : search_(std::move(search)),
      format_(format),
      pause_(keep_bytes / kPausesInKept),
      check_(InitialChecksum(format)),
      wanted_(kFirstPiece) {}

void RestartScout::BeginMember() {
  check_ = InitialChecksum(format_);
  member_output_ = 0;
  // A search that runs finds nothing behind this, and nobody wants what is before.
  if (state_ != State::kCopying) return;
  state_ = State::kIdle;
  output_copy_.Release();
}

void RestartScout::Take(Channel& channel, const InputLog& log, const RestartPoint& from,
                        std::span<const uint8_t> output, bool wanted) {
  if (state_ == State::kStopped) return;
  if (wanted && state_ == State::kIdle && from.input >= not_before_) StartCopy(from);
  check_ = search_->Checksum(format_, check_, output);
  member_output_ += output.size();
  if (state_ == State::kCopying) {
    Copy(output);
    if (copied_ >= wanted_) StartSearch(channel, log);
  }
}

void RestartScout::Stop(Channel& channel) {
  const bool searching = state_ == State::kSearching;
  state_ = State::kStopped;
  found_ = nullptr;
  then_ = nullptr;
  if (searching) {
    channel.Cancel(tag_);  // its memory is the worker's until the completion
  } else {
    output_copy_.Release();
  }
}

// ---- the piece -----------------------------------------------------------------------------

void RestartScout::StartCopy(const RestartPoint& from) {
  output_copy_ = BlockPool::Instance().Take(2 * wanted_);
  if (!output_copy_) {
    GiveUp(from.input);
    return;
  }
  state_ = State::kCopying;
  copied_ = 0;
  piece_ = {.input = {},
            .output = {},
            .input_at = from.input,
            .output_at = from.output,
            .format = format_,
            .check = check_,
            .member_output = static_cast<uint32_t>(member_output_)};
}

// Of more than there is space for, the last.
void RestartScout::Copy(std::span<const uint8_t> output) {
  const size_t space = 2 * wanted_;
  if (output.size() > space) {
    DropCopied(copied_);
    const std::span<const uint8_t> before = output.first(output.size() - space);
    piece_.check = search_->Checksum(format_, piece_.check, before);
    piece_.output_at += before.size();
    piece_.member_output += static_cast<uint32_t>(before.size());
    output = output.last(space);
  }
  if (copied_ + output.size() > space) DropCopied(copied_ + output.size() - space);
  if (!output.empty()) std::memcpy(output_copy_.data() + copied_, output.data(), output.size());
  copied_ += output.size();
}

void RestartScout::DropCopied(size_t count) {
  uint8_t* const copy = output_copy_.data();
  piece_.check = search_->Checksum(format_, piece_.check, {copy, count});
  piece_.output_at += count;
  piece_.member_output += static_cast<uint32_t>(count);
  copied_ -= count;
  std::memmove(copy, copy + count, copied_);
}

bool RestartScout::CopyInput(const InputLog& log) {
  const uint64_t most = std::min(log.size(), kMostInput);
  piece_.input_at = std::max(piece_.input_at, log.end() - most);
  const auto size = static_cast<size_t>(log.end() - piece_.input_at);
  input_copy_ = BlockPool::Instance().Take(std::max<size_t>(size, 1));
  if (!input_copy_) return false;
  size_t done = 0;
  while (done < size) {
    const std::span<const uint8_t> part = log.From(piece_.input_at + done);
    std::memcpy(input_copy_.data() + done, part.data(), part.size());
    done += part.size();
  }
  piece_.input = {input_copy_.data(), size};
  piece_.output = {output_copy_.data(), copied_};
  return true;
}

// ---- the search ----------------------------------------------------------------------------

void RestartScout::StartSearch(Channel& channel, const InputLog& log) {
  if (!CopyInput(log)) {
    GiveUp(log.end());
    return;
  }
  search_->SetPiece(piece_);
  state_ = State::kSearching;
  not_before_ = log.end() + pause_;
  tag_ = channel.Stage({.operation = Operation::kFindBlock,
                        .params = {},
                        .input = piece_.input.data(),
                        .input_size = static_cast<uint32_t>(piece_.input.size()),
                        .context = search_->context()},
                       shared_from_this(), 0);
}

void RestartScout::GiveUp(uint64_t input_at) {
  state_ = State::kIdle;
  output_copy_.Release();
  not_before_ = input_at + pause_;
}

void RestartScout::OnCompletion(uint64_t, const Completion& completion) {
  const bool done = completion.status == Status::kOk;
  output_copy_.Release();
  input_copy_.Release();
  piece_ = {};
  if (state_ == State::kStopped) return;
  state_ = State::kIdle;
  const BlockStart* const found = done ? search_->found() : nullptr;
  if (found == nullptr) {
    wanted_ = std::min(2 * wanted_, kLargestPiece);
  } else {
    wanted_ = kFirstPiece;
    not_before_ = 0;
    found_.reset(new (std::nothrow) BlockStart(*found));
  }
  const std::function<void()> then = then_;  // it may stop this, which drops then_
  if (then) then();
}

}  // namespace warpdrive
