// What the addon keeps per JavaScript thread: its channel, and the way back into JavaScript.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "addon/machine.h"
#include "session/channel.h"

namespace warpdrive::addon {

/// Numbers that native calls leave for JavaScript, so that no object is made per call. Indices
/// are mirrored in src/binding.ts.
enum Scratch : size_t {
  kReadable = 0,  ///< compression: output bytes that can be read
  kSettled = 1,   ///< 1 if nothing is in flight
  kRoom = 2,      ///< 1 if a write would be taken
  kStatus = 3,    ///< warpdrive::Status of the session or the last step
  kConsumed = 4,  ///< decompression: input bytes the last call used
  kProduced = 5,  ///< decompression: output bytes the last call wrote
  kPending = 6,   ///< decompression: input bytes that wait
  kLeft = 7,      ///< decompression: input bytes that the last step was given and did not use
  kInside = 8,    ///< decompression: 1 if the last step's input ended inside a write()
  kScratchSize = 16,
};

/// What sessions of a JavaScript thread hold outside of V8's heap, in bytes. Finalizers only count
/// here: V8 is told by TellHeld(), which may collect garbage on the spot. Shared, because objects
/// are finalized after their environment is gone.
struct HeldMemory {
  int64_t held = 0;
  int64_t told = 0;  ///< what V8 knows of
};

/// One per environment; made when the addon is loaded there, gone with its cleanup hook.
class Environment {
 public:
  static Environment* Create(Napi::Env env, Napi::Object exports);
  static Environment* Of(Napi::Env env) { return env.GetInstanceData<Environment>(); }

  /// The channel, opened at the first use.
  const std::shared_ptr<Channel>& channel();
  /// Sends what is staged, and sees to it that completions wake this thread.
  void Kick();
  /// Blocks until something finished, and hands it out. @return false if nothing is in flight
  bool WaitAndDrain();
  double* scratch() { return scratch_; }
  const std::shared_ptr<HeldMemory>& held_memory() const { return held_memory_; }
  /// Tells V8 of what changed in held_memory(), so that streams that nobody refers to are collected
  /// in time. Only where a garbage collection is no harm: at the end of calls from JavaScript.
  void TellHeld();
  /// The event loop's clock, in milliseconds; it stands still while callbacks run.
  uint64_t Now() const { return uv_now(wake_.loop); }
  /// `size` bytes for use until this thread calls again; empty if memory ran out.
  std::span<uint8_t> Workspace(size_t size);

  Napi::Value SetDispatcher(const Napi::CallbackInfo& info);
  Napi::Value KickFromJs(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value Configure(const Napi::CallbackInfo& info);
  Napi::Value Devices(const Napi::CallbackInfo& info);
  Napi::Value DeviceRefusal(const Napi::CallbackInfo& info);

 private:
  explicit Environment(Napi::Env env) : env_(env) {}
  static void Notify(void* self);
  static void OnWake(uv_async_t* handle);
  static void OnSweep(uv_timer_t* timer);
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* self);
  void Dispatch();
  void ArmOrWake();
  void WatchHardware();
  static void OnPatience(uv_timer_t* timer);
  static void OnClosed(uv_handle_t* handle);
  void CollectReady();

  Napi::Env env_;
  std::shared_ptr<Channel> channel_;
  Napi::FunctionReference dispatcher_;
  std::unique_ptr<Napi::AsyncContext> async_context_;
  Napi::Reference<Napi::Float64Array> scratch_array_;
  double* scratch_ = nullptr;
  std::shared_ptr<HeldMemory> held_memory_ = std::make_shared<HeldMemory>();
  std::unique_ptr<uint8_t[]> workspace_;
  size_t workspace_size_ = 0;
  std::vector<std::shared_ptr<RequestOwner>> ready_;
  uv_async_t wake_{};
  uv_timer_t patience_{};  ///< runs while hardware has work: it may never say that it is done
  uv_timer_t sweep_{};     ///< runs while more streams than usual keep device states
  uint32_t open_handles_ = 3;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool referenced_ = false;
  bool closed_ = false;
};

/// Requests that one stream may have in flight: one per worker, and one each being filled and
/// being read.
size_t WindowFor(uint32_t threads);

/// The bytes of a Buffer, TypedArray or DataView argument.
std::span<const uint8_t> BytesOf(const Napi::Value& value);

/// What ready sessions' JavaScript objects have in common.
class SessionWrap {
 public:
  virtual ~SessionWrap() = default;
  virtual Napi::Object Object() = 0;
  /// Lets the object be collected if nothing is in flight any more.
  virtual void ReleaseIfSettled() = 0;
};

/// The events as JavaScript objects (NativeEvent in src/binding.ts).
Napi::Value EventsOf(Napi::Env env, const std::vector<DeviceEvent>& events);

/// What a "device" argument asks for: undefined, or a name that DeviceRefusal() allows.
Wish WishOf(const Napi::Value& device);

void InitCompress(Napi::Env env, Napi::Object exports);
void InitDecompress(Napi::Env env, Napi::Object exports);
void InitOneShot(Napi::Env env, Napi::Object exports);
void InitChecksum(Napi::Env env, Napi::Object exports);

}  // namespace warpdrive::addon
