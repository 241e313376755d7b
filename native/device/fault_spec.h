// Fault devices from text, for tests that start a whole process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "device/fault_device.h"

namespace warpdrive {

/// One device: comma-separated words. `name=`, `kind=`, `block=` (bytes), `window=`, `shared`,
/// `late` (not there at the start, but at the second look),
/// `only=compress` or `only=decompress`, and faults: a type (error, unsupported, lost, hang, delay,
/// lengths, short, checksum, tag, twice, refuse-send, refuse-queue, removal), then any of
/// `@N` (skip N first), `/N` (every N-th), `xN` (N times), `~N` (delay: milliseconds).
/// "name=test-0,block=65536,hang@7x1". Devices are separated by semicolons.
struct FaultSpec {
  FaultIdentity identity;
  std::vector<FaultRule> rules;
  bool late = false;
};

/// @return false with `*error` naming the word that was not understood
bool ParseFaultSpecs(std::string_view text, std::vector<FaultSpec>* specs, std::string* error);

}  // namespace warpdrive
