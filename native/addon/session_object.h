// What the two session classes share as JavaScript objects.
#pragma once

#include <napi.h>

#include <algorithm>
#include <memory>
#include <span>

#include "addon/environment.h"

namespace warpdrive::addon {

/// `Derived` is the Napi class, `Session` what it wraps. Derived::Settled() says whether nothing
/// is in flight, Derived::OnSettled() is called when that comes true.
template <typename Derived, typename Session>
class SessionObject : public Napi::ObjectWrap<Derived>, public SessionWrap {
 public:
  explicit SessionObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<Derived>(info), held_memory_(environment(info).held_memory()) {}
  ~SessionObject() override { Detach(); }

  Napi::Object Object() override { return this->Value(); }

  void ReleaseIfSettled() override {
    if (!pinned_ || (session_ && !static_cast<Derived*>(this)->Settled())) return;
    pinned_ = false;
    static_cast<Derived*>(this)->OnSettled();
    this->Unref();
  }

 protected:
  void Attach(std::shared_ptr<Session> session) {
    session_ = std::move(session);
    session_->user = static_cast<SessionWrap*>(this);
  }

  /// The session goes on alone until its requests completed, then goes away.
  void Detach() {
    if (session_) session_->user = nullptr;
    session_.reset();
    CountMemory();
  }

  /// Counts what the session holds now. No call of Node-API: finalizers come here.
  void CountMemory() {
    const int64_t held = session_ ? static_cast<int64_t>(session_->memory()) : 0;
    held_memory_->held += held - counted_;
    counted_ = held;
  }

  /// The same, told to V8: see Environment::TellHeld().
  void TellMemory(const Napi::CallbackInfo& info) {
    CountMemory();
    environment(info).TellHeld();
  }

  /// A stream that nobody refers to any more still delivers what it has in flight.
  void PinIfBusy() {
    if (!pinned_ && session_ && !static_cast<Derived*>(this)->Settled()) {
      pinned_ = true;
      this->Ref();
    }
  }

  Environment& environment(const Napi::CallbackInfo& info) { return *Environment::Of(info.Env()); }

  std::shared_ptr<Session> session_;

 private:
  std::shared_ptr<HeldMemory> held_memory_;
  int64_t counted_ = 0;  ///< of held_memory_
  bool pinned_ = false;
};

/// zlib's default level; asked for by a negative one.
constexpr int8_t kDefaultLevel = 6;

inline int8_t LevelOf(const Napi::Value& level) {
  const int32_t value = level.As<Napi::Number>().Int32Value();
  return value < 0 ? kDefaultLevel : static_cast<int8_t>(value);
}

inline bool IsDefaultLevel(const Napi::Value& level) {
  return level.As<Napi::Number>().Int32Value() < 0;
}

/// format, level, windowBits, memLevel, strategy: arguments 0 to 4 of both constructors, already
/// validated in TypeScript.
inline StreamParams ParamsOf(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t index) { return info[index].As<Napi::Number>().Int32Value(); };
  return {.format = static_cast<Format>(number(0)),
          .level = LevelOf(info[1]),
          .window_bits = static_cast<uint8_t>(number(2)),
          .mem_level = static_cast<uint8_t>(number(3)),
          .strategy = static_cast<uint8_t>(number(4))};
}

/// The arguments of both write(bytes, offset) methods: the bytes from `offset` on.
inline std::span<const uint8_t> RestOf(const Napi::CallbackInfo& info) {
  const std::span<const uint8_t> bytes = BytesOf(info[0]);
  return bytes.subspan(std::min<size_t>(info[1].As<Napi::Number>().Int64Value(), bytes.size()));
}

}  // namespace warpdrive::addon
