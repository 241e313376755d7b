// Whole streams in one call, for the one-call functions: on this thread, or on a worker.
#include <algorithm>
#include <cstring>

#include "addon/environment.h"
#include "device/block_pool.h"
#include "session/whole_stream.h"

namespace warpdrive::addon {
namespace {

/// operation | format << 4 | level << 8 | windowBits << 12 | memLevel << 16 | strategy << 20; one
/// number, because reading one takes a call of Node-API. Packed and validated in TypeScript.
WholeStream StreamOf(const Napi::Value& packed) {
  const uint32_t bits = packed.As<Napi::Number>().Uint32Value();
  const auto field = [bits](int shift) { return static_cast<uint8_t>(bits >> shift & 15); };
  return {static_cast<Operation>(field(0)),
          {.format = static_cast<Format>(field(4)),
           .level = static_cast<int8_t>(field(8)),
           .window_bits = field(12),
           .mem_level = field(16),
           .strategy = field(20)}};
}

/// What other threads can write to has to be copied first: codecs read their input twice.
bool IsShared(const Napi::Value& view) {
  napi_value memory = nullptr;
  bool owned = false;
  if (view.IsTypedArray()) {
    napi_get_typedarray_info(view.Env(), view, nullptr, nullptr, nullptr, &memory, nullptr);
  } else if (view.IsDataView()) {
    napi_get_dataview_info(view.Env(), view, nullptr, nullptr, &memory, nullptr);
  }
  return memory == nullptr || napi_is_arraybuffer(view.Env(), memory, &owned) != napi_ok || !owned;
}

/// The view's bytes, unless others can write to them: those have to be copied first, since codecs
/// read their input twice. One look at what nearly all callers give; the rest is for streams.
bool OwnBytesOf(const Napi::Value& view, std::span<const uint8_t>* bytes) {
  auto type = static_cast<napi_typedarray_type>(-1);
  size_t size = 0;
  void* data = nullptr;
  napi_value memory = nullptr;
  bool owned = false;
  const napi_env env = view.Env();
  if (napi_get_typedarray_info(env, view, &type, &size, &data, &memory, nullptr) != napi_ok ||
      type != napi_uint8_array || napi_is_arraybuffer(env, memory, &owned) != napi_ok || !owned) {
    if (IsShared(view)) return false;
    *bytes = BytesOf(view);
    return true;
  }
  *bytes = {static_cast<const uint8_t*>(data), size};
  return true;
}

Napi::Value CopyOut(Napi::Env env, std::span<const uint8_t> bytes) {
  auto buffer = Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size());
  if (buffer.IsEmpty() || env.IsExceptionPending()) return env.Undefined();
  return buffer;
}

bool RunInto(Environment& environment, WholeStream& stream, std::span<const uint8_t> input,
             std::span<uint8_t> output) {
  if (output.empty() || !stream.Begin(input, output)) return false;
  return stream.End(environment.channel()->RunNow(stream.request()));
}

/// With hardware a stream has a route, and who asks for hardware in vain is counted by a stream.
bool NeedsStream(Environment& environment) {
  Channel& channel = *environment.channel();
  return channel.has_hardware() || channel.router().AsksForHardware(kAnyDevice);
}

/// runWhole(bytes, packed): the result as a Buffer; undefined: use a stream.
Napi::Value RunWhole(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::span<const uint8_t> input;
  if (!OwnBytesOf(info[0], &input)) return env.Undefined();
  WholeStream stream = StreamOf(info[1]);
  const size_t size = stream.OutputSize(input);
  Environment& environment = *Environment::Of(env);
  if (size == 0 || NeedsStream(environment)) return env.Undefined();
  if (stream.IsExact(input, size)) {
    // Nobody gets to see the buffer unless all of it was written.
    auto buffer = Napi::Buffer<uint8_t>::New(env, size);
    if (buffer.IsEmpty() || env.IsExceptionPending()) return env.Undefined();
    const bool right = RunInto(environment, stream, input, {buffer.Data(), size});
    return right && stream.size() == size ? buffer : env.Undefined();
  }
  const std::span<uint8_t> output = environment.Workspace(size);
  if (!RunInto(environment, stream, input, output)) return env.Undefined();
  return CopyOut(env, output.first(stream.size()));
}

/// A stream on its way through a worker. Owns its memory: the caller's may change meanwhile.
class WholeJob final : public RequestOwner, public SessionWrap {
 public:
  WholeJob(Napi::Object job, const WholeStream& stream)
      : job_(Napi::Persistent(job)), stream_(stream) {
    user = static_cast<SessionWrap*>(this);
  }

  bool Start(Channel& channel, std::span<const uint8_t> input) {
    const size_t size = stream_.OutputSize(input);
    if (size == 0) return false;
    input_ = BlockPool::Instance().Take(input.size());
    output_ = BlockPool::Instance().Take(size);
    if (!input_ || !output_) return false;
    std::memcpy(input_.data(), input.data(), input.size());
    if (!stream_.Begin({input_.data(), input.size()}, {output_.data(), size})) return false;
    channel.Stage(stream_.request(), shared_from_this(), 0);
    return true;
  }

  /// The JavaScript object, with the result as its property `output`, or without.
  Napi::Object Object() override {
    Napi::Object job = job_.Value();
    if (done_) job.Set("output", CopyOut(job.Env(), {output_.data(), stream_.size()}));
    output_.Release();
    return job;
  }
  void ReleaseIfSettled() override {}

 protected:
  void OnCompletion(uint64_t, const Completion& completion) override {
    done_ = stream_.End(completion);
    input_.Release();
  }

 private:
  Napi::ObjectReference job_;
  WholeStream stream_;
  Block input_;
  Block output_;
  bool done_ = false;
};

/// startWhole(job, bytes, packed). @return false: use a stream. Else the dispatcher gets `job`,
/// with its property `output` set unless a stream has to be used after all.
Napi::Value StartWhole(const Napi::CallbackInfo& info) {
  Environment& environment = *Environment::Of(info.Env());
  if (NeedsStream(environment)) return Napi::Boolean::New(info.Env(), false);
  const auto job = std::make_shared<WholeJob>(info[0].As<Napi::Object>(), StreamOf(info[2]));
  const bool started = job->Start(*environment.channel(), BytesOf(info[1]));
  return Napi::Boolean::New(info.Env(), started);
}

}  // namespace

void InitOneShot(Napi::Env env, Napi::Object exports) {
  exports["runWhole"] = Napi::Function::New(env, RunWhole, "runWhole");
  exports["startWhole"] = Napi::Function::New(env, StartWhole, "startWhole");
}

}  // namespace warpdrive::addon
