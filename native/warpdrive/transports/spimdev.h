// Queues of spimdev, the WarpDrive RFC's VFIO mediated devices, of openEuler's kernel that carried
// them on, and of sdmdev, the RFC's second version. docs/hardware.md names what differs.
#pragma once

#include <memory>

#include "warpdrive/transports/transport_options.h"

namespace warpdrive {

/// The first queue opens the first mediated device that no other process has, with a container of
/// its own, and maps one pool for it; the last queue to go closes all that again, so that an idle
/// process keeps the accelerator from nobody. Without shared addressing all its queues are in one
/// IOMMU domain, so one process uses it at a time: others get ErrorCode::kBusy.
///
/// Hardware of that time cannot stop a queue: Stop() says false, and what was submitted stays
/// mapped until all queues are gone.
std::unique_ptr<Transport> MakeSpimdev(const DeviceDescription& description,
                                       const TransportOptions& options);

}  // namespace warpdrive
