// Queues of a ZIP virtual function that vfio-pci gave us whole: the function is brought up from
// user space (hisilicon/qm_function.h), which a stock kernel without SVA allows.
#pragma once

#include <memory>
#include <string>

#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"
#include "warpdrive/transport.h"

namespace warpdrive {

struct VfioPciOptions {
  std::string container_path = "/dev/vfio/vfio";
  /// Bytes of memory mapped for the device: rings, tables, contexts, data. Pinned.
  size_t arena_bytes = 32u << 20;
  Syscalls* calls = Syscalls::Kernel();
};

/// The function is opened and brought up with its first queue, and reset and closed with its last,
/// so that an idle process keeps it from nobody. A function that broke is brought up anew once all
/// its queues are closed.
std::unique_ptr<Transport> MakeVfioPci(const DeviceDescription& description,
                                       const VfioPciOptions& options);

}  // namespace warpdrive
