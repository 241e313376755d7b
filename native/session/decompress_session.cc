#include "session/decompress_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace warpdrive {
namespace {

// zlib.h's Z_MEM_ERROR, said as node:zlib would; this file does without zlib otherwise.
constexpr StreamError kOutOfMemory{-4, "Zlib error"};

}  // namespace

DecompressSession::DecompressSession(std::shared_ptr<Channel> channel, const StreamParams& params,
                                     std::span<const uint8_t> dictionary, Wish wish)
    : channel_(std::move(channel)),
      params_(params),
      dictionary_(dictionary.begin(), dictionary.end()),
      window_bits_(params.window_bits == 0 ? 15 : params.window_bits),
      wish_(wish) {}

size_t DecompressSession::Pending() const { return active_.size() + pending_.size(); }

bool DecompressSession::HasRoom() const {
  const BlockPool& pool = BlockPool::Instance();
  return Pending() == 0 || (Pending() < max_pending_ && pool.in_use() < pool.limit());
}

bool DecompressSession::Append(Input& input, std::span<const uint8_t> data) {
  const size_t size = input.size();
  if (input.end + data.size() > input.block.capacity()) {
    if (size + data.size() <= input.block.capacity()) {
      std::memmove(input.block.data(), input.block.data() + input.begin, size);
    } else {
      Block block = BlockPool::Instance().Take(std::max(size + data.size(), 2 * size));
      if (!block) return false;
      if (size != 0) std::memcpy(block.data(), input.block.data() + input.begin, size);
      input.block = std::move(block);
    }
    input.begin = 0;
    input.end = size;
  }
  std::memcpy(input.block.data() + input.end, data.data(), data.size());
  input.end += data.size();
  return true;
}

void DecompressSession::FailOutOfMemory() {
  if (error_.code == 0) error_ = kOutOfMemory;
}

size_t DecompressSession::Write(std::span<const uint8_t> input) {
  if (input.empty() || !HasRoom()) return 0;
  if (std::exchange(fresh_, false)) ReadWindow(input[0]);
  // Where the room of a call matters, so does its input: such a write is never divided.
  const size_t most = RoomMatters() ? kMaxRequestBytes : max_pending_;
  const size_t count = std::min(input.size(), most - Pending());
  // What is in flight must not move, and what waits must not overtake what is left of it.
  Input& target = busy_ || Pending() != 0 ? pending_ : active_;
  if (!Append(target, input.first(count))) {
    error_ = kOutOfMemory;
    return 0;
  }
  total_written_ += count;
  if (count == input.size()) write_ends_.push_back(total_written_);
  return count;
}

// With window bits of 0 the header says them, if it is zlib's (CM and CINFO, RFC 1950 §2.2).
void DecompressSession::ReadWindow(uint8_t first_byte) {
  const bool asks = params_.window_bits == 0 && (first_byte & 15) == 8;
  const bool zlib = params_.format == Format::kZlib || params_.format == Format::kAuto;
  window_bits_ = params_.window_bits == 0 ? 15 : params_.window_bits;
  if (asks && zlib) window_bits_ = static_cast<uint8_t>((first_byte >> 4) + 8);
}

StepMarks DecompressSession::Marks(bool flush_apart) {
  StepMarks marks;
  marks.output_unit = output_unit_;
  marks.flush_apart = flush_apart;
  if (output_unit_ != 0) {
    marks.output_phase = static_cast<uint32_t>(total_produced_ % output_unit_);
  }
  // What a write that was used up still has to give comes before the next write: a mark at 0.
  const uint64_t full = result_.status == Status::kOutputFull ? 1 : 0;
  const uint64_t behind = route_.hardware() ? kEndsBehind : 0;
  while (!write_ends_.empty() && write_ends_.front() + full + behind <= total_consumed_) {
    write_ends_.pop_front();
  }
  for (const uint64_t end : write_ends_) {
    if (end > total_consumed_ + given_) break;
    if (end + full <= total_consumed_) continue;
    marks.input_ends.push_back(static_cast<uint32_t>(end - total_consumed_));
  }
  return marks;
}

bool DecompressSession::MakeContext(Flush flush) {
  if (channel_->has_hardware()) RouteStep(flush);
  if (!context_) context_ = channel_->home().MakeInflateContext(params_, dictionary_);
  if (!context_) error_ = kOutOfMemory;
  return context_ != nullptr;
}

bool DecompressSession::Step(std::span<uint8_t> output, Flush flush, bool flush_apart) {
  if (busy_ || error_.code != 0) return false;
  if (active_.size() == 0 && pending_.size() != 0) std::swap(active_, pending_);
  if (!context_ && !MakeContext(flush)) return false;
  busy_ = true;
  order_ = {output, flush, flush_apart};
  if (route_.hardware()) {
    StepOnHardware();
  } else {
    StageStep();
  }
  return true;
}

