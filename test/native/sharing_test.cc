// How long a channel waits for a device, and how it shares one stream among several of a kind.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "device/fault_device.h"
#include "software/software_device.h"
#include "support/inflate.h"
#include "support/session_streams.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

constexpr uint32_t kBlock = 64 * 1024;

FaultIdentity Named(const char* name) {
  return {.name = name, .kind = "test", .transport = "test", .block_size = kBlock, .window = 8};
}

const Bytes& Data() {
  static const Bytes data = [] {
    Random random;
    return MakeData(DataKind::kMixed, 1'500'000, random);
  }();
  return data;
}

std::atomic<uint64_t> fake_now{0};
uint64_t FakeClock() { return fake_now.load(); }

class Waiting final : public RequestOwner {
 public:
  uint32_t done = 0;
  Completion last = {};

 private:
  void OnCompletion(uint64_t, const Completion& completion) override {
    ++done;
    last = completion;
  }
};

/// One block of `input`, which goes to the first device.
void Send(Channel& channel, const std::shared_ptr<Waiting>& owner, std::span<const uint8_t> input,
          Bytes* output) {
  output->resize(CompressBound(static_cast<uint32_t>(input.size())));
  Request request;
  request.operation = Operation::kCompress;
  request.flush = Flush::kFinish;
  request.params.format = Format::kGzip;
  request.input = input.data();
  request.input_size = static_cast<uint32_t>(input.size());
  request.output = output->data();
  request.output_size = static_cast<uint32_t>(output->size());
  channel.Stage(request, owner, 0, {.device = 0});
  channel.Kick();
}

}  // namespace

TEST_CASE("channel: a large request is late later than a small one, and all before it count") {
  constexpr uint64_t kBaseMs = 1000;
  constexpr uint64_t kNsPerByte = 50'000;
  RoutingPolicy policy = PatientPolicy();
  policy.timeout_ms = kBaseMs;
  policy.timeout_ns_per_byte = kNsPerByte;
  policy.clock = FakeClock;
  struct Case {
    size_t size;
    size_t count;
  };
  for (const auto [size, count] : {Case{1000, 1}, Case{500'000, 1}, Case{200'000, 3}}) {
    CAPTURE(size);
    fake_now = 5'000 * kNsPerMs;
    SoftwareDevice inner(1);
    SoftwareDevice software(1);
    FaultDevice hanging(&inner, Named("test-0"), {{.type = FaultType::kHang}});
    auto router = std::make_shared<Router>(std::vector<Device*>{&hanging, &software}, policy);
    Channel channel(router, QueueOptions{.depth = 64}, 4);
    const auto owner = std::make_shared<Waiting>();
    std::vector<Bytes> outputs(count);
    for (Bytes& output : outputs) Send(channel, owner, std::span(Data()).first(size), &output);
    // The first is late when its own bytes have had their time.
    const uint64_t start = fake_now;
    const uint64_t due = start + kBaseMs * kNsPerMs + size * kNsPerByte;
    fake_now = due - 1;
    channel.Drain();
    CHECK(owner->done == 0);
    CHECK(router->at(0).health.Open());
    fake_now = due + kBaseMs * kNsPerMs;  // beyond the channel's next look
    channel.Drain();
    CHECK_FALSE(router->at(0).health.Open());
    CHECK(router->at(0).health.Look(fake_now).last_fault == Fault::kTimeout);
    while (channel.Wait()) channel.Drain();
    CHECK(owner->done == count);
    CHECK(owner->last.status == Status::kOk);
    CHECK(owner->last.consumed == size);
  }
}

TEST_CASE("channel: a small request behind a large one has the time of both") {
  RoutingPolicy policy = PatientPolicy();
  policy.timeout_ms = 1000;
  policy.timeout_ns_per_byte = 50'000;
  policy.clock = FakeClock;
  fake_now = 0;
  SoftwareDevice inner(1);
  SoftwareDevice software(1);
  // The first completes, the second is lost.
  FaultDevice losing(&inner, Named("test-0"), {{.type = FaultType::kHang, .skip = 1}});
  auto router = std::make_shared<Router>(std::vector<Device*>{&losing, &software}, policy);
  Channel channel(router, QueueOptions{.depth = 64}, 4);
  const auto large = std::make_shared<Waiting>();
  const auto small = std::make_shared<Waiting>();
  Bytes outputs[2];
  Send(channel, large, std::span(Data()).first(500'000), &outputs[0]);
  Send(channel, small, std::span(Data()).first(1000), &outputs[1]);
  while (large->done == 0 && channel.Wait()) channel.Drain();
  fake_now = (1000 + 25'000) * kNsPerMs;  // the large one's time: 500,000 bytes of 50 us
  channel.Drain();
  CHECK(small->done == 0);
  CHECK(router->at(0).health.Open());
  fake_now = fake_now + 2000 * kNsPerMs;
  channel.Drain();
  CHECK_FALSE(router->at(0).health.Open());
  while (channel.Wait()) channel.Drain();
  CHECK(small->done == 1);
}

TEST_CASE("channel: the blocks of one stream are shared by all devices of its kind") {
  SoftwareDevice inner(2);
  SoftwareDevice software(2);
  FaultDevice first(&inner, Named("test-0"), {});
  FaultDevice second(&inner, Named("test-1"), {});
  FaultIdentity info = Named("test-2");
  info.kind = "other";
  FaultDevice other(&inner, info, {});
  auto router = std::make_shared<Router>(std::vector<Device*>{&first, &second, &other, &software},
                                         PatientPolicy());
  const size_t blocks = (Data().size() + kBlock - 1) / kBlock;
  const auto requests = [](Channel& channel, size_t device) {
    return channel.device_stats(device).requests;
  };

  const auto channel = std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4);
  const Bytes shared = CompressStream(channel, {}, Data());
  CHECK(Gunzip(shared).data == Data());
  CHECK(requests(*channel, 0) > 0);
  CHECK(requests(*channel, 1) > 0);
  CHECK(requests(*channel, 0) + requests(*channel, 1) == blocks);
  CHECK(requests(*channel, 2) == 0);  // of another kind: it would cut the stream elsewhere
  CHECK(requests(*channel, 3) == 0);

  // Whoever names one gets it alone, and the same bytes.
  const auto alone = std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4);
  Wish wish = kAnyDevice;
  REQUIRE(router->Find("test-1", &wish));
  CHECK(CompressStream(alone, {.wish = wish}, Data()) == shared);
  CHECK(requests(*alone, 0) == 0);
  CHECK(requests(*alone, 1) == blocks);
}

TEST_CASE("channel: when one of two devices goes, its blocks of the stream are made up for") {
  SoftwareDevice inner(2);
  SoftwareDevice software(2);
  FaultDevice first(&inner, Named("test-0"), {});
  FaultDevice second(&inner, Named("test-1"), {{.type = FaultType::kRemoval, .skip = 3}});
  auto healthy = std::make_shared<Router>(std::vector<Device*>{&first, &software}, PatientPolicy());
  const Bytes expected =
      CompressStream(std::make_shared<Channel>(healthy, QueueOptions{.depth = 64}, 4), {}, Data());
  auto router =
      std::make_shared<Router>(std::vector<Device*>{&first, &second, &software}, PatientPolicy());
  const auto channel = std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4);
  CHECK(CompressStream(channel, {}, Data()) == expected);
  CHECK(channel->device_stats(0).requests > 0);
  CHECK(second.hits() > 0);
  CHECK(router->at(0).health.Open());
  CHECK_FALSE(router->at(1).health.Open());
}

}  // namespace warpdrive::test
