#include "device/router.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "device/fault_device.h"
#include "software/software_device.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

uint64_t test_now = 0;

RoutingPolicy TestPolicy() {
  RoutingPolicy policy;
  policy.clock = [] { return test_now; };
  return policy;
}

struct Machine {
  explicit Machine(FaultIdentity second = {.name = "test-1", .kind = "test"})
      : one(&software, {.name = "test-0", .kind = "test"}, {}),
        two(&software, std::move(second), {}),
        router({&one, &two, &software}, TestPolicy()) {}
  SoftwareDevice software{1};
  FaultDevice one;
  FaultDevice two;
  Router router;
};

StreamNeeds Large() { return {.size = 1u << 20, .default_level = true}; }

std::string Why(Router& router, const StreamNeeds& needs) {
  return NameOf(router.Decide(needs).reason);
}

}  // namespace

TEST_CASE("router: without hardware all goes to software") {
  SoftwareDevice software(1);
  Router router({&software}, TestPolicy());
  const Route route = router.Decide(Large());
  CHECK(!route.hardware());
  CHECK(route.reason == Reason::kNoDevice);
  CHECK(!router.AsksForHardware(kAnyDevice));
  CHECK(router.AsksForHardware(kAnyHardware));
  router.SetDefault(kAnyHardware);
  CHECK(router.AsksForHardware(kAnyDevice));
  CHECK(!router.AsksForHardware(static_cast<Wish>(router.home())));
}

TEST_CASE("router: the level decides unless the caller names the device") {
  Machine machine;
  for (int level = 0; level <= 9; ++level) {
    StreamNeeds needs{.params = {.level = static_cast<int8_t>(level)}, .size = 1u << 20};
    const bool fits = level >= 1 && level <= 3;
    CHECK(Why(machine.router, needs) == (fits ? "faster" : "level-policy"));
    needs.wish = kAnyHardware;
    CHECK(Why(machine.router, needs) == "named");
    CHECK(machine.router.Decide(needs).hardware());
  }
  StreamNeeds decompress{.operation = Operation::kDecompress, .params = {.level = 9}};
  decompress.size = 1u << 20;
  CHECK(machine.router.Decide(decompress).hardware());
}

TEST_CASE("router: a name means that device, also for small streams and long queues") {
  Machine machine;
  StreamNeeds needs{.size = 10};
  CHECK(Why(machine.router, {.size = 10, .default_level = true}) == "below-threshold");
  for (const char* name : {"test-0", "test-1"}) {
    REQUIRE(machine.router.Find(name, &needs.wish));
    machine.router.at(static_cast<size_t>(needs.wish)).in_flight = 1000;
    const Route route = machine.router.Decide(needs);
    CHECK(route.device == needs.wish);
    CHECK(route.pinned);
  }
  REQUIRE(machine.router.Find("software", &needs.wish));
  needs.size = 1u << 20;
  CHECK(!machine.router.Decide(needs).hardware());
  CHECK(!machine.router.Find("test-2", &needs.wish));
  machine.router.SetDefault(1);
  for (auto& load : {0, 1}) machine.router.at(static_cast<size_t>(load)).in_flight = 0;
  CHECK(machine.router.Decide(Large()).device == 1);
}

TEST_CASE("router: the device with the shorter queue, and software when all are long") {
  Machine machine;
  CHECK(machine.router.Decide(Large()).device == 0);
  machine.router.at(0).in_flight = 5;
  CHECK(machine.router.Decide(Large()).device == 1);
  machine.router.at(1).in_flight = machine.router.policy().long_queue;
  CHECK(machine.router.Decide(Large()).device == 0);
  machine.router.at(0).in_flight = machine.router.policy().long_queue;
  CHECK(Why(machine.router, Large()) == "queue-full");
}

TEST_CASE("router: capability, consent and the list of allowed devices") {
  Machine machine({.name = "test-1", .kind = "test", .shared_doorbell = true});
  const std::string only[] = {"test-1"};
  machine.router.SetAllowed(only);
  CHECK(Why(machine.router, Large()) == "unsafe-doorbell");
  machine.router.AllowUnsafeDoorbell(true);
  CHECK(machine.router.Decide(Large()).device == 1);
  machine.router.SetAllowed({});
  CHECK(Why(machine.router, Large()) == "no-device");
  machine.router.AllowAll();
  CHECK(machine.router.Decide(Large()).device == 0);
  Machine lame({.name = "test-1", .kind = "test", .compress = false, .decompress = false});
  lame.router.SetAllowed(only);
  CHECK(Why(lame.router, Large()) == "unsupported-option");
}

TEST_CASE("router: a device in quarantine gets nothing until its back-off is over") {
  Machine machine;
  test_now = 1000 * kNsPerMs;
  const auto fail = [&](size_t device) {
    machine.router.at(device).health.Fail(Fault::kTimeout, test_now, "");
  };
  fail(0);
  CHECK(machine.router.Decide(Large()).device == 1);
  fail(1);
  CHECK(Why(machine.router, Large()) == "quarantined");
  test_now += machine.router.policy().health.first_backoff_ms * kNsPerMs;
  CHECK(machine.router.Decide(Large()).device == 0);
  CHECK(machine.router.Decide(Large()).device == 1);
  CHECK(Why(machine.router, Large()) == "quarantined");  // both are being tried
}

