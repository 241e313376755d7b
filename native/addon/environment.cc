#include "addon/environment.h"

#include <cstdlib>
#include <new>
#include <thread>

#include "device/block_pool.h"

namespace warpdrive::addon {
namespace {

// A stream that was flushed and then idle for this long, or twice that, is parked.
constexpr uint64_t kSweepMs = 500;

// Smaller changes are not worth a call; they are told with the next ones.
constexpr int64_t kWorthTelling = 128 * 1024;

void ReportUncaught(Napi::Env env) {
  if (!env.IsExceptionPending()) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace

size_t WindowFor(uint32_t threads) { return threads + 2; }

/// Newer kinds of array (Float16Array) have no element size in Node-API. What such an array says of
/// itself may be forged, and asking runs code of the caller's: its memory is looked at after that,
/// and no more than that is used.
static std::span<const uint8_t> BytesOfUnknownArray(const Napi::Value& array) {
  const Napi::Value stated = array.As<Napi::Object>().Get("byteLength");
  const int64_t size = stated.IsNumber() ? stated.As<Napi::Number>().Int64Value() : 0;
  void* data = nullptr;
  void* start = nullptr;
  size_t limit = 0;
  size_t offset = 0;
  napi_value memory = nullptr;
  if (napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &data, &memory, &offset) !=
          napi_ok ||
      napi_get_arraybuffer_info(array.Env(), memory, &start, &limit) != napi_ok) {
    return {};
  }
  if (offset > limit || size < 0) return {};
  return {static_cast<const uint8_t*>(data), std::min<size_t>(size, limit - offset)};
}

std::span<const uint8_t> BytesOf(const Napi::Value& value) {
  void* data = nullptr;
  size_t size = 0;
  // The C interface: the C++ one insists on an ArrayBuffer, where a SharedArrayBuffer will do.
  if (value.IsTypedArray()) {
    auto type = static_cast<napi_typedarray_type>(-1);
    if (napi_get_typedarray_info(value.Env(), value, &type, nullptr, &data, nullptr, nullptr) !=
        napi_ok) {
      return {};
    }
    const bool known = type >= napi_int8_array && type <= napi_biguint64_array;
    if (!known) return BytesOfUnknownArray(value);
    size = value.As<Napi::TypedArray>().ByteLength();
  } else if (value.IsDataView()) {
    if (napi_get_dataview_info(value.Env(), value, &size, &data, nullptr, nullptr) != napi_ok) {
      return {};
    }
  }
  return {static_cast<const uint8_t*>(data), size};
}

Environment* Environment::Create(Napi::Env env, Napi::Object exports) {
  auto* self = new Environment(env);
  // The cleanup hook deletes it, after the loop has let go of the handle.
  napi_set_instance_data(env, self, nullptr, nullptr);
  napi_add_async_cleanup_hook(env, OnCleanup, self, &self->cleanup_);

  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_async_init(loop, &self->wake_, OnWake);
  uv_unref(reinterpret_cast<uv_handle_t*>(&self->wake_));
  self->wake_.data = self;
  uv_timer_init(loop, &self->patience_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&self->patience_));
  self->patience_.data = self;
  uv_timer_init(loop, &self->sweep_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&self->sweep_));
  self->sweep_.data = self;

  self->async_context_ = std::make_unique<Napi::AsyncContext>(env, "WARPDRIVE");
  auto array = Napi::Float64Array::New(env, kScratchSize);
  self->scratch_ = array.Data();
  self->scratch_array_ = Napi::Persistent(array);
  exports["scratch"] = array;
  return self;
}

const std::shared_ptr<Channel>& Environment::channel() {
  if (!channel_) {
    channel_ = std::make_shared<Channel>(
        Machine::Instance().router(),
        QueueOptions{.depth = 1024, .notify = Notify, .notify_context = this},
        WindowFor(Software().threads()));
  }
  return channel_;
}

std::span<uint8_t> Environment::Workspace(size_t size) {
  if (workspace_size_ < size) {
    workspace_.reset(new (std::nothrow) uint8_t[size]);
    workspace_size_ = workspace_ ? size : 0;
  }
  return {workspace_.get(), workspace_size_};
}

void Environment::TellHeld() {
  HeldMemory& memory = *held_memory_;
  const int64_t change = memory.held - memory.told;
  if (closed_ || std::abs(change) < kWorthTelling) return;
  memory.told = memory.held;  // before the call: it may finalize objects, which count
  Napi::MemoryManagement::AdjustExternalMemory(env_, change);
}

void Environment::Notify(void* self) { uv_async_send(&static_cast<Environment*>(self)->wake_); }

