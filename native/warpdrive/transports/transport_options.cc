#include "warpdrive/transports/transport_options.h"

#include <unistd.h>

#include "warpdrive/discovery/identity.h"
#include "warpdrive/process_id.h"

namespace warpdrive {

Outcome CheckAllowed(const DeviceDescription& description, const TransportOptions& options,
                     pid_t owner) {
  if (ProcessId() != owner) {
    return Error{ErrorCode::kGone, 0, "it was opened before fork(): open it anew in this process"};
  }
  if (!description.usable) return Error{ErrorCode::kUnsupported, 0, Explanation(description)};
  const bool consent = options.unsafe_doorbell != nullptr && options.unsafe_doorbell->load();
  if (description.doorbell == DoorbellSafety::kShared && !consent) {
    return Error{ErrorCode::kUnsupported, 0,
                 std::string(kSharedDoorbellRisk) + "; " + std::string(kSharedDoorbellAdvice)};
  }
  return {};
}

Error Named(const DeviceDescription& description, Error error) {
  error.message = description.name + ": " + error.message;
  return error;
}

size_t PageSize(const TransportOptions& options) {
  return options.page_size != 0 ? options.page_size : static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void ClearRing(uint8_t* data, size_t size) {
  auto* words = reinterpret_cast<volatile uint64_t*>(data);
  for (size_t i = 0; i < size / sizeof(uint64_t); ++i) words[i] = 0;
}

}  // namespace warpdrive