void DecompressSession::StageStep() {
  const auto& [output, flush, flush_apart] = order_;
  given_ = WholeWrites();
  const bool all = given_ == active_.size() && pending_.size() == 0;
  context_->SetMarks(Marks(flush_apart));
  Stage({
      .operation = Operation::kDecompress,
      // Z_BLOCK asks zlib to stop wherever a block ends, not to flush after the last byte.
      .flush = all || flush == Flush::kBlock ? flush : Flush::kNone,
      .params = params_,
      .input = active_.block.data() + active_.begin,
      .input_size = static_cast<uint32_t>(given_),
      .output = output.data(),
      .output_size = static_cast<uint32_t>(std::min<size_t>(output.size(), kMaxRequestBytes)),
      .context = context_.get(),
  });
}

void DecompressSession::Stage(const Request& request) {
  // A replay may take many requests, and each run inline would be one level of calls deeper.
  if (synchronous_ && !route_.hardware() && !replaying_) {
    channel_->RunInline(request, shared_from_this(), 0);
  } else {
    tag_ = channel_->Stage(request, shared_from_this(), 0, route_);
  }
}

StreamError DecompressSession::error() const {
  if (error_.code != 0) return error_;
  return result_.status == Status::kDataError && context_ ? context_->error() : StreamError{};
}

void DecompressSession::OnCompletion(uint64_t, const Completion& completion) {
  if (abandoned_) {
    busy_ = replaying_ = false;
  } else if (replaying_) {
    AcceptReplay(completion);
  } else if (route_.hardware() && TakesOver(completion)) {
    BeginTakeover(Reason::kDeviceError);
  } else {
    AcceptStep(completion);
  }
}

void DecompressSession::FailStep(StreamError error) {
  busy_ = false;
  result_ = {.status = Status::kDataError};
  counted_ = 0;
  error_ = error;
}

void DecompressSession::AcceptStep(const Completion& completion) {
  busy_ = false;
  result_ = completion;
  // Whoever adds up what steps consumed has counted this before (or not at all, if negative).
  const int64_t used = completion.consumed;
  const bool failed = completion.status == Status::kDataError;
  const int64_t again = failed ? returned_ : std::min(returned_, used);
  counted_ = used - again;
  returned_ -= again;
  active_.begin += completion.consumed;
  left_ = given_ - completion.consumed;
  total_consumed_ += completion.consumed;
  NoteWriteEnd();
  total_produced_ += completion.produced;
  if (active_.size() == 0) {
    active_.begin = active_.end = 0;
    // An idle stream keeps no input buffer.
    if (pending_.size() == 0) active_.block.Release();
  }
  max_pending_ = std::max(kMaxPending, context_->InputAhead());
  switch (completion.status) {
    case Status::kOk:
    case Status::kOutputFull:
    case Status::kStreamEnd:
      break;
    case Status::kDataError:
      error_ = context_->error();
      break;
    default:
      error_ = kOutOfMemory;
  }
}

bool DecompressSession::InsideWrite() const {
  return !busy_ && left_ == 0 && total_consumed_ != last_end_;
}

size_t DecompressSession::WholeWrites() const {
  size_t whole = 0;
  for (const uint64_t end : write_ends_) {
    if (end > total_consumed_ + active_.size()) break;
    if (end > total_consumed_) whole = static_cast<size_t>(end - total_consumed_);
  }
  return whole != 0 ? whole : active_.size();
}

void DecompressSession::NoteWriteEnd() {
  for (const uint64_t end : write_ends_) {
    if (end > total_consumed_) break;
    last_end_ = end;
  }
}

bool DecompressSession::DropRestOfWrite() {
  if (busy_) return true;
  const auto end = std::find_if(write_ends_.begin(), write_ends_.end(),
                                [this](uint64_t at) { return at > total_consumed_; });
  if (end == write_ends_.end()) {
    total_consumed_ += Pending();
    active_ = {};
    pending_ = {};
    return false;
  }
  size_t rest = static_cast<size_t>(*end - total_consumed_);
  total_consumed_ = *end;
  NoteWriteEnd();
  for (Input* input : {&active_, &pending_}) {
    const size_t dropped = std::min(rest, input->size());
    input->begin += dropped;
    rest -= dropped;
    if (input->size() == 0) *input = {};
  }
  return true;
}

void DecompressSession::DropInput() {
  pending_ = {};
  if (!busy_) active_ = {};
  write_ends_.clear();
}

void DecompressSession::Abandon() {
  abandoned_ = true;
  if (awaits_search_) busy_ = awaits_search_ = false;
  if (busy_) channel_->Cancel(tag_);
  StopFollowing();
}

bool DecompressSession::Reset() {
  if (busy_) return false;
  context_.reset();
  fresh_ = true;
  left_ = 0;
  result_ = {};
  counted_ = 0;
  error_ = {};
  route_ = {};
  log_.Clear();
  StopFollowing();
  restart_output_ = log_output_ = 0;
  returned_ = 0;
  return true;
}

}  // namespace warpdrive
