#include "session/compress_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "device/device.h"

namespace warpdrive {
namespace {

// A flushed segment of at least this many bytes is compressed as a block of its own: the codecs
// for blocks gain more on it than the lost context costs. Part of the output format in effect.
constexpr size_t kLargeSegment = 128 * 1024;

// Finished output that nobody reads stops the input at this many bytes.
constexpr size_t kMaxUnread = 4u << 20;

// The stateful codec seldom expands; when it does, the rest comes with a second request.
uint32_t StatefulOutputSize(uint32_t input_size) { return CompressBound(input_size) + 64; }

bool HasDictionary(const StreamParams& params, std::span<const uint8_t> dictionary) {
  return params.format != Format::kGzip && !dictionary.empty();
}

}  // namespace

CompressSession::CompressSession(std::shared_ptr<Channel> channel, const StreamParams& params,
                                 std::span<const uint8_t> dictionary, bool default_level, Wish wish)
    : channel_(std::move(channel)),
      params_(params),
      plan_(channel_->home().PlanCompression(params)),
      default_level_(default_level),
      wish_(wish),
      checksum_(InitialChecksum(params.format)) {
  if (HasDictionary(params, dictionary)) dictionary_.assign(dictionary.begin(), dictionary.end());
  ForgetRoute();
}

// ---- the route -----------------------------------------------------------------------------

void CompressSession::ForgetRoute() {
  route_ = {};
  routed_ = !channel_->has_hardware();
  if (routed_) return;
  plan_ = channel_->home().PlanCompression(params_);
  plan_.block_size = channel_->router().SmallestBlock(params_);
  plan_.first_block = 0;
}

void CompressSession::DecideRoute() {
  routed_ = true;
  route_ = channel_->RouteStream({
      .operation = Operation::kCompress,
      .params = params_,
      .flush = Flush::kFinish,
      .size = static_cast<uint32_t>(SegmentSize()),
      .gathered = static_cast<uint32_t>(SegmentSize()),
      .history_size = cut_ == 0 ? static_cast<uint32_t>(dictionary_.size()) : 0,
      .default_level = default_level_,
      .wish = wish_,
  });
  plan_ = channel_->DeviceOf(route_).PlanCompression(params_);
}

CompressSession::~CompressSession() { Unlink(); }

// ---- the buffer ----------------------------------------------------------------------------

std::span<const uint8_t> CompressSession::History() const {
  if (!buffer_)
    return std::span(dictionary_).last(std::min<size_t>(dictionary_.size(), kMaxHistory));
  const size_t size = std::min<size_t>(begin_ - history_begin_, kMaxHistory);
  return {buffer_.data() + begin_ - size, size};
}

bool CompressSession::StartBuffer(std::span<const uint8_t> history, size_t capacity) {
  Block block = BlockPool::Instance().Take(history.size() + capacity);
  if (!block) return false;
  if (!history.empty()) std::memcpy(block.data(), history.data(), history.size());
  buffer_ = std::move(block);
  history_begin_ = 0;
  begin_ = end_ = history.size();
  return true;
}

// Of the current block. Depends on what was cut before, never on what is there now.
size_t CompressSession::BlockSize() const { return plan_.NextBlock(run_); }

bool CompressSession::Grow(size_t wanted) {
  if (!buffer_) return StartBuffer(History(), wanted);
  if (end_ + wanted <= buffer_.capacity()) return true;
  const std::span<const uint8_t> history = History();
  const size_t segment = SegmentSize();
  const size_t live = history.size() + segment;
  // Sliding pays while it frees at least half; otherwise twice the room keeps copying linear.
  if (live + wanted <= buffer_.capacity() / 2) {
    std::memmove(buffer_.data(), history.data(), live);
  } else {
    const size_t most = kMaxHistory + BlockSize();
    Block block = BlockPool::Instance().Take(std::max(live + wanted, std::min(2 * live, most)));
    if (!block) return false;
    std::memcpy(block.data(), history.data(), live);
    buffer_ = std::move(block);
  }
  history_begin_ = 0;
  begin_ = live - segment;
  end_ = live;
  return true;
}

// Gives back what an idle stream does not use.
void CompressSession::TrimBuffer() {
  const std::span<const uint8_t> history = History();
  const size_t segment = SegmentSize();
  const size_t live = history.size() + segment;
  // Without a buffer the dictionary would be the history again.
  if (live == 0 && !dictionary_.empty()) return;
  if (!buffer_ || (live != 0 && live + live / 4 >= buffer_.capacity())) return;
  Block block;
  if (live != 0) {
    block = BlockPool::Instance().Take(live);
    if (!block || block.capacity() >= buffer_.capacity()) return;
    std::memcpy(block.data(), history.data(), live);
  }
  buffer_ = std::move(block);
  history_begin_ = 0;
  begin_ = live - segment;
  end_ = live;
}

void CompressSession::Park() {
  if (context_ && !stateful_busy_) context_->Park();
  if (slots_.empty()) TrimBuffer();
}

bool CompressSession::HasRoom() const {
  if (finished_ || stateful_busy_ || status_ != Status::kOk) return false;
  if (output_.size() >= kMaxUnread && !synchronous_) return false;
  const bool scarce = BlockPool::Instance().in_use() >= BlockPool::Instance().limit();
  // A stream with neither requests nor unread output always goes on, or none could finish.
  if (slots_.empty()) return !scarce || synchronous_ || output_.size() == 0;
  return !scarce && slots_.size() < Window();
}

// A consumer that has read nothing yet, or does not keep up, may never want the rest: a client that
// went away, a stream that nobody destroys. What runs ahead of it is bounded more tightly, most of
// all where others keep the device busy.
size_t CompressSession::Window() const {
  const size_t window = plan_.window != 0 ? plan_.window : channel_->window();
  const bool keeps_up = total_in_ != 0 && output_.size() == 0;
  if (keeps_up || synchronous_) return window;
  return channel_->outstanding() < window ? std::max<size_t>(window / 2, 1) : 1;
}

size_t CompressSession::Write(std::span<const uint8_t> input) {
  if (input.empty() && SegmentSize() == 0) empty_write_ = true;
  size_t taken = 0;
  while (taken < input.size()) {
    if (finished_ || stateful_busy_ || status_ != Status::kOk) break;
    if (SegmentSize() >= BlockSize()) {
      if (!routed_) {
        DecideRoute();
        continue;
      }
      // Only now, when more input is here, is it known that this block is not the last one.
      if (!(unaligned_ ? StageStateful(Flush::kNone) : CutBlock(Flush::kNone))) break;
      continue;
    }
    const size_t count = std::min(input.size() - taken, BlockSize() - SegmentSize());
    if (!Grow(count)) {
      Fail(Status::kDeviceError);
      break;
    }
    std::memcpy(buffer_.data() + end_, input.data() + taken, count);
    end_ += count;
    taken += count;
  }
  return taken;
}

// ---- requests ------------------------------------------------------------------------------

void CompressSession::WriteHeader() {
  if (std::exchange(header_written_, true)) return;
  const bool has_dictionary = !dictionary_.empty() && params_.format == Format::kZlib;
  const uint32_t id = has_dictionary ? DictionaryId(dictionary_) : 0;
  if (!output_.Push(MakeHeader(params_, has_dictionary, id).span())) Fail(Status::kDeviceError);
}

bool CompressSession::CutBlock(Flush flush) {
  if (!HasRoom()) return false;
  if (!routed_) DecideRoute();
  WriteHeader();
  const auto size = static_cast<uint32_t>(SegmentSize());
  // A codec without history still has to honour a preset dictionary, in the first block.
  const bool wants_history = plan_.uses_history || (cut_ == 0 && !dictionary_.empty());
  const std::span<const uint8_t> history = History();
  Slot slot;
  slot.output = BlockPool::Instance().Take(CompressBound(size));
  if (!slot.output) {
    Fail(Status::kDeviceError);
    return true;
  }
  slot.request = {
      .operation = Operation::kCompress,
      .flush = flush == Flush::kFinish ? Flush::kFinish : Flush::kSync,
      .params = params_,
      .input = buffer_ ? buffer_.data() + begin_ : nullptr,
      .input_size = size,
      .history = history.data(),
      .history_size = wants_history ? static_cast<uint32_t>(history.size()) : 0,
      .output = slot.output.data(),
      .output_size = CompressBound(size),
  };
  slot.input = std::move(buffer_);
  cut_ += size;
  run_ = flush == Flush::kNone ? run_ + size : 0;
  Unlink();
  context_.reset();
  context_in_step_ = false;
  if (flush == Flush::kFinish) {
    finished_ = true;
  } else {
    // The next block's history: the input is the device's until the request completes.
    const size_t end = history.size() + size;
    const size_t keep = flush == Flush::kFull ? 0 : std::min<size_t>(end, kMaxHistory);
    const uint8_t* const first = slot.input ? slot.input.data() + begin_ - history.size() : nullptr;
    if (!StartBuffer({first + (end - keep), keep}, BlockSize())) Fail(Status::kDeviceError);
  }
  Submit(std::move(slot));
  return true;
}

bool CompressSession::EnsureContext() {
  if (context_ && context_in_step_) return true;
  context_ = channel_->home().MakeDeflateContext(params_, History());
  context_in_step_ = context_ != nullptr;
  return context_in_step_;
}

bool CompressSession::StageStateful(Flush flush) {
  if (!HasRoom()) return false;
  WriteHeader();
  const auto size = static_cast<uint32_t>(SegmentSize());
  if (!EnsureContext()) {
    Fail(Status::kDeviceError);
    return true;
  }
  if (std::exchange(empty_write_, false) && size == 0) context_->SetMarks({.input_ends = {0}});
  if (!NewStatefulSlot(0, size, flush)) {
    Fail(Status::kDeviceError);
    return true;
  }
  cut_ += size;
  if (flush != Flush::kNone) run_ = 0;
  finished_ = flush == Flush::kFinish;
  return true;
}

bool CompressSession::NewStatefulSlot(uint32_t offset, uint32_t size, Flush flush) {
  // Behind an output that was full the context is in the middle of its work and needs no history.
  const std::span<const uint8_t> history = offset == 0 ? History() : std::span<const uint8_t>();
  Slot slot;
  slot.output = BlockPool::Instance().Take(StatefulOutputSize(size));
  if (!slot.output) return false;
  slot.request = {
      .operation = Operation::kCompress,
      .flush = flush,
      .params = params_,
      .input = buffer_ ? buffer_.data() + begin_ + offset : nullptr,
      .input_size = size,
      .history = history.data(),
      .history_size = static_cast<uint32_t>(history.size()),
      .output = slot.output.data(),
      .output_size = StatefulOutputSize(size),
      .context = context_.get(),
  };
  Unlink();
  stateful_busy_ = true;
  Submit(std::move(slot));
  return true;
}

void CompressSession::Submit(Slot slot) {
  const uint64_t cookie = first_slot_ + slots_.size();
  // A synchronous caller with a single request would only wait for it.
  const bool only = slots_.empty();
  const bool last = slot.request.flush == Flush::kFinish || slot.request.context != nullptr;
  slots_.push_back(std::move(slot));
  const Request& request = slots_.back().request;
  const Route route = request.context != nullptr ? Route{} : route_;
  const bool waits = synchronous_ && last && !route.hardware();
  if (only && (waits || MayRunInline(request))) {
    channel_->RunInline(request, shared_from_this(), cookie);
  } else {
    const uint64_t tag = channel_->Stage(request, shared_from_this(), cookie, route);
    // Without a queue it completed at once, and its slot may be gone.
    if (cookie >= first_slot_) slots_[cookie - first_slot_].request.tag = tag;
    // A caller that waits has the workers begin while it copies the next block. A device's requests
    // are smaller and share a doorbell.
    if (synchronous_ && !route.hardware()) channel_->Kick();
  }
}

bool CompressSession::MayRunInline(const Request& request) const {
  // Above level 6 zlib may search long on data that repeats itself.
  return request.context != nullptr && !request.context->IsParked() && params_.level <= 6 &&
         channel_->MayRunInline(request.input_size);
}

bool CompressSession::FlushTo(Flush flush) {
  if (finished_ || flush == Flush::kNone || status_ != Status::kOk) return true;
  if (stateful_busy_) return false;
  const bool large = SegmentSize() >= kLargeSegment;
  const bool in_step = context_ != nullptr && context_in_step_;
  if (flush == Flush::kFinish) {
    const bool stateful = unaligned_ || (in_step && !large);
    return stateful ? StageStateful(flush) : CutBlock(flush);
  }
  const bool byte_aligned = flush == Flush::kSync || flush == Flush::kFull;
  return large && byte_aligned && !unaligned_ ? CutBlock(flush) : StageStateful(flush);
}

// ---- completions ---------------------------------------------------------------------------

void CompressSession::OnCompletion(uint64_t cookie, const Completion& completion) {
  Slot& slot = slots_[cookie - first_slot_];
  slot.completion = completion;
  slot.done = true;
  AcceptFront();
}

void CompressSession::AcceptFront() {
  while (!slots_.empty() && slots_.front().done) {
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    ++first_slot_;
    if (slot.abandoned || status_ != Status::kOk) continue;
    const Completion& completion = slot.completion;
    const bool stateful = slot.request.context != nullptr;
    const bool partial = stateful && completion.status == Status::kOutputFull;
    if (completion.status != Status::kOk && !partial) {
      Fail(completion.status);
      continue;
    }
    checksum_ =
        CombineChecksum(params_.format, checksum_, completion.checksum, completion.consumed);
    total_in_ += completion.consumed;
    output_.Push(std::move(slot.output), completion.produced);
    if (stateful) {
      AcceptStateful(slot);
    } else if (slot.request.flush == Flush::kFinish) {
      EndStream();
    }
  }
}

void CompressSession::AcceptStateful(const Slot& slot) {
  const Completion& completion = slot.completion;
  const uint32_t left = slot.request.input_size - completion.consumed;
  if (left != 0 || completion.status == Status::kOutputFull) {
    if (completion.consumed == 0 && completion.produced == 0) {
      Fail(Status::kDeviceError);  // neither moves: it never will
      return;
    }
    if (!NewStatefulSlot(static_cast<uint32_t>(SegmentSize()) - left, left, slot.request.flush)) {
      Fail(Status::kDeviceError);
    }
    return;
  }
  stateful_busy_ = false;
  begin_ = end_;
  const Flush flush = slot.request.flush;
  if (flush == Flush::kFull) history_begin_ = begin_;
  if (flush == Flush::kFinish) {
    EndStream();
  } else {
    // A full flush leaves nothing behind that is worth keeping.
    if (flush == Flush::kFull) {
      Park();
    } else {
      channel_->hot().Add(this);
    }
    unaligned_ =
        flush == Flush::kPartial || flush == Flush::kBlock || (flush == Flush::kNone && unaligned_);
  }
}

void CompressSession::EndStream() {
  if (!output_.Push(MakeTrailer(params_.format, checksum_, total_in_).span())) {
    Fail(Status::kDeviceError);
  }
  Unlink();
  context_.reset();
  buffer_.Release();
}

void CompressSession::Fail(Status status) {
  if (status_ == Status::kOk) status_ = status;
}

size_t CompressSession::memory() const {
  size_t bytes = buffer_.capacity() + output_.size();
  for (const Slot& slot : slots_) bytes += slot.input.capacity() + slot.output.capacity();
  return bytes;
}

// ---- control -------------------------------------------------------------------------------

void CompressSession::SetParams(int8_t level, uint8_t strategy, bool default_level) {
  params_.level = level;
  params_.strategy = strategy;
  default_level_ = default_level;
  plan_ = channel_->home().PlanCompression(params_);
  ForgetRoute();
  context_in_step_ = false;
}

void CompressSession::Reset() {
  Unlink();
  for (Slot& slot : slots_) {
    slot.abandoned = true;
    if (!slot.done) channel_->Cancel(slot.request.tag);
  }
  if (stateful_busy_ && !slots_.empty()) {
    slots_.back().input = std::move(buffer_);
    slots_.back().context = std::move(context_);
  }
  buffer_.Release();
  history_begin_ = begin_ = end_ = 0;
  context_.reset();
  context_in_step_ = stateful_busy_ = unaligned_ = false;
  output_.Clear();
  checksum_ = InitialChecksum(params_.format);
  total_in_ = cut_ = run_ = 0;
  header_written_ = finished_ = empty_write_ = false;
  status_ = Status::kOk;
  if (channel_->has_hardware()) ForgetRoute();
}

}  // namespace warpdrive
