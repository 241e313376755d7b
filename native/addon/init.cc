// The addon's entry point.
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

Napi::Object Init(Napi::Env env, Napi::Object exports) {
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
