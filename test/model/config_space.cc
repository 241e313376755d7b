#include "model/config_space.h"

#include <cstring>

#include "model/registers.h"

namespace warpdrive::model {
namespace {

constexpr uint32_t kExpress = 0x40;  // PCI Express capability
constexpr uint32_t kDeviceControl = kExpress + 8;
constexpr uint8_t kInitiateFlrHigh = 0x80;  // bit 15, in the register's second byte
constexpr uint32_t kMsi = 0x80;             // MSI capability, 64-bit addresses

uint32_t Revision(Generation generation) {
  switch (generation) {
    case Generation::kV1:
      return 0x20;
    case Generation::kHip08:
      return 0x21;
    case Generation::kHip09:
      return 0x30;
  }
  return 0;
}

/// log2 of the vectors asked for: 1, 2, and 3 rounded up to 4.
uint32_t VectorsLog2(Generation generation) {
  switch (generation) {
    case Generation::kV1:
      return 0;
    case Generation::kHip08:
      return 1;
    case Generation::kHip09:
      return 2;
  }
  return 0;
}

}  // namespace

ConfigSpace::ConfigSpace(const Options& options, uint64_t bar4_size) {
  const uint32_t device = options.virtual_function ? kDeviceZipVf : kDeviceZipPf;
  Put(0x00, kVendorHuawei, 2, 0);
  Put(0x02, device, 2, 0);
  Put(0x04, 0, 2, 0x0406);  // memory, bus master, INTx disable
  Put(0x06, 0x0010, 2, 0);  // has capabilities
  Put(0x08, 0x12000000u | Revision(options.generation), 4, 0);
  Put(0x0c, 0, 1, 0xff);  // cache line size
  PutBar64(0x18, kBar2Size);
  if (bar4_size > 0) PutBar64(0x20, bar4_size);
  Put(0x2c, kVendorHuawei, 2, 0);
  Put(0x2e, device, 2, 0);
  Put(0x34, kExpress, 1, 0);
  Put(0x3c, 0, 1, 0xff);  // interrupt line

  Put(kExpress, 0x00020010u | kMsi << 8, 4, 0);  // version 2, endpoint
  Put(kExpress + 4, 1u << 28 | 1u << 15, 4, 0);  // FLR, role-based errors
  Put(kDeviceControl, 0, 2, 0x7fff);
  Put(kExpress + 0x0c, 0x11, 4, 0);    // link: 2.5 GT/s, one lane
  Put(kExpress + 0x12, 0x0011, 2, 0);  // and so it runs

  Put(kMsi, 0x0005, 2, 0);
  Put(kMsi + 2, 0x0080u | VectorsLog2(options.generation) << 1, 2, 0x0071);
  Put(kMsi + 4, 0, 4, 0xfffffffc);
  Put(kMsi + 8, 0, 4, 0xffffffff);
  Put(kMsi + 12, 0, 2, 0xffff);
  initial_ = bytes_;
}

void ConfigSpace::Reset() { bytes_ = initial_; }

void ConfigSpace::Put(uint32_t offset, uint32_t value, int bytes, uint32_t writable) {
  for (int i = 0; i < bytes; ++i) {
    bytes_[offset + i] = static_cast<uint8_t>(value >> 8 * i);
    writable_[offset + i] = static_cast<uint8_t>(writable >> 8 * i);
  }
}

void ConfigSpace::PutBar64(uint32_t offset, uint64_t size) {
  const uint64_t mask = ~(size - 1);
  Put(offset, 0xc, 4, static_cast<uint32_t>(mask) & ~0xfu);  // 64-bit, prefetchable
  Put(offset + 4, 0, 4, static_cast<uint32_t>(mask >> 32));
}

void ConfigSpace::Read(uint32_t offset, void* data, size_t size) const {
  std::memset(data, 0xff, size);
  if (offset >= kConfigSize) return;
  const size_t part = size < kConfigSize - offset ? size : kConfigSize - offset;
  std::memcpy(data, &bytes_[offset], part);
}

bool ConfigSpace::Write(uint32_t offset, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  bool reset = false;
  for (size_t i = 0; i < size && offset + i < kConfigSize; ++i) {
    const size_t at = offset + i;
    bytes_[at] = (bytes_[at] & ~writable_[at]) | (from[i] & writable_[at]);
    if (at == kDeviceControl + 1 && (from[i] & kInitiateFlrHigh) != 0) reset = true;
  }
  return reset;
}

}  // namespace warpdrive::model
