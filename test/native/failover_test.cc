// Every way in which a device can fail, in both directions, for callers that wait and that do not:
// streams go on in software, and nothing but an event tells.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "device/fault_device.h"
#include "software/software_device.h"
#include "support/inflate.h"
#include "support/session_streams.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

/// Software behind another name, which fails as `rules` say, and software.
struct Machine {
  explicit Machine(std::vector<FaultRule> rules, const RoutingPolicy& policy = PatientPolicy())
      : hardware(&inner,
                 {.name = "test-0",
                  .kind = "test",
                  .transport = "test",
                  .block_size = 64 * 1024,
                  .window = 8},
                 std::move(rules)),
        router(std::make_shared<Router>(std::vector<Device*>{&hardware, &software}, policy)) {}

  std::shared_ptr<Channel> Open() {
    return std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4);
  }

  SoftwareDevice inner{2};
  SoftwareDevice software{2};
  FaultDevice hardware;
  std::shared_ptr<Router> router;
};

struct FaultCase {
  FaultType type;
  const char* name;
  Fault fault;  ///< that the quarantine names
};
constexpr FaultCase kFaultCases[] = {
    {FaultType::kErrorStatus, "error status", Fault::kErrorStatus},
    {FaultType::kLostCompletion, "lost completion", Fault::kTimeout},
    {FaultType::kHang, "hang", Fault::kTimeout},
    {FaultType::kDelay, "delay", Fault::kTimeout},
    {FaultType::kLyingLengths, "lying lengths", Fault::kBadResult},
    {FaultType::kUnknownTag, "unknown tag", Fault::kBadResult},
    {FaultType::kTwice, "twice", Fault::kBadResult},
    {FaultType::kRefuseSend, "refused send", Fault::kTimeout},
    {FaultType::kRefuseQueue, "refused queue", Fault::kQueueRefused},
    {FaultType::kRemoval, "removal", Fault::kQueueDead},
};
/// Short only where it is what the test waits for: a loaded machine must not look like a fault.
void SetTimeout(Router& router, Fault fault) {
  // Long enough for the requests before the fault on a busy machine, shorter than what is delayed.
  if (fault == Fault::kTimeout) router.SetTimeoutMs(150);
}

constexpr FaultCase kCompressOnly[] = {
    {FaultType::kShortInput, "short input", Fault::kBadResult},
    {FaultType::kWrongChecksum, "wrong checksum", Fault::kBadResult},
};

const Bytes& Data() {
  static const Bytes data = [] {
    Random random;
    return MakeData(DataKind::kMixed, 1'500'000, random);
  }();
  return data;
}

/// Until nothing is in flight. What is not picked up is kept, and keeps the channel.
void Settle(Channel& channel) {
  while (channel.Wait()) channel.Drain();
  channel.TakeReady();
}

void CheckEvents(Channel& channel, Fault fault) {
  bool quarantined = false;
  for (const DeviceEvent& event : channel.TakeEvents()) {
    CHECK(event.device == "test-0");
    if (event.type != DeviceEvent::Type::kQuarantine) continue;
    quarantined = true;
    CHECK(std::string(NameOf(event.fault)) == NameOf(fault));
    CHECK(event.retry_in_ms > 0);
    CHECK(!event.detail.empty());
  }
  CHECK(quarantined);
}

void CheckCompression(const FaultCase& fault, const Bytes& expected, bool synchronous) {
  const std::string title = std::string(fault.name) + (synchronous ? ", waiting" : "");
  INFO(title);
  // Amid the stream, and every time from then on.
  const bool of_calls =
      fault.type == FaultType::kRefuseQueue || fault.type == FaultType::kRefuseSend;
  const uint64_t skip = of_calls ? 0 : 7;
  Machine machine({{.type = fault.type, .skip = skip, .value = 500}});
  SetTimeout(*machine.router, fault.fault);
  const auto channel = machine.Open();
  const Bytes output = CompressStream(channel, {.synchronous = synchronous}, Data());
  // Without a queue it never was a stream of that device, and is cut as software cuts.
  if (fault.type == FaultType::kRefuseQueue) {
    CHECK(Gunzip(output).data == Data());
  } else {
    CHECK(output == expected);
  }
  CHECK(machine.hardware.hits() != 0);
  CHECK(channel->outstanding() == 0);
  CHECK(machine.router->at(0).in_flight == 0);
  CheckEvents(*channel, fault.fault);
}