void Environment::ArmOrWake() {
  const bool busy = channel_->outstanding() != 0 || !ready_.empty();
  auto* const handle = reinterpret_cast<uv_handle_t*>(&wake_);
  // The handle keeps the process alive exactly while it waits for something.
  if (busy && !referenced_) uv_ref(handle);
  if (!busy && referenced_) uv_unref(handle);
  referenced_ = busy;
  if (channel_->hot().size() > HotList::kKept &&
      uv_is_active(reinterpret_cast<uv_handle_t*>(&sweep_)) == 0) {
    uv_timer_start(&sweep_, OnSweep, kSweepMs, kSweepMs);
  }
  if (!ready_.empty() || channel_->HasEvents() || (busy && !channel_->Arm())) {
    uv_async_send(&wake_);
  }
  if (channel_->has_hardware()) {
    if (!busy) channel_->Arm();  // queues with nothing to do put their memory in order
    WatchHardware();
  }
}

void Environment::WatchHardware() {
  const uint64_t patience_ms = channel_->PatienceMs();
  const bool running = uv_is_active(reinterpret_cast<uv_handle_t*>(&patience_)) != 0;
  if (patience_ms == 0) {
    uv_timer_stop(&patience_);
  } else if (!running) {
    uv_timer_start(&patience_, OnPatience, patience_ms, patience_ms);
  }
}

void Environment::OnPatience(uv_timer_t* timer) {
  static_cast<Environment*>(timer->data)->Dispatch();
}

void Environment::OnSweep(uv_timer_t* timer) {
  auto* const self = static_cast<Environment*>(timer->data);
  if (self->closed_ || !self->channel_->hot().Sweep()) uv_timer_stop(timer);
}

void Environment::Kick() {
  if (closed_ || !channel_) return;
  Machine::Instance().LookAgain(Now());
  channel_->Kick();
  CollectReady();
  ArmOrWake();
}

void Environment::CollectReady() {
  for (auto& owner : channel_->TakeReady()) {
    if (owner->user != nullptr) ready_.push_back(std::move(owner));
  }
}

bool Environment::WaitAndDrain() {
  if (closed_ || !channel()->Wait()) return false;
  channel_->Drain();
  CollectReady();
  ArmOrWake();
  return true;
}

void Environment::OnWake(uv_async_t* handle) {
  static_cast<Environment*>(handle->data)->Dispatch();
}

void Environment::Dispatch() {
  if (closed_ || !channel_) return;
  const Napi::HandleScope scope(env_);
  channel_->Drain();
  CollectReady();
  if (!ready_.empty() || channel_->HasEvents()) {
    const auto owners = std::exchange(ready_, {});
    auto sessions = Napi::Array::New(env_);
    uint32_t count = 0;
    for (const auto& owner : owners) {
      auto* const wrap = static_cast<SessionWrap*>(owner->user);
      if (wrap == nullptr) continue;
      // Empty if nobody refers to it any more: a synchronous call left it here, nobody waits.
      const Napi::Object object = wrap->Object();
      if (!object.IsEmpty()) sessions[count++] = object;
      wrap->ReleaseIfSettled();
    }
    const bool news = channel_->HasEvents();
    const Napi::Value events = news ? EventsOf(env_, channel_->TakeEvents()) : env_.Undefined();
    if ((count != 0 || news) && !dispatcher_.IsEmpty()) {
      dispatcher_.MakeCallback(env_.Global(), {sessions, events}, *async_context_);
      ReportUncaught(env_);
    }
  }
  if (closed_) return;
  TellHeld();
  ArmOrWake();
}

void Environment::OnCleanup(napi_async_cleanup_hook_handle hook, void* data) {
  auto* const self = static_cast<Environment*>(data);
  self->closed_ = true;
  // Workers write into this environment's ArrayBuffers: none may after this line.
  if (self->channel_) self->channel_->Close();
  self->ready_.clear();
  self->dispatcher_.Reset();
  self->scratch_array_.Reset();
  self->async_context_.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&self->wake_), OnClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->patience_), OnClosed);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->sweep_), OnClosed);
  static_cast<void>(hook);
}

void Environment::OnClosed(uv_handle_t* handle) {
  auto* const self = static_cast<Environment*>(handle->data);
  if (--self->open_handles_ != 0) return;
  napi_remove_async_cleanup_hook(self->cleanup_);
  delete self;
}

Napi::Value Environment::SetDispatcher(const Napi::CallbackInfo& info) {
  dispatcher_ = Napi::Persistent(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Value Environment::KickFromJs(const Napi::CallbackInfo& info) {
  Kick();
  return info.Env().Undefined();
}

}  // namespace warpdrive::addon
