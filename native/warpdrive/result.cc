#include "warpdrive/result.h"

#include <cerrno>
#include <system_error>

namespace warpdrive {

ErrorCode ErrorCodeOf(int system_error) {
  switch (system_error) {
    case EBUSY:
    case EAGAIN:
      return ErrorCode::kBusy;
    case ENODEV:
    case ENXIO:
    case ENOENT:
      return ErrorCode::kGone;
    case EACCES:
    case EPERM:
      return ErrorCode::kPermission;
    case ENOMEM:
      return ErrorCode::kMemoryLimit;
    case EINVAL:
    case ENOTTY:
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kSystem;
  }
}

Error SystemError(int system_error, std::string what) {
  what += ": ";
  what += std::generic_category().message(system_error);
  return {ErrorCodeOf(system_error), system_error, std::move(what)};
}

}  // namespace warpdrive