void CheckDecompression(const FaultCase& fault, const Bytes& packed, bool synchronous) {
  const std::string title = std::string(fault.name) + (synchronous ? ", waiting" : "");
  INFO(title);
  const uint64_t skip = fault.type == FaultType::kRefuseQueue ? 0 : 5;
  Machine machine({{.type = fault.type, .skip = skip, .value = 500}});
  SetTimeout(*machine.router, fault.fault);
  const auto channel = machine.Open();
  const DecompressResult result =
      DecompressStream(channel, {.step = 50'000, .synchronous = synchronous}, packed);
  CHECK(result.error.code == 0);
  CHECK(result.ended);
  CHECK(result.data == Data());
  CHECK(machine.hardware.hits() != 0);
  CHECK(channel->outstanding() == 0);
  // One failed request takes the stream to software: that is no quarantine yet.
  if (fault.type != FaultType::kErrorStatus) CheckEvents(*channel, fault.fault);
}

}  // namespace

TEST_CASE("failover: compression, every fault") {
  Machine healthy({});
  const Bytes expected = CompressStream(healthy.Open(), {}, Data());
  const Inflated back = Gunzip(expected);
  REQUIRE(back.ended);
  REQUIRE(back.data == Data());
  for (const bool synchronous : {false, true}) {
    for (const FaultCase& fault : kFaultCases) CheckCompression(fault, expected, synchronous);
    for (const FaultCase& fault : kCompressOnly) CheckCompression(fault, expected, synchronous);
  }
}

TEST_CASE("failover: decompression, every fault") {
  Machine healthy({});
  const Bytes packed = CompressStream(healthy.Open(), {}, Data());
  for (const bool synchronous : {false, true}) {
    for (const FaultCase& fault : kFaultCases) CheckDecompression(fault, packed, synchronous);
  }
}

TEST_CASE("failover: flushed streams, of which software makes the small parts anyway") {
  for (const size_t every : {size_t{20'000}, size_t{300'000}}) {
    for (const Flush kind : {Flush::kSync, Flush::kFull, Flush::kPartial}) {
      const StreamScript script{.flush_every = every, .flush = kind};
      Machine healthy({});
      const Bytes expected = CompressStream(healthy.Open(), script, Data());
      CHECK(Gunzip(expected).data == Data());
      Machine failing({{.type = FaultType::kRemoval, .skip = 3}});
      CHECK(CompressStream(failing.Open(), script, Data()) == expected);
    }
  }
}

TEST_CASE("failover: bad data is software's to judge, after hardware output that was right") {
  Machine healthy({});
  Bytes packed = CompressStream(healthy.Open(), {}, Data());
  packed[packed.size() - 6] ^= 1;  // CRC-32
  SoftwareDevice software(1);
  const auto plain =
      std::make_shared<Channel>(std::vector<Device*>{&software}, QueueOptions{.depth = 64}, 4);
  const DecompressResult expected = DecompressStream(plain, {.step = 50'000}, packed);
  REQUIRE(expected.error.code == -3);
  Machine machine({});
  const DecompressResult result = DecompressStream(machine.Open(), {.step = 50'000}, packed);
  CHECK(result.error.code == expected.error.code);
  CHECK(std::string(result.error.message) == expected.error.message);
  CHECK(result.data == expected.data);
  CHECK(machine.router->at(0).health.Open());
}

TEST_CASE("failover: what was used before an error is counted as software counts it") {
  const Bytes part(Data().begin(), Data().begin() + 40'000);
  Machine healthy({});
  const Bytes packed = CompressStream(healthy.Open(), {}, part);
  SoftwareDevice software(1);
  const auto plain =
      std::make_shared<Channel>(std::vector<Device*>{&software}, QueueOptions{.depth = 64}, 4);
  const auto hardware = healthy.Open();
  Random random;
  int failed = 0;
  for (int i = 0; i < 60; ++i) {
    Bytes bad = packed;
    const size_t at = 10 + random.Below(bad.size() - 10);
    bad[at] ^= static_cast<uint8_t>(1u << random.Below(8));
    const size_t steps[] = {31, 100, 500, 2270, bad.size()};
    const StreamScript script{.step = steps[i % 5], .room = 16 * 1024};
    const std::string title =
        "byte " + std::to_string(at) + ", step " + std::to_string(script.step);
    INFO(title);
    const DecompressResult expected = DecompressStream(plain, script, bad);
    const DecompressResult result = DecompressStream(hardware, script, bad);
    CHECK(result.error.code == expected.error.code);
    CHECK(result.data == expected.data);
    CHECK(result.counted == expected.counted);
    failed += expected.error.code != 0 ? 1 : 0;
  }
  CHECK(failed > 40);
}

TEST_CASE("failover: a step that the device cannot do goes to software and blames nobody") {
  Machine healthy({});
  const Bytes packed = CompressStream(healthy.Open(), {}, Data());
  for (const uint64_t skip : {0u, 1u, 9u}) {
    Machine machine({{.type = FaultType::kUnsupported, .skip = skip}});
    const auto channel = machine.Open();
    CHECK(DecompressStream(channel, {.step = 30'000}, packed).data == Data());
    CHECK(CompressStream(channel, {}, Data()) == packed);
    CHECK(machine.router->at(0).health.Open());
    for (const DeviceEvent& event : channel->TakeEvents()) {
      CHECK(event.type == DeviceEvent::Type::kOpen);
    }
  }
}

TEST_CASE("failover: software takes over a stream whose input gets too long to keep") {
  Machine healthy({});
  const Bytes packed = CompressStream(healthy.Open(), {}, Data());
  RoutingPolicy policy = PatientPolicy();
  policy.keep_bytes = 150'000;
  const size_t before = BlockPool::Instance().in_use();
  for (const size_t room : {size_t{5000}, size_t{100'000}, size_t{900'000}}) {
    Machine machine({}, policy);
    const auto channel = machine.Open();
    const DecompressResult result =
        DecompressStream(channel, {.step = 40'000, .room = room}, packed);
    CHECK(result.ended);
    CHECK(result.data == Data());
    CHECK(channel->reasons()[static_cast<size_t>(Reason::kTooLong)] == 1);
    CHECK(channel->device_stats(0).requests != 0);
    CHECK(channel->device_stats(1).requests != 0);
  }
  CHECK(BlockPool::Instance().in_use() == before);
}

TEST_CASE("failover: members and rests behind the end, wherever software takes over") {
  Machine healthy({});
  const Bytes part(Data().begin(), Data().begin() + 120'000);
  const Bytes packed = CompressStream(healthy.Open(), {}, part);
  Bytes members;
  Bytes expected;
  for (int i = 0; i < 5; ++i) {
    members.insert(members.end(), packed.begin(), packed.end());
    expected.insert(expected.end(), part.begin(), part.end());
  }
  members.resize(members.size() + 10);  // zeros: padding
  for (const size_t step : {size_t{7000}, size_t{30'000}}) {
    for (uint64_t skip = 0; skip < 40; skip += 3) {
      Machine machine({{.type = FaultType::kHang, .skip = skip}});
      machine.router->SetTimeoutMs(5);
      const DecompressResult result =
          DecompressStream(machine.Open(), {.step = step, .room = 20'000}, members);
      const std::string message = result.error.code == 0 ? "" : result.error.message;
      CHECK(message == "");
      CHECK(result.data == expected);
    }
  }
}

TEST_CASE("failover: threads share the device's fate, and each gets its streams done") {
  Machine healthy({});
  const Bytes expected = CompressStream(healthy.Open(), {}, Data());
  for (const FaultType type : {FaultType::kRemoval, FaultType::kHang, FaultType::kTwice}) {
    Machine machine({{.type = type, .skip = 30, .interval = 11}});
    if (type == FaultType::kHang) SetTimeout(*machine.router, Fault::kTimeout);
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto channel = machine.Open();
        for (int k = 0; k < 2; ++k) {
          // A stream that starts while the device is in quarantine is cut as software cuts.
          right += Gunzip(CompressStream(channel, {}, Data())).data == Data() ? 1 : 0;
          right += DecompressStream(channel, {.step = 60'000}, expected).data == Data() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 16);
    CHECK(machine.router->at(0).in_flight == 0);
  }
}

TEST_CASE("failover: a stream that gathered a block before a device came stays with the others") {
  SoftwareDevice inner(1);
  SoftwareDevice software(1);
  FaultDevice first(&inner, {.name = "test-0", .kind = "large", .block_size = 256u << 10}, {});
  FaultDevice late(&inner, {.name = "test-1", .kind = "small", .block_size = 16u << 10}, {});
  const std::vector<Device*> devices = {&first, &software};
  auto router = std::make_shared<Router>(devices, PatientPolicy(), 1);
  router->SetThreshold(0);
  auto channel = std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4);
  const auto add_late = [&] {
    REQUIRE(router->Add(&late));
    router->at(0).in_flight += 10;  // so that it is preferred
  };
  const Bytes packed =
      CompressStream(channel, {.step = 150'000, .after_first_write = add_late}, Data());
  CHECK(Gunzip(packed).data == Data());
  CHECK(channel->device_stats(0).requests != 0);
  CHECK(channel->device_stats(1).requests == 0);
  // The next one is cut for it.
  CHECK(Gunzip(CompressStream(channel, {}, Data())).data == Data());
  const DeviceStats& stats = channel->device_stats(1);
  CHECK(stats.bytes_in == Data().size());
  CHECK(stats.requests == (Data().size() + (16u << 10) - 1) / (16u << 10));
}

TEST_CASE("failover: a device that says what was canceled has no fault") {
  Machine machine({});
  const auto channel = machine.Open();
  const auto session = std::make_shared<CompressSession>(
      channel, StreamParams{.format = Format::kGzip, .level = 1}, std::span<const uint8_t>{});
  session->Write(std::span(Data()).first(400'000));
  CHECK(channel->outstanding() > 2);
  session->Reset();
  Settle(*channel);
  CHECK(channel->device_stats(0).sent > 2);
  CHECK(channel->device_stats(0).failures == 0);
  CHECK(channel->stats().bytes_in == 0);
  CHECK(channel->stats().failovers == 0);
  CHECK(machine.router->at(0).in_flight == 0);
  for (const DeviceEvent& event : channel->TakeEvents()) {
    CHECK(event.type == DeviceEvent::Type::kOpen);
  }
}

TEST_CASE("failover: requests of a hanging device that were canceled are not made up for") {
  Machine machine({{.type = FaultType::kHang}});
  machine.router->SetTimeoutMs(40);
  const auto channel = machine.Open();
  const auto session = std::make_shared<CompressSession>(
      channel, StreamParams{.format = Format::kGzip, .level = 1}, std::span<const uint8_t>{});
  session->Write(std::span(Data()).first(400'000));
  channel->Kick();
  session->Reset();
  Settle(*channel);
  CHECK(channel->device_stats(0).failures > 1);
  CHECK(channel->stats().bytes_in == 0);
}

TEST_CASE("failover: nobody waits for a step that software would take over") {
  Machine healthy({});
  const Bytes packed = CompressStream(healthy.Open(), {}, Data());
  Machine machine({{.type = FaultType::kHang, .skip = 1}});
  const auto channel = machine.Open();
  const auto session = std::make_shared<DecompressSession>(
      channel, StreamParams{.format = Format::kGzip, .window_bits = 0}, std::span<const uint8_t>{});
  Bytes space(100'000);
  session->Write(packed);
  for (int step = 0; step < 2; ++step) {
    if (step == 1) SetTimeout(*machine.router, Fault::kTimeout);
    REQUIRE(session->Step(space, Flush::kNone, false));
    channel->Kick();
    if (step == 1) session->Abandon();
    while (session->busy() && channel->Wait()) channel->Drain();
  }
  channel->TakeReady();
  CHECK(channel->outstanding() == 0);
  CHECK(channel->device_stats(1).requests == 0);
}

TEST_CASE("failover: a channel closes at once while its device hangs") {
  Machine machine({{.type = FaultType::kHang}});
  machine.router->SetTimeoutMs(60'000);
  const size_t before = BlockPool::Instance().in_use();
  {
    const auto channel = machine.Open();
    const auto session = std::make_shared<CompressSession>(
        channel, StreamParams{.format = Format::kGzip, .level = 1}, std::span<const uint8_t>{});
    session->Write(std::span(Data()).first(400'000));
    channel->Kick();
    CHECK(channel->outstanding() != 0);
    channel->Close();
    CHECK(machine.router->at(0).in_flight == 0);
  }
  CHECK(BlockPool::Instance().in_use() == before);
}

}  // namespace warpdrive::test
