// Queues of spimdev, the WarpDrive RFC's VFIO mediated devices, of openEuler's kernel that carried
// them on, and of sdmdev, the RFC's second version. docs/hardware.md names what differs.
#pragma once

#include <memory>

#include "warpdrive/transports/transport_options.h"

namespace warpdrive {

/// Opens the first mediated device of `description` that no other process has, with a container of
/// its own, and maps one pool for it. Without shared addressing all queues of an accelerator are in
/// one IOMMU domain, so one process uses it at a time: others get ErrorCode::kBusy.
///
/// Hardware of that time cannot stop a queue: Stop() says false, and what was submitted stays
/// mapped until the transport and its queues are gone.
Result<std::unique_ptr<Transport>> OpenSpimdev(const DeviceDescription& description,
                                               const TransportOptions& options);

}  // namespace warpdrive
