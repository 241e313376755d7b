// What the transports that map other drivers' queues (spimdev, uacce) need to know.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <string>

#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"
#include "warpdrive/transport.h"

namespace warpdrive {

struct TransportOptions {
  /// True while the user accepts doorbells that other processes can ring. Asked for each queue;
  /// outlives the transports. nullptr = never.
  const std::atomic<bool>* unsafe_doorbell = nullptr;
  /// spimdev: make a mediated device if none exists (needs write access to sysfs), and remove it
  /// with the transport.
  bool create_mdev = false;
  /// Bytes of memory mapped for the device, where it does not share our address space. Pinned.
  size_t mapped_pool_bytes = 32u << 20;
  /// Bytes for stream contexts and staging where it does.
  size_t sva_pool_bytes = 16u << 20;
  std::string dev_root = "/dev";
  size_t page_size = 0;  ///< bytes; 0 = ask the kernel
  Syscalls* calls = Syscalls::Kernel();
};

/// The last gate before a queue is mapped, whatever the caller did with `description` since
/// discovery. Refuses what discovery found unusable, a shared doorbell without consent, and a
/// process other than `owner` (a child made by fork()).
Outcome CheckAllowed(const DeviceDescription& description, const TransportOptions& options,
                     pid_t owner);
/// The same error with the device's name before it.
Error Named(const DeviceDescription& description, Error error);

size_t PageSize(const TransportOptions& options);

/// What a queue does with memory that others wrote before it: zeroes `size` bytes (a multiple of 8,
/// 8-aligned) with plain stores, as uncached mappings need. The device must not look before the
/// zeros are there: uacce starts its queue by a system call afterwards, and spimdev's, which runs
/// already, fetches nothing before the first doorbell, which has a barrier before it.
void ClearRing(uint8_t* data, size_t size);

}  // namespace warpdrive
