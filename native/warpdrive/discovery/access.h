// Whether this process may open a device node, in an operator's words.
#pragma once

#include <string>

#include "warpdrive/discovery/identity.h"
#include "warpdrive/syscalls.h"

namespace warpdrive {

/// Empty if `node` can be opened for reading and writing as far as its mode tells; otherwise names
/// the node, the reason and what to do.
Complaint WhyNoAccess(Syscalls* calls, const std::string& node);

/// For a VFIO group: its own node and `dev_root`/vfio/vfio.
Complaint WhyNoGroupAccess(Syscalls* calls, const std::string& dev_root, const std::string& group);

}  // namespace warpdrive
