// How a decompressing stream gets to hardware, and how software takes over from there: a new
// context is given the kept input until it has made the output that was delivered, which is
// dropped; then the step that failed runs again.
#include <algorithm>
#include <cstring>
#include <utility>

#include "session/decompress_session.h"

namespace warpdrive {
namespace {

// Output that is made only to be dropped, in pieces of so many bytes.
constexpr size_t kScratchSize = 256 * 1024;

// Output since the restart point that a stream on hardware may have: what expands enormously keeps
// little input, but takes long to make again.
constexpr uint64_t kMaxReplayOutput = 256u << 20;

// The next restart point is looked for when so much of what may be kept is kept: as a fraction.
constexpr uint64_t kLookAfter = 2;

constexpr uint8_t kGzipId1 = 0x1f;  // RFC 1952 §2.3.1; no zlib stream begins with it

constexpr StreamError kOutOfMemory{-4, "Zlib error"};  // Z_MEM_ERROR, as node:zlib says it

// Z_DATA_ERROR. The bytes that hardware delivered are not those that the input makes.
constexpr StreamError kDisagreement{-3, "hardware output does not match its input"};

}  // namespace

void DecompressSession::RouteStep(Flush flush) {
  // Only software stops at blocks, and only software refuses distances by the room of a call.
  if (flush == Flush::kBlock || RoomMatters()) return;
  route_ = channel_->RouteStream({
      .operation = Operation::kDecompress,
      .params = params_,
      .flush = flush,
      .size = static_cast<uint32_t>(std::min<size_t>(active_.size(), kMaxRequestBytes)),
      .history_size = static_cast<uint32_t>(dictionary_.size()),
      .default_level = true,
      .wish = wish_,
  });
  if (!route_.hardware()) return;
  generation_ = channel_->GenerationOf(route_);
  Device& device = channel_->DeviceOf(route_);
  context_ = device.MakeInflateContext(params_, dictionary_);
  if (context_) {
    if (dictionary_.empty() && device.Followable(params_)) MakeScout();
    return;
  }
  channel_->NoteReason(Reason::kUnsupportedOption);
  route_ = {};
}

void DecompressSession::MakeScout() {
  Format format = params_.format;
  if (format == Format::kAuto) {
    if (active_.size() == 0) return;  // nothing tells what it is
    const bool gzip = active_.block.data()[active_.begin] == kGzipId1;
    format = gzip ? Format::kGzip : Format::kZlib;
  }
  const uint64_t keep_bytes = channel_->router().policy().keep_bytes;
  scout_ = RestartScout::Make(channel_->home(), format, keep_bytes);
  if (scout_ == nullptr) return;
  // The session goes before the scout if nobody waits for it.
  scout_->OnSearched([weak = weak_from_this()] {
    const std::shared_ptr<RequestOwner> self = weak.lock();
    if (self != nullptr) static_cast<DecompressSession*>(self.get())->OnSearched();
  });
}

/// Begins the step that order_ says.
void DecompressSession::StepOnHardware() {
  if (generation_ != channel_->GenerationOf(route_)) {
    BeginTakeover(Reason::kDeviceError);
  } else if (!KeepsTooMuch()) {
    StageStep();
  } else if (scout_ != nullptr && scout_->searching()) {
    awaits_search_ = true;  // a few milliseconds, and then most likely it keeps less
  } else {
    BeginTakeover(Reason::kTooLong);
  }
}

void DecompressSession::OnSearched() {
  TakeBlock();
  if (!std::exchange(awaits_search_, false)) return;
  StepOnHardware();
  // The completion that it gets was none of its own.
  if (!busy_) channel_->MarkReady(shared_from_this());
}

bool DecompressSession::KeepsTooMuch() const {
  const BlockPool& pool = BlockPool::Instance();
  return log_.size() > channel_->router().policy().keep_bytes ||
         log_output_ - restart_output_ > kMaxReplayOutput || pool.in_use() > pool.limit();
}

/// Whether the completion of a step on hardware is not to be accepted. If it is, its input is kept.
bool DecompressSession::TakesOver(const Completion& completion) {
  switch (completion.status) {
    case Status::kOk:
      // Input that it leaves over without a reason would be given to it again for ever.
      if (completion.consumed != given_) return true;
      break;
    case Status::kOutputFull:
    case Status::kStreamEnd:
      break;
    default:
      // Of bad data too: zlib has to say what is wrong with it, and how far it got.
      return true;
  }
  const uint8_t* const input = active_.block.data() + active_.begin;
  if (!log_.Append({input, completion.consumed})) return true;
  log_output_ += completion.produced;
  MoveRestart(completion);
  return false;
}

/// After a step whose input is kept.
void DecompressSession::MoveRestart(const Completion& completion) {
  const RestartPoint restart = context_->restart_point();
  const bool another_member =
      restart.input > log_.begin() && restart.input <= log_.end() && restart.output <= log_output_;
  if (another_member) {
    log_.DropBefore(restart.input);
    restart_output_ = restart.output;
    restart_block_ = nullptr;
  }
  if (scout_ == nullptr) return;
  Follow({log_.end() - completion.consumed, log_output_ - completion.produced},
         order_.output.first(completion.produced), another_member);
}

/// `from`: where the step, which put out `output`, began.
void DecompressSession::Follow(RestartPoint from, std::span<const uint8_t> output,
                               bool another_member) {
  if (another_member) {
    const uint64_t of_member = log_output_ - restart_output_;
    // Nothing is put out between members: of this one there was nothing before this step.
    if (of_member > output.size()) {
      StopFollowing();
      return;
    }
    output = output.last(static_cast<size_t>(of_member));
    from = {log_.begin(), restart_output_};
    scout_->BeginMember();
  }
  const bool wanted = log_.size() > channel_->router().policy().keep_bytes / kLookAfter ||
                      log_output_ - restart_output_ > kMaxReplayOutput / kLookAfter;
  scout_->Take(*channel_, log_, from, output, wanted);
}

/// Moves the restart point to what was found.
void DecompressSession::TakeBlock() {
  std::unique_ptr<BlockStart> block = scout_->TakeFound();
  // It may be of a member that has ended.
  if (block != nullptr && block->input > log_.begin() && block->input <= log_.end() &&
      block->output >= restart_output_ && block->output <= log_output_) {
    log_.DropBefore(block->input);
    restart_output_ = block->output;
    restart_block_ = std::move(block);
  }
}

void DecompressSession::StopFollowing() {
  if (scout_ != nullptr) scout_->Stop(*channel_);
  scout_ = nullptr;
  restart_block_ = nullptr;
}

/// Software's state at the restart point.
std::unique_ptr<StreamContext> DecompressSession::MakeSuccessor() {
  Device& home = channel_->home();
  return restart_block_ != nullptr ? home.ResumeInflateContext(params_, *restart_block_)
                                   : home.MakeInflateContext(params_, dictionary_);
}

void DecompressSession::BeginTakeover(Reason reason) {
  if (reason != Reason::kDeviceError) channel_->NoteReason(reason);
  route_ = {};
  context_ = MakeSuccessor();
  StopFollowing();
  scratch_ = BlockPool::Instance().Take(kScratchSize);
  if (!context_ || !scratch_) {
    FailStep(kOutOfMemory);
    return;
  }
  // No more than node:zlib had by then: it looks at what it gets, and counts that, without output.
  replay_limit_ = log_.end() + RestOfWrite();
  // A context that decodes ahead delivers output before it counts the input of it as consumed.
  const std::span waiting(active_.block.data() + active_.begin, active_.size());
  if (!waiting.empty() && !log_.Append(waiting)) {
    FailStep(kOutOfMemory);
    return;
  }
  replaying_ = true;
  replay_at_ = log_.begin();
  replay_output_ = log_output_ - restart_output_;
  StageReplay();
}

/// Input behind what hardware used that node:zlib had in the same call: a call that filled its
/// output had all of a write.
uint64_t DecompressSession::RestOfWrite() const {
  if (result_.status != Status::kOutputFull) return 0;
  const auto end = std::find_if(write_ends_.begin(), write_ends_.end(),
                                [this](uint64_t at) { return at >= total_consumed_; });
  const uint64_t rest = end == write_ends_.end() ? ~uint64_t{0} : *end - total_consumed_;
  return std::min<uint64_t>(rest, active_.size());
}

void DecompressSession::StageReplay() {
  if (replay_output_ == 0) {
    EndReplay();
    return;
  }
  std::span<const uint8_t> input = log_.From(replay_at_);
  const uint64_t most = std::min<uint64_t>(replay_limit_ - replay_at_, kMaxRequestBytes);
  if (input.size() > most) input = input.first(static_cast<size_t>(most));
  Stage({
      .operation = Operation::kDecompress,
      .flush = Flush::kNone,
      .params = params_,
      .input = input.data(),
      .input_size = static_cast<uint32_t>(input.size()),
      .output = scratch_.data(),
      .output_size = static_cast<uint32_t>(std::min<uint64_t>(replay_output_, kScratchSize)),
      .context = context_.get(),
  });
}

void DecompressSession::AcceptReplay(const Completion& completion) {
  const bool moved = completion.consumed != 0 || completion.produced != 0;
  replay_at_ += completion.consumed;
  replay_output_ -= completion.produced;
  if (completion.status == Status::kDataError) {
    replaying_ = false;
    FailStep(context_->error());
  } else if (replay_output_ != 0 && !moved && replay_limit_ != log_.end()) {
    replay_limit_ = log_.end();
    StageReplay();
  } else if (replay_output_ != 0 && !moved) {
    replaying_ = false;
    FailStep(kDisagreement);
  } else {
    StageReplay();
  }
}

/// Software stands where the hardware stood, but for input that it has not looked at yet.
void DecompressSession::EndReplay() {
  replaying_ = false;
  scratch_.Release();
  const auto rest = static_cast<int64_t>(log_.end() - replay_at_);
  returned_ = rest - static_cast<int64_t>(active_.size());
  Input input;
  while (replay_at_ < log_.end()) {
    const std::span<const uint8_t> piece = log_.From(replay_at_);
    if (!Append(input, piece)) {
      FailStep(kOutOfMemory);
      return;
    }
    replay_at_ += piece.size();
  }
  active_ = std::move(input);
  total_consumed_ -= static_cast<uint64_t>(returned_);
  NoteWriteEnd();
  log_.Clear();
  StageStep();
}

}  // namespace warpdrive
