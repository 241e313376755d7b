// DecompressSession as a JavaScript object.
#include <algorithm>

#include "addon/session_object.h"
#include "session/decompress_session.h"
#include "session/output_queue.h"

namespace warpdrive::addon {
namespace {

// The first output buffer of a synchronous call: data seldom expands more than this, and what it
// takes too much is one copy away from being returned.
constexpr size_t kExpansionGuess = 4;
constexpr size_t kMinOutput = 16 * 1024;
constexpr size_t kMaxOutput = 1024 * 1024;

class DecompressObject final : public SessionObject<DecompressObject, DecompressSession> {
 public:
  explicit DecompressObject(const Napi::CallbackInfo& info) : SessionObject(info) {
    StreamParams params = ParamsOf(info);
    params.one_member = info[8].As<Napi::Boolean>().Value();
    const std::shared_ptr<Channel>& channel = environment(info).channel();
    const Wish wish = WishOf(info[6]);
    channel->NoteVainWish(wish);
    Attach(std::make_shared<DecompressSession>(channel, params, BytesOf(info[5]), wish));
    session_->SetOutputUnit(info[7].As<Napi::Number>().Uint32Value());
  }

  bool Settled() const { return !session_->busy(); }
  void OnSettled() {
    output_.Reset();
    if (closed_) Detach();
  }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "DecompressSession",
                       {InstanceMethod<&DecompressObject::Write>("write"),
                        InstanceMethod<&DecompressObject::Step>("step"),
                        InstanceMethod<&DecompressObject::Poll>("poll"),
                        InstanceMethod<&DecompressObject::RunSync>("runSync"),
                        InstanceMethod<&DecompressObject::Error>("error"),
                        InstanceMethod<&DecompressObject::DropRestOfWrite>("dropRestOfWrite"),
                        InstanceMethod<&DecompressObject::Reset>("reset"),
                        InstanceMethod<&DecompressObject::Close>("close")});
  }

 private:
  /// write(bytes, offset): takes bytes from offset on. @return how many were taken
  Napi::Value Write(const Napi::CallbackInfo& info) {
    if (!session_) return Napi::Number::New(info.Env(), 0);
    const size_t taken = session_->Write(RestOf(info));
    return Napi::Number::New(info.Env(), static_cast<double>(taken));
  }

  /// step(output, kind, flushApart): decompresses what was written into `output`. @return false if
  /// that cannot start
  Napi::Value Step(const Napi::CallbackInfo& info) {
    if (!session_ || session_->busy()) return Napi::Boolean::New(info.Env(), false);
    auto output = info[0].As<Napi::Uint8Array>();
    output_ = Napi::Persistent(output);
    const bool started =
        session_->Step({output.Data(), output.ByteLength()},
                       static_cast<Flush>(info[1].As<Napi::Number>().Uint32Value()),
                       info[2].As<Napi::Boolean>().Value());
    PinIfBusy();
    return Napi::Boolean::New(info.Env(), started);
  }

  Napi::Value Poll(const Napi::CallbackInfo& info) {
    Report(info, session_ ? session_->result() : Completion{});
    return info.Env().Undefined();
  }

  /// runSync(bytes, kind, maxOutputLength): decompresses all of `bytes` on this thread. Returns
  /// the output as one Buffer; undefined after a data error, see error(); null if the output was
  /// longer than maxOutputLength.
  Napi::Value RunSync(const Napi::CallbackInfo& info) {
    if (!session_) return info.Env().Undefined();
    const auto flush = static_cast<Flush>(info[1].As<Napi::Number>().Uint32Value());
    const double limit = info[2].As<Napi::Number>().DoubleValue();
    OutputQueue output;
    session_->SetSynchronous(true);
    const Completion total = Decode(environment(info), BytesOf(info[0]), flush, limit, output);
    session_->SetSynchronous(false);
    session_->DropInput();
    Report(info, total);
    if (static_cast<double>(CountedOutput(output.size())) > limit) return info.Env().Null();
    if (session_->error().code != 0) return info.Env().Undefined();
    auto buffer = Napi::Buffer<uint8_t>::New(info.Env(), output.size());
    if (buffer.IsEmpty() || info.Env().IsExceptionPending()) return info.Env().Undefined();
    output.Read({buffer.Data(), buffer.Length()});
    environment(info).scratch()[kConsumed] = static_cast<double>(consumed_);
    return buffer;
  }

