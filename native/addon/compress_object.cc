// CompressSession as a JavaScript object.
#include "addon/session_object.h"
#include "session/compress_session.h"

namespace warpdrive::addon {
namespace {

class CompressObject final : public SessionObject<CompressObject, CompressSession> {
 public:
  explicit CompressObject(const Napi::CallbackInfo& info) : SessionObject(info) {
    const std::shared_ptr<Channel>& channel = environment(info).channel();
    const Wish wish = WishOf(info[6]);
    channel->NoteVainWish(wish);
    Attach(std::make_shared<CompressSession>(channel, ParamsOf(info), BytesOf(info[5]),
                                             IsDefaultLevel(info[1]), wish));
  }

  bool Settled() const { return session_->Settled(); }
  void OnSettled() {}

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "CompressSession",
                       {InstanceMethod<&CompressObject::Write>("write"),
                        InstanceMethod<&CompressObject::Flush>("flush"),
                        InstanceMethod<&CompressObject::StartOutput>("startOutput"),
                        InstanceMethod<&CompressObject::Read>("read"),
                        InstanceMethod<&CompressObject::Poll>("poll"),
                        InstanceMethod<&CompressObject::RunSync>("runSync"),
                        InstanceMethod<&CompressObject::SetParams>("setParams"),
                        InstanceMethod<&CompressObject::Reset>("reset"),
                        InstanceMethod<&CompressObject::Close>("close")});
  }

 private:
  /// write(bytes, offset): takes bytes from offset on. @return how many were taken
  Napi::Value Write(const Napi::CallbackInfo& info) {
    if (!session_) return Napi::Number::New(info.Env(), 0);
    const size_t taken = session_->Write(RestOf(info));
    PinIfBusy();
    Report(info);
    return Napi::Number::New(info.Env(), static_cast<double>(taken));
  }

  /// flush(kind). @return false if it has to be tried again after a completion
  Napi::Value Flush(const Napi::CallbackInfo& info) {
    Environment& env = environment(info);
    env.channel()->NoteTurn(env.Now());
    const bool started =
        session_ &&
        session_->FlushTo(static_cast<warpdrive::Flush>(info[0].As<Napi::Number>().Uint32Value()));
    PinIfBusy();
    Report(info);
    return Napi::Boolean::New(info.Env(), started);
  }

  Napi::Value StartOutput(const Napi::CallbackInfo& info) {
    if (session_) session_->WriteHeader();
    return info.Env().Undefined();
  }

  /// read(limit): up to `limit` bytes of finished output as one Buffer.
  Napi::Value Read(const Napi::CallbackInfo& info) {
    if (!session_) return info.Env().Undefined();
    const auto limit = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
    return TakeOutput(info.Env(), limit);
  }

  Napi::Value Poll(const Napi::CallbackInfo& info) {
    Report(info);
    return info.Env().Undefined();
  }

  /// runSync(bytes, kind): write and flush, waiting where needed; all output that is then there
  /// as one Buffer. With kind Z_NO_FLUSH it does not wait for what is in flight.
  Napi::Value RunSync(const Napi::CallbackInfo& info) {
    if (!session_) return info.Env().Undefined();
    Environment& env = environment(info);
    const auto kind = static_cast<warpdrive::Flush>(info[1].As<Napi::Number>().Uint32Value());
    std::span<const uint8_t> bytes = BytesOf(info[0]);
    session_->SetSynchronous(true);
    while (true) {
      bytes = bytes.subspan(session_->Write(bytes));
      if (bytes.empty() || session_->finished() || session_->status() != Status::kOk) break;
      if (!env.WaitAndDrain()) break;
    }
    while (!session_->FlushTo(kind) && env.WaitAndDrain()) {
    }
    while (kind != warpdrive::Flush::kNone && !session_->Settled() && env.WaitAndDrain()) {
    }
    session_->SetSynchronous(false);
    env.Kick();
    PinIfBusy();
    Report(info);
    env.scratch()[kPending] = static_cast<double>(bytes.size());
    return TakeOutput(info.Env(), session_->output().size());
  }

  Napi::Value SetParams(const Napi::CallbackInfo& info) {
    if (session_) {
      session_->SetParams(LevelOf(info[0]),
                          static_cast<uint8_t>(info[1].As<Napi::Number>().Uint32Value()),
                          IsDefaultLevel(info[0]));
    }
    return info.Env().Undefined();
  }

  Napi::Value Reset(const Napi::CallbackInfo& info) {
    if (session_) session_->Reset();
    return info.Env().Undefined();
  }

  Napi::Value Close(const Napi::CallbackInfo& info) {
    if (session_) session_->Reset();
    Detach();
    environment(info).TellHeld();
    ReleaseIfSettled();
    return info.Env().Undefined();
  }

  Napi::Value TakeOutput(Napi::Env env, size_t limit) {
    OutputQueue& output = session_->output();
    auto buffer = Napi::Buffer<uint8_t>::New(env, std::min(limit, output.size()));
    if (buffer.IsEmpty() || env.IsExceptionPending()) return env.Undefined();
    output.Read({buffer.Data(), buffer.Length()});
    return buffer;
  }

  void Report(const Napi::CallbackInfo& info) {
    double* const scratch = environment(info).scratch();
    scratch[kReadable] = session_ ? static_cast<double>(session_->output().size()) : 0;
    scratch[kSettled] = !session_ || session_->Settled();
    scratch[kRoom] = session_ && session_->HasRoom();
    scratch[kStatus] = session_ ? static_cast<double>(session_->status()) : 0;
    TellMemory(info);
  }
};

}  // namespace

void InitCompress(Napi::Env env, Napi::Object exports) {
  exports["CompressSession"] = CompressObject::Define(env);
}

}  // namespace warpdrive::addon
