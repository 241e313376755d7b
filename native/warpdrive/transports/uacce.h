// Queues of mainline's uacce character device, with shared virtual addressing. Kernel: include/
// uapi/misc/uacce/{uacce.h,hisi_qm.h}, Documentation/misc-devices/uacce.rst, drivers/misc/uacce.
#pragma once

#include <memory>

#include "warpdrive/transports/transport_options.h"

namespace warpdrive {

/// Every open of the node reserves one queue and binds this process's address space to it.
///
/// The kernel maps neither registers nor rings into a child made by fork(); a child has only the
/// descriptors, and an ioctl on them would stop its parent's queue. So all calls do nothing there.
Result<std::unique_ptr<Transport>> OpenUacce(const DeviceDescription& description,
                                             const TransportOptions& options);

}  // namespace warpdrive
