// Streams on a ZIP function with software beside it.
#include <doctest/doctest.h>
#include <zlib.h>

#include <memory>
#include <utility>
#include <vector>

#include "device/fault_device.h"
#include "software/codecs/inflate_bulk.h"
#include "software/software_device.h"
#include "support/deflate_writer.h"
#include "support/inflate.h"
#include "support/long_stream.h"
#include "support/random.h"
#include "support/session_streams.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

struct LongMachine {
  LongMachine(model::Generation generation, bool sva, std::vector<FaultRule> rules = {})
      : rig(Immediate(generation), sva, 8u << 20, 30'000),
        failing(&rig.zip(), {}, std::move(rules)),
        software(1) {}

  std::shared_ptr<Channel> Open(Device* hardware) {
    auto router = std::make_shared<Router>(std::vector<Device*>{hardware, &software}, KeepLittle());
    return std::make_shared<Channel>(std::move(router), QueueOptions{.depth = 64}, 4);
  }

  ZipRig rig;
  FaultDevice failing;
  software::SoftwareDevice software;
};

uint64_t TooLong(const Channel& channel) {
  return channel.reasons()[static_cast<size_t>(Reason::kTooLong)];
}

}  // namespace

TEST_CASE("zip streams: members longer than what is kept stay on the device, damage included") {
  if (!software::HasBulkInflate()) return;
  const Bytes small(LongText().data.begin(), LongText().data.begin() + 30'000);
  const Bytes one = WrapDeflate(Format::kGzip, ZlibDeflate(small, 6, Z_FINISH), small);
  const Bytes two = WrapDeflate(Format::kGzip, LongText().raw, LongText().data);
  Bytes good = one;
  good.insert(good.end(), two.begin(), two.end());
  good.insert(good.end(), one.begin(), one.end());
  Bytes bad = good;
  bad[one.size() + two.size() - 6] ^= 1;  // CRC-32 of the long one
  for (const bool sva : {false, true}) {
    const Format format = sva ? Format::kAuto : Format::kGzip;
    StreamScript script{.step = 70'000, .wish = kAnyHardware, .room = 6 * 16'384};
    script.params.format = format;
    LongMachine machine(sva ? model::Generation::kHip09 : model::Generation::kHip08, sva);
    const auto channel = machine.Open(&machine.rig.zip());
    CheckSame(DecompressStream(channel, script, good), BySoftware(script, good));
    CHECK(TooLong(*channel) == 0);
    CHECK(channel->device_stats(1).requests == 0);
    CheckSame(DecompressStream(channel, script, bad), BySoftware(script, bad));
    CHECK(TooLong(*channel) == 0);
    CHECK(channel->device_stats(1).requests != 0);
    CHECK(channel->device_stats(1).bytes_in < kKeep + 200'000);
  }
}

TEST_CASE("zip streams: software goes on amid a long member where the device fails") {
  if (!software::HasBulkInflate()) return;
  Random random;
  for (const Format format : {Format::kGzip, Format::kZlib}) {
    const Bytes packed = WrapDeflate(format, LongText().raw, LongText().data);
    for (int i = 0; i < 2; ++i) {
      StreamScript script{.step = 40'000, .wish = kAnyHardware};
      script.params.format = format;
      script.params.one_member = true;
      const FaultRule rule{.type = i % 2 == 0 ? FaultType::kErrorStatus : FaultType::kRemoval,
                           .skip = random.Between(12, 40)};
      LongMachine machine(model::Generation::kHip09, i == 0, {rule});
      const auto channel = machine.Open(&machine.failing);
      const DecompressResult result = DecompressStream(channel, script, packed);
      CHECK(result.error.code == 0);
      CHECK(result.ended);
      CHECK((result.data == LongText().data));
      CHECK(static_cast<size_t>(result.counted) == packed.size());
      CHECK(machine.failing.hits() != 0);
      CHECK(TooLong(*channel) == 0);
      const uint64_t done = channel->device_stats(0).bytes_in;
      CHECK(channel->device_stats(1).bytes_in <= packed.size() - done + kKeep + 100'000);
    }
  }
}

TEST_CASE("zip streams: software does not begin with memory that the device may still write") {
  Random random;
  model::Options options;
  options.generation = model::Generation::kHip09;
  ZipRig rig(options, true, 8u << 20, 30);
  rig.transport().CannotStop();
  software::SoftwareDevice software(1);
  const auto channel = OpenChannel({&rig.zip(), &software});
  // One request: as an error like others it would run again though the queue is still open.
  const Bytes data = MakeData(DataKind::kMixed, 50'000, random);
  const Bytes packed = CompressStream(channel, {.wish = kAnyHardware}, data);
  CHECK(Gunzip(packed).data == data);
  CHECK(channel->stats().failovers == 1);
  CHECK(rig.function().Run() == 0);  // the queue was closed before
}

}  // namespace warpdrive::test
