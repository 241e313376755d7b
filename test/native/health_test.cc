#include "device/health.h"

#include <doctest/doctest.h>

#include "device/clock.h"

namespace warpdrive::test {
namespace {

constexpr uint64_t kMs = kNsPerMs;
constexpr HealthPolicy kPolicy{.first_backoff_ms = 100,
                               .longest_backoff_ms = 1000,
                               .forget_ms = 5000,
                               .probe_ms = 50,
                               .errors_in_row = 3};

}  // namespace

TEST_CASE("health: each fault doubles the back-off, up to the longest") {
  DeviceHealth health(&kPolicy);
  uint64_t now = 1000 * kMs;
  for (const uint64_t backoff : {100, 200, 400, 800, 1000, 1000}) {
    REQUIRE(health.Admit(now));
    CHECK(health.Fail(Fault::kTimeout, now, "slow"));
    CHECK(!health.Open());
    CHECK(health.Look(now).retry_in_ms == backoff);
    CHECK(!health.Admit(now + backoff * kMs - 1));
    CHECK(!health.Open());
    now += backoff * kMs;
  }
  CHECK(health.Look(now).quarantines == 6);
  CHECK(health.Look(now).detail == "slow");
}

TEST_CASE("health: one stream probes, the others wait for its outcome") {
  DeviceHealth health(&kPolicy);
  health.Fail(Fault::kQueueDead, 0, "gone");
  const uint64_t due = 100 * kMs;
  CHECK(health.Admit(due));
  CHECK(health.Look(due).state == DeviceHealth::State::kProbing);
  CHECK(!health.Admit(due + 1));
  // A probe that was never heard of again does not lock the device up.
  CHECK(health.Admit(due + 50 * kMs));
  CHECK(health.Succeed(due + 60 * kMs));
  CHECK(!health.Succeed(due + 61 * kMs));
  CHECK(health.Admit(due + 61 * kMs));
  CHECK(health.Admit(due + 61 * kMs));
}

TEST_CASE("health: a device that stayed well for long starts with the first back-off again") {
  DeviceHealth health(&kPolicy);
  health.Fail(Fault::kTimeout, 0, "");
  REQUIRE(health.Admit(100 * kMs));
  REQUIRE(health.Succeed(100 * kMs));
  health.Fail(Fault::kTimeout, 200 * kMs, "");
  CHECK(health.Look(200 * kMs).retry_in_ms == 200);
  REQUIRE(health.Admit(400 * kMs));
  REQUIRE(health.Succeed(400 * kMs));
  health.Fail(Fault::kTimeout, 5400 * kMs, "");
  CHECK(health.Look(5400 * kMs).retry_in_ms == 100);
}

TEST_CASE("health: error statuses count when they follow one another; in a probe one is enough") {
  DeviceHealth health(&kPolicy);
  for (int i = 0; i < 10; ++i) {
    CHECK(!health.Error(0));
    CHECK(!health.Error(0));
    health.Succeed(0);
  }
  CHECK(!health.Error(0));
  CHECK(!health.Error(0));
  CHECK(health.Error(0));
  CHECK(!health.Open());
  REQUIRE(health.Admit(100 * kMs));
  CHECK(health.Error(100 * kMs));
  CHECK(health.Look(100 * kMs).retry_in_ms == 200);
}

TEST_CASE("health: a fault that other threads notice too is one fault") {
  DeviceHealth health(&kPolicy);
  CHECK(health.Fail(Fault::kTimeout, 0, "first"));
  CHECK(!health.Fail(Fault::kQueueDead, 1, "second"));
  CHECK(health.Look(1).quarantines == 1);
  CHECK(health.Look(1).detail == "first");
}

}  // namespace warpdrive::test
