#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <vector>

#include "software/codecs/deflate_memory.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {
namespace {

// The state begins anew, from the end of the history, behind the first flush with which so much
// input, or so many steps, passed since it last did. That keeps what Park() gives up rebuildable
// from kMaxHistory bytes and in the time of a few KiB. Part of the output format in effect.
constexpr uint32_t kMaxSinceSeed = 8 * 1024;
constexpr size_t kMaxSteps = 64;
// With more states than that, each is parked after the step.
constexpr size_t kMostStates = 512;
// History that it begins from.
constexpr uint32_t kMaxSeed = kMaxHistory - kMaxSinceSeed;

// Everything that zlib's output depends on follows from the bytes in the window, the point where
// the state was seeded and the calls since then, so a parked state comes back the same by making
// those calls again.
class DeflateStream final : public StreamCodec {
 public:
  ~DeflateStream() override { Close(); }

  bool Init(const StreamParams& params, std::span<const uint8_t> history) {
    params_ = params;
    // Thousands of streams may begin at once: without a history the state comes with the first
    // step.
    return history.empty() ? AreValid(params) : Open(history);
  }

  StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush) override {
    if (input.size() > kMaxRequestBytes || output.size() > kMaxRequestBytes) {
      return {Status::kUnsupported, 0, 0};
    }
    if (!open_ && (!calls_.empty() || !Open({}))) return Failed(Z_STREAM_ERROR);
    const bool empty_write = std::exchange(empty_write_, false);
    const StepResult step = Deflate(input, output, flush, empty_write);
    Record({static_cast<uint32_t>(input.size()), static_cast<uint32_t>(output.size()), flush,
            empty_write},
           step);
    return step;
  }

  StepResult StepBehind(std::span<const uint8_t> history, std::span<const uint8_t> input,
                        std::span<uint8_t> output, Flush flush) override {
    if (IsSeedDue()) Close();
    if (!open_ && !Rebuild(history)) return Failed(Z_MEM_ERROR);
    const StepResult step = Step(input, output, flush);
    // The owner may be slow to say which streams are idle.
    if (IsSeedDue() && last_flush_ == Flush::kFull) Close();
    if (DeflateMemory::InUse() > kMostStates) Park();
    return step;
  }

  bool Park() override {
    if (!at_flush_ || (!IsSeedDue() && !rebuildable_)) return false;
    Close();
    return true;
  }

  // At the start and behind a full flush there is nothing to bring back.
  bool IsParked() const override {
    return !open_ && (at_flush_ ? last_flush_ != Flush::kFull : !calls_.empty());
  }

  StreamError error() const override { return error_; }

  // Only a write of nothing at the very start makes a difference: zlib leaves out a flush that
  // follows another, unless it was called in between.
  void SetMarks(StepMarks marks) override {
    empty_write_ = !marks.input_ends.empty() && marks.input_ends.front() == 0;
  }

 private:
  struct Call {
    uint32_t input_size;
    uint32_t output_size;
    Flush flush;
    bool empty_write;
  };

  // As deflateInit2().
  static bool AreValid(const StreamParams& params) {
    return params.level >= 0 && params.level <= 9 && params.window_bits >= 8 &&
           params.window_bits <= MAX_WBITS && params.mem_level >= 1 &&
           params.mem_level <= MAX_MEM_LEVEL && params.strategy <= Z_FIXED;
  }

  static bool EndsOnByte(Flush flush) { return flush == Flush::kSync || flush == Flush::kFull; }

  // Behind a flush that leaves nothing in the middle of a byte. A full flush forgets the window.
  bool IsSeedDue() const {
    if (!at_flush_) return false;
    return last_flush_ == Flush::kFull || since_seed_ >= kMaxSinceSeed ||
           calls_.size() >= kMaxSteps || !rebuildable_;
  }

  bool Open(std::span<const uint8_t> seed) {
    const auto reach = seed.last(std::min<size_t>(seed.size(), kMaxHistory));
    stream_ = {};
    memory_.Release();
    if (!memory_.Attach(&stream_, params_)) return false;
    // Raw deflate with an 8-bit window does not exist (zlib.h, deflateInit2).
    const int window_bits = std::max<int>(params_.window_bits, 9);
    open_ = deflateInit2(&stream_, params_.level, Z_DEFLATED, -window_bits, params_.mem_level,
                         params_.strategy) == Z_OK;
    if (!open_) memory_.Release();
    seed_size_ = static_cast<uint32_t>(reach.size());
    rebuildable_ = seed_size_ <= kMaxSeed;
    if (!open_ || reach.empty()) return open_;
    return deflateSetDictionary(&stream_, reach.data(), static_cast<uInt>(reach.size())) == Z_OK;
  }

