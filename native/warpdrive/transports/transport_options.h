// What the transports that map other drivers' queues (spimdev, uacce) need to know.
#pragma once

#include <cstddef>
#include <string>

#include "warpdrive/result.h"
#include "warpdrive/syscalls.h"
#include "warpdrive/transport.h"

namespace warpdrive {

struct TransportOptions {
  /// The user accepts a doorbell that other processes can ring.
  bool allow_unsafe_doorbell = false;
  /// spimdev: make a mediated device if none exists (needs write access to sysfs), and remove it
  /// with the transport.
  bool create_mdev = false;
  /// Bytes of memory mapped for the device, where it does not share our address space. Pinned.
  size_t mapped_pool_bytes = 64u << 20;
  /// Bytes for stream contexts and staging where it does.
  size_t sva_pool_bytes = 16u << 20;
  std::string sysfs_root = "/sys";
  std::string dev_root = "/dev";
  size_t page_size = 0;  ///< bytes; 0 = ask the kernel
  Syscalls* calls = Syscalls::Kernel();
};

/// Refuses what discovery found unusable, and a shared doorbell without consent: the last gate
/// before a queue is mapped, whatever the caller did with `description` in between.
Outcome CheckAllowed(const DeviceDescription& description, const TransportOptions& options);

size_t PageSize(const TransportOptions& options);

/// What a queue does with memory that others wrote before it: zeroes `size` bytes (a multiple of 8,
/// 8-aligned) with plain stores, as uncached mappings need.
void ClearRing(uint8_t* data, size_t size);

}  // namespace warpdrive
