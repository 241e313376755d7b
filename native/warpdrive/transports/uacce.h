// Queues of mainline's uacce character device, with shared virtual addressing. Kernel: include/
// uapi/misc/uacce/{uacce.h,hisi_qm.h}, Documentation/misc-devices/uacce.rst, drivers/misc/uacce.
#pragma once

#include <memory>

#include "warpdrive/transports/transport_options.h"

namespace warpdrive {

/// Every queue is an open of the node, which reserves it and binds this process's address space.
/// Nothing is opened or allocated before the first one.
///
/// The kernel maps neither registers nor rings into a child made by fork(); a child has only the
/// descriptors, and an ioctl on them would stop its parent's queue. So all calls do nothing there.
std::unique_ptr<Transport> MakeUacce(const DeviceDescription& description,
                                     const TransportOptions& options);

}  // namespace warpdrive
