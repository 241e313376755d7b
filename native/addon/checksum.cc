// crc32() for JavaScript.
#include "software/codecs/checksum.h"

#include <napi.h>

#include "addon/environment.h"

namespace warpdrive::addon {

void InitChecksum(Napi::Env env, Napi::Object exports) {
  exports["crc32"] = Napi::Function::New(
      env,
      [](const Napi::CallbackInfo& info) -> Napi::Value {
        const uint32_t seed = info[1].As<Napi::Number>().Uint32Value();
        return Napi::Number::New(info.Env(), software::Crc32(seed, BytesOf(info[0])));
      },
      "crc32");
}

}  // namespace warpdrive::addon