TEST_CASE("router: the threshold follows what is measured, and does not flutter") {
  Machine machine;
  const std::string only[] = {"test-0"};
  machine.router.SetAllowed(only);
  const StreamNeeds needs{.size = 8192, .default_level = true};
  CostTable& hardware = machine.router.at(0).cost;
  CostTable& software = machine.router.at(machine.router.home()).cost;
  const auto measure = [&](uint64_t hardware_ns, uint64_t software_ns) {
    for (int i = 0; i < 400; ++i) {
      hardware.Add(Operation::kCompress, needs.size, hardware_ns);
      software.Add(Operation::kCompress, needs.size, software_ns);
    }
  };
  const auto share = [&] {
    int count = 0;
    for (int i = 0; i < 640; ++i) count += machine.router.Decide(needs).hardware() ? 1 : 0;
    return count;
  };
  measure(100'000, 200'000);
  CHECK(share() == 630);  // one in 64 goes to the slower side, to measure it
  measure(100'000, 90'000);
  CHECK(share() == 630);  // not a fifth faster: no change
  measure(100'000, 70'000);
  CHECK(share() == 10);
  measure(100'000, 110'000);
  CHECK(share() == 10);
  measure(100'000, 1'000'000);
  CHECK(share() == 640);  // far slower: not even to measure
  machine.router.SetThreshold(8193);
  CHECK(share() == 0);
  machine.router.SetThreshold(8192);
  CHECK(share() == 640);
}

TEST_CASE("router: what was measured says nothing of other sizes and directions") {
  CostTable cost(1000, 100);
  const uint64_t small = cost.Estimate(Operation::kCompress, 1000);
  const uint64_t other = cost.Estimate(Operation::kDecompress, 100'000);
  for (int i = 0; i < 300; ++i) cost.Add(Operation::kCompress, 100'000, 5'000'000);
  CHECK(cost.Estimate(Operation::kCompress, 1000) == small);
  CHECK(cost.Estimate(Operation::kDecompress, 100'000) == other);
  CHECK(cost.Estimate(Operation::kCompress, 100'000) > 4'500'000);
  CHECK(cost.Estimate(Operation::kCompress, 120'000) > 4'500'000);  // the same class
  CHECK(CostTable::ClassOf(0) == 0);
  CHECK(CostTable::ClassOf(1025) == 1);
  CHECK(CostTable::ClassOf(UINT64_MAX / 2) == CostTable::kClasses - 1);
}

TEST_CASE(
    "router: devices that are found later are used like the others, as many as have a place") {
  SoftwareDevice software(1);
  FaultDevice first(&software, {.name = "test-0", .kind = "test"}, {});
  FaultDevice other(&software, {.name = "test-1", .kind = "other"}, {});
  FaultDevice third(&software, {.name = "test-2", .kind = "test"}, {});
  Router router({&software}, TestPolicy(), 2);
  CHECK(router.size() == 3);
  CHECK(!router.has_hardware());
  Wish wish = kAnyDevice;
  CHECK(!router.Find("test-0", &wish));
  CHECK(router.Find("software", &wish));
  CHECK(wish == static_cast<Wish>(router.home()));
  CHECK(!router.Decide(Large()).hardware());

  router.SetAllowed(std::array{std::string("test-0")});
  REQUIRE(router.Add(&first));
  CHECK(router.has_hardware());
  CHECK(router.Find("test-0", &wish));
  CHECK(router.Decide(Large()).device == static_cast<uint16_t>(wish));
  // Allowed by name before it came, or not.
  REQUIRE(router.Add(&other));
  StreamNeeds needs = Large();
  CHECK(router.Find("test-1", &needs.wish));
  CHECK(!router.Decide(needs).hardware());
  router.AllowAll();
  CHECK(router.Decide(needs).device == static_cast<uint16_t>(needs.wish));
  CHECK(router.at(0).kind != router.at(1).kind);
  CHECK(!router.Add(&third));
  CHECK(router.home() == 2);
}

TEST_CASE("router: a block that was gathered goes to no device that would have cut it before") {
  SoftwareDevice software(1);
  FaultDevice first(&software, {.name = "test-0", .kind = "large", .block_size = 256u << 10}, {});
  FaultDevice late(&software, {.name = "test-1", .kind = "small", .block_size = 64u << 10}, {});
  Router router({&first, &software}, TestPolicy(), 1);
  StreamNeeds needs = Large();
  needs.gathered = router.SmallestBlock({});
  CHECK(needs.gathered > 64u << 10);
  REQUIRE(router.Add(&late));
  CHECK(router.SmallestBlock({}) == 64u << 10);
  router.at(0).in_flight = 5;
  CHECK(router.Decide(needs).device == 0);
  needs.wish = 1;
  CHECK(Why(router, needs) == "no-device");
  needs.gathered = 64u << 10;
  CHECK(router.Decide(needs).device == 1);
}

}  // namespace warpdrive::test
