// Numbers and layouts of the vfio-user protocol (QEMU's docs/interop/vfio-user.rst), with
// <linux/vfio.h> for what it takes from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace warpdrive::model::vfio_user {

enum class Command : uint16_t {
  kVersion = 1,
  kDmaMap = 2,
  kDmaUnmap = 3,
  kGetInfo = 4,
  kGetRegionInfo = 5,
  kGetRegionIoFds = 6,
  kGetIrqInfo = 7,
  kSetIrqs = 8,
  kRegionRead = 9,
  kRegionWrite = 10,
  kDmaRead = 11,
  kDmaWrite = 12,
  kReset = 13,
};

constexpr uint32_t kTypeMask = 0xf;  // of the header's flags
constexpr uint32_t kTypeReply = 1;
constexpr uint32_t kNoReply = 1u << 4;
constexpr uint32_t kError = 1u << 5;

struct Header {
  uint16_t id;
  uint16_t command;
  uint32_t size;  ///< of the whole message
  uint32_t flags;
  uint32_t error;  ///< errno, in replies with kError
};
static_assert(sizeof(Header) == 16);

struct DmaMap {
  uint32_t argsz, flags;
  uint64_t offset, address, size;
};
static_assert(sizeof(DmaMap) == 32);

struct DmaUnmap {
  uint32_t argsz, flags;
  uint64_t address, size;
};
static_assert(sizeof(DmaUnmap) == 24);
constexpr uint32_t kUnmapAll = 2;

struct DeviceInfo {
  uint32_t argsz, flags, num_regions, num_irqs;
};
static_assert(sizeof(DeviceInfo) == 16);

struct RegionInfo {
  uint32_t argsz, flags, index, cap_offset;
  uint64_t size, offset;
};
static_assert(sizeof(RegionInfo) == 32);

struct IrqInfo {
  uint32_t argsz, flags, index, count;
};
static_assert(sizeof(IrqInfo) == 16);

struct IrqSet {
  uint32_t argsz, flags, index, start, count;
};
static_assert(sizeof(IrqSet) == 20);
constexpr uint32_t kIrqDataNone = 1, kIrqDataBool = 2, kIrqDataEventfd = 4;
constexpr uint32_t kIrqMask = 8, kIrqUnmask = 16, kIrqTrigger = 32;

struct RegionAccess {
  uint64_t offset;
  uint32_t region, count;
};
static_assert(sizeof(RegionAccess) == 16);

struct DmaAccess {
  uint64_t address, count;
};
static_assert(sizeof(DmaAccess) == 16);

constexpr uint32_t kRegions = 9;  // BAR 0 to 5, ROM, config space, VGA
constexpr uint32_t kConfigRegion = 7;
constexpr uint32_t kIrqs = 5;  // INTx, MSI, MSI-X, error, request
constexpr uint32_t kMsiIrq = 1;

constexpr size_t kMaxTransfer = 1 << 20;
constexpr size_t kMaxMessage = sizeof(Header) + sizeof(RegionAccess) + kMaxTransfer;
constexpr size_t kMaxFds = 8;
constexpr size_t kMaxMaps = 65535;

template <typename Struct>
void Append(std::vector<uint8_t>* bytes, const Struct& value) {
  const size_t before = bytes->size();
  bytes->resize(before + sizeof(value));
  std::memcpy(bytes->data() + before, &value, sizeof(value));
}

}  // namespace warpdrive::model::vfio_user