  void Close() {
    if (open_) deflateEnd(&stream_);
    open_ = false;
    memory_.Release();
  }

  bool Rebuild(std::span<const uint8_t> history) {
    if (IsSeedDue()) {
      if (last_flush_ == Flush::kFull) history = {};
      return Reseed(history.last(std::min<size_t>(history.size(), kMaxSeed)));
    }
    if (history.size() < size_t{seed_size_} + since_seed_) return false;
    std::span<const uint8_t> calls_input = history.last(since_seed_);
    const auto seed = history.first(history.size() - since_seed_).last(seed_size_);
    return Open(seed) && FlushAgain(seed_flush_) && Replay(calls_input);
  }

  bool Reseed(std::span<const uint8_t> seed) {
    seed_flush_ = last_flush_;
    calls_.clear();
    since_seed_ = 0;
    return Open(seed) && FlushAgain(seed_flush_);
  }

  // zlib has to know what the last flush was: it leaves out one that follows another.
  bool FlushAgain(Flush flush) {
    std::array<uint8_t, 64> nowhere;
    return flush == Flush::kNone || Deflate({}, nowhere, flush, false).status == Status::kOk;
  }

  bool Replay(std::span<const uint8_t> input) {
    std::vector<uint8_t> nowhere;
    for (const Call& call : calls_) {
      nowhere.resize(std::max<size_t>(nowhere.size(), call.output_size));
      const StepResult step =
          Deflate(input.first(call.input_size), std::span(nowhere).first(call.output_size),
                  call.flush, call.empty_write);
      if (step.status != Status::kOk || step.consumed != call.input_size) return false;
      input = input.subspan(call.input_size);
    }
    return input.empty();
  }

  StepResult Deflate(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush,
                     bool empty_write) {
    Bytef nowhere = 0;  // zlib refuses null pointers even where it has nothing to write
    stream_.next_in = const_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = output.empty() ? &nowhere : output.data();
    stream_.avail_out = static_cast<uInt>(output.size());
    if (empty_write) {
      stream_.avail_in = 0;
      deflate(&stream_, Z_NO_FLUSH);
      stream_.avail_in = static_cast<uInt>(input.size());
    }
    const int result = deflate(&stream_, static_cast<int>(flush));
    if (result < 0 && result != Z_BUF_ERROR) return Failed(result);
    StepResult step{Status::kOk, static_cast<uint32_t>(input.size() - stream_.avail_in),
                    static_cast<uint32_t>(output.size() - stream_.avail_out)};
    if (stream_.avail_out == 0 && result != Z_STREAM_END) step.status = Status::kOutputFull;
    return step;
  }

  // As node's ZlibContext::GetErrorInfo for what is no fault of the data.
  StepResult Failed(int code) {
    error_ = {code, stream_.msg != nullptr ? stream_.msg : "Zlib error"};
    return {Status::kDataError, 0, 0};
  }

  void Record(const Call& call, const StepResult& step) {
    at_flush_ = step.status == Status::kOk && EndsOnByte(call.flush);
    last_flush_ = call.flush;
    since_seed_ += std::min(step.consumed, kMaxRequestBytes - since_seed_);
    // What takes several calls is not made again: the next flush is followed by a new start.
    rebuildable_ = rebuildable_ && step.status == Status::kOk && calls_.size() < kMaxSteps &&
                   since_seed_ <= kMaxSinceSeed;
    if (rebuildable_) {
      calls_.push_back(call);
    } else {
      calls_.clear();
    }
  }

  StreamParams params_;
  z_stream stream_{};
  DeflateMemory memory_;
  bool open_ = false;
  bool empty_write_ = false;
  StreamError error_;

  uint32_t seed_size_ = 0;           // bytes of history that the state began from
  Flush seed_flush_ = Flush::kNone;  // the flush before that
  uint32_t since_seed_ = 0;          // bytes of input since then
  std::vector<Call> calls_;          // since then
  bool rebuildable_ = true;          // from the history and calls_
  bool at_flush_ = false;            // the last call ended with one, on a byte
  Flush last_flush_ = Flush::kNone;
};

}  // namespace

std::unique_ptr<StreamCodec> MakeDeflateStream(const StreamParams& params,
                                               std::span<const uint8_t> history) {
  std::unique_ptr<DeflateStream> stream(new (std::nothrow) DeflateStream);
  if (stream == nullptr || !stream->Init(params, history)) return nullptr;
  return stream;
}

}  // namespace warpdrive::software