  /// error(): [errno, message], or undefined if there is none.
  Napi::Value Error(const Napi::CallbackInfo& info) {
    const StreamError error = session_ ? session_->error() : StreamError{};
    if (error.code == 0) return info.Env().Undefined();
    auto result = Napi::Array::New(info.Env(), 2);
    result[0u] = error.code;
    result[1u] = error.message;
    return result;
  }

  Napi::Value DropRestOfWrite(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), !session_ || session_->DropRestOfWrite());
  }

  /// reset(). @return false while a step is in flight
  Napi::Value Reset(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), session_ && session_->Reset());
  }

  Napi::Value Close(const Napi::CallbackInfo& info) {
    // A step in flight still writes into output_: it and this object stay until it completed.
    if (!session_) return info.Env().Undefined();
    closed_ = true;
    session_->Abandon();
    if (!session_->busy()) {
      OnSettled();
      environment(info).TellHeld();
      ReleaseIfSettled();
    }
    return info.Env().Undefined();
  }

  /// All of `bytes`, or until an error, the end of the stream, or more output than `limit`.
  Completion Decode(Environment& env, std::span<const uint8_t> bytes, Flush flush, double limit,
                    OutputQueue& output) {
    Completion step{};
    consumed_ = 0;
    size_t size = std::clamp(bytes.size() * kExpansionGuess, kMinOutput, kMaxOutput);
    while (true) {
      bytes = bytes.subspan(session_->Write(bytes));
      if (session_->RoomMatters()) size = std::max<size_t>(size, session_->output_unit());
      Block block = BlockPool::Instance().Take(size);
      const bool flush_now = bytes.empty() || flush == Flush::kBlock;
      if (!block || !session_->Step({block.data(), block.capacity()},
                                    flush_now ? flush : Flush::kNone, false)) {
        session_->FailOutOfMemory();  // what there is so far must not look whole
        return step;
      }
      // On hardware, and while software takes over from it.
      while (session_->busy() && env.WaitAndDrain()) {
      }
      step = session_->result();
      consumed_ += session_->counted();
      output.Push(std::move(block), step.produced);
      if (session_->error().code != 0 || IsWhole(step, bytes.empty(), flush)) return step;
      if (static_cast<double>(WholeUnits(output.size())) > limit) return step;
      size = kMaxOutput;
    }
  }

  bool IsWhole(const Completion& step, bool all_given, Flush flush) const {
    if (step.status == Status::kOutputFull) return false;
    // Input that a step leaves over is no stream any more; what it was not given may be one.
    const bool may_end = step.status == Status::kStreamEnd || flush == Flush::kBlock;
    if (may_end && session_->Left() != 0) return true;
    return all_given && session_->Pending() == 0;
  }

  uint64_t WholeUnits(uint64_t size) const {
    const uint32_t unit = session_->output_unit();
    return unit == 0 ? size : size - size % unit;
  }

  /// node:zlib looks at maxOutputLength whenever an output buffer is full, and at the end: an error
  /// in the data comes before what else is in its buffer.
  uint64_t CountedOutput(uint64_t size) const {
    return session_->error().code != 0 ? WholeUnits(size) : size;
  }

  void Report(const Napi::CallbackInfo& info, const Completion& completion) {
    double* const scratch = environment(info).scratch();
    const bool busy = session_ && session_->busy();
    scratch[kSettled] = !busy;
    scratch[kRoom] = session_ && session_->HasRoom();
    scratch[kStatus] = static_cast<double>(completion.status);
    scratch[kConsumed] = session_ ? static_cast<double>(session_->counted()) : 0;
    scratch[kProduced] = completion.produced;
    scratch[kPending] = session_ ? static_cast<double>(session_->Pending()) : 0;
    scratch[kInside] = session_ && session_->InsideWrite();
    scratch[kLeft] = session_ ? static_cast<double>(session_->Left()) : 0;
    TellMemory(info);
  }

  Napi::Reference<Napi::Uint8Array> output_;
  bool closed_ = false;
  int64_t consumed_ = 0;  ///< by the last synchronous call
};

}  // namespace

void InitDecompress(Napi::Env env, Napi::Object exports) {
  exports["DecompressSession"] = DecompressObject::Define(env);
}

}  // namespace warpdrive::addon
