#include "model/dma_bus.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

namespace warpdrive::model {

TEST_CASE("bus: reads and writes cross adjacent mappings and stop at holes") {
  std::vector<uint8_t> a(4096, 1), b(4096, 2);
  MappedBus bus;
  REQUIRE(bus.Map(0x10000, a.data(), a.size()));
  REQUIRE(bus.Map(0x11000, b.data(), b.size(), MappedBus::kRead));
  uint8_t both[16];
  REQUIRE(bus.Read(0x10ff8, both, sizeof(both)));
  CHECK(both[7] == 1);
  CHECK(both[8] == 2);
  CHECK(bus.faults() == 0);
  CHECK_FALSE(bus.Read(0x11ff8, both, sizeof(both)));
  CHECK_FALSE(bus.Read(0xffff, both, 1));
  CHECK_FALSE(bus.Write(0x11000, both, 1));  // read only
  CHECK(bus.faults() == 3);
  CHECK(bus.Write(0x10000, both, 0));
  CHECK_FALSE(bus.Read(UINT64_MAX - 3, both, 8));
}

TEST_CASE("bus: no overlap, no wrap-around, whole mappings only") {
  std::vector<uint8_t> a(8192);
  MappedBus bus;
  REQUIRE(bus.Map(0x10000, a.data(), 4096));
  CHECK_FALSE(bus.Map(0x10800, a.data(), 4096));
  CHECK_FALSE(bus.Map(0xf800, a.data(), 4096));
  CHECK_FALSE(bus.Map(0xf000, a.data(), 8192));
  CHECK_FALSE(bus.Map(0x20000, a.data(), 0));
  CHECK_FALSE(bus.Map(UINT64_MAX - 10, a.data(), 4096));
  CHECK_FALSE(bus.Map(0x20000, nullptr, 4096));
  CHECK_FALSE(bus.Unmap(0x10800, 0x800));
  CHECK_FALSE(bus.Unmap(0x10000, 0x800));
  CHECK_FALSE(bus.Unmap(0x30000, 0x1000));
  CHECK(bus.Map(0x11000, a.data(), 4096));
  CHECK(bus.Unmap(0x10000, 0x2000));
  CHECK_FALSE(bus.Unmap(0x10000, 0x2000));
  CHECK(bus.Map(UINT64_MAX - 4095, a.data(), 4096));  // up to the very end
  uint8_t byte;
  CHECK(bus.Read(UINT64_MAX, &byte, 1));
  bus.UnmapAll();
  CHECK_FALSE(bus.Read(UINT64_MAX, &byte, 1));
}

TEST_CASE("bus: words keep their value at any alignment") {
  std::vector<uint8_t> memory(64);
  MappedBus bus;
  REQUIRE(bus.Map(0x1000, memory.data(), memory.size()));
  for (const size_t size : {1, 2, 4, 8, 13}) {
    for (uint64_t at = 0; at < 16; ++at) {
      uint8_t out[16] = {}, in[16];
      for (size_t i = 0; i < size; ++i) in[i] = static_cast<uint8_t>(at * 16 + i + 1);
      REQUIRE(bus.Write(0x1000 + at, in, size));
      REQUIRE(bus.Read(0x1000 + at, out, size));
      CHECK(std::memcmp(in, out, size) == 0);
    }
  }
}

}  // namespace warpdrive::model
