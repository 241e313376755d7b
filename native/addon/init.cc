// The addon's entry point.
#include <dlfcn.h>
#include <napi.h>

#include "addon/environment.h"

namespace warpdrive::addon {
namespace {

template <Napi::Value (Environment::*Method)(const Napi::CallbackInfo&)>
void Export(Napi::Env env, Napi::Object exports, const char* name) {
  exports[name] = Napi::Function::New(
      env,
      [](const Napi::CallbackInfo& info) -> Napi::Value {
        return (Environment::Of(info.Env())->*Method)(info);
      },
      name);
}

/// Node unloads an addon with the last of the worker_threads that loaded it, if the main thread did
/// not. The device's threads run its code until the process ends.
void StayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&StayLoaded), &self) == 0) return;
  // Never closed.
  static_cast<void>(dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  StayLoaded();
  Environment::Create(env, exports);
  Export<&Environment::SetDispatcher>(env, exports, "setDispatcher");
  Export<&Environment::KickFromJs>(env, exports, "kick");
  Export<&Environment::Stats>(env, exports, "stats");
  Export<&Environment::Configure>(env, exports, "configure");
  Export<&Environment::Devices>(env, exports, "devices");
  Export<&Environment::DeviceRefusal>(env, exports, "deviceRefusal");
  InitCompress(env, exports);
  InitDecompress(env, exports);
  InitOneShot(env, exports);
  InitChecksum(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(warpdrive, Init)

}  // namespace warpdrive::addon
