#include "warpdrive/transports/transport_options.h"

#include <unistd.h>

#include "warpdrive/discovery/identity.h"

namespace warpdrive {

Outcome CheckAllowed(const DeviceDescription& description, const TransportOptions& options) {
  if (!description.usable) {
    return Error{ErrorCode::kUnsupported, 0,
                 description.name + " cannot be used: " + description.why_unusable};
  }
  if (description.doorbell == DoorbellSafety::kShared && !options.allow_unsafe_doorbell) {
    return Error{ErrorCode::kUnsupported, 0,
                 description.name + " cannot be used: " + std::string(kSharedDoorbellRisk)};
  }
  return {};
}

size_t PageSize(const TransportOptions& options) {
  return options.page_size != 0 ? options.page_size : static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void ClearRing(uint8_t* data, size_t size) {
  auto* words = reinterpret_cast<volatile uint64_t*>(data);
  for (size_t i = 0; i < size / sizeof(uint64_t); ++i) words[i] = 0;
}

}  // namespace warpdrive
