// Errors of the user library: something refused, with the reason for people and a code for the
// router. No exceptions, so they are values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace warpdrive {

/// What the router makes of a refusal.
enum class ErrorCode : uint8_t {
  kBusy,         ///< no queue free, group open elsewhere: try again later
  kGone,         ///< the device is removed, reset or stopped: close, probe later
  kPermission,   ///< an operator has to grant access
  kMemoryLimit,  ///< RLIMIT_MEMLOCK or memory ran out
  kUnsupported,  ///< this device or kernel cannot do it: do not try again
  kProtocol,     ///< kernel or device said something impossible: do not use it
  kSystem,       ///< any other failed system call
};

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  int system_error = 0;  ///< errno, 0 if no system call failed
  /// One line that names what was tried, the value or path, and what to do about it.
  std::string message;
};

/// A T or an Error. value() only after ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: returned from functions
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  T Take() { return std::move(*value_); }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

/// Success, or an Error.
class [[nodiscard]] Outcome {
 public:
  Outcome() = default;
  Outcome(Error error) : error_(std::move(error)) {}  // NOLINT
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

/// Sorts an errno of open(), mmap() or an ioctl into what the router needs to know.
ErrorCode ErrorCodeOf(int system_error);
/// `what` (a phrase: "cannot open /dev/vfio/12") with the reason of `system_error` behind it.
Error SystemError(int system_error, std::string what);

}  // namespace warpdrive
