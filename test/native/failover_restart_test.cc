// Restart points amid a member: a stream that is too long to be kept stays on its device, and
// software that takes over begins at a block of it.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <string>

#include "device/fault_device.h"
#include "software/codecs/inflate_bulk.h"
#include "software/software_device.h"
#include "support/deflate_writer.h"
#include "support/long_stream.h"
#include "support/session_streams.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

struct Machine {
  explicit Machine(std::vector<FaultRule> rules)
      : hardware(&inner, {.name = "test-0", .kind = "test", .transport = "test"}, std::move(rules)),
        router(std::make_shared<Router>(std::vector<Device*>{&hardware, &software}, KeepLittle())),
        channel(std::make_shared<Channel>(router, QueueOptions{.depth = 64}, 4)) {}

  uint64_t too_long() const { return channel->reasons()[static_cast<size_t>(Reason::kTooLong)]; }
  const DeviceStats& of_software() const { return channel->device_stats(1); }

  SoftwareDevice inner{1};
  SoftwareDevice software{1};
  FaultDevice hardware;
  std::shared_ptr<Router> router;
  std::shared_ptr<Channel> channel;
};

StreamScript Script(Format format, size_t step = 50'000, size_t room = 120'000) {
  StreamScript script{.step = step, .wish = kAnyHardware, .room = room};
  script.params.format = format;
  script.params.one_member = format == Format::kGzip;
  return script;
}

constexpr Format kFormats[] = {Format::kGzip, Format::kZlib, Format::kRaw};

/// In builds without ISA-L software does not begin amid a member.
const bool kRestarts = software::HasBulkInflate();

}  // namespace

TEST_CASE("failover: a member of any length stays on its device, and what is kept is bounded") {
  if (!kRestarts) return;
  BlockPool& pool = BlockPool::Instance();
  const size_t before = pool.in_use();
  struct Case {
    Format format;
    size_t room;
    bool synchronous;  ///< and one write of all of it: then the device's output is always full
  };
  constexpr Case kCases[] = {{Format::kGzip, 16'384, false},
                             {Format::kGzip, 1'000'000, false},
                             {Format::kGzip, 250'000, true},
                             {Format::kZlib, 120'000, true},
                             {Format::kRaw, 120'000, false}};
  for (const auto& [format, room, synchronous] : kCases) {
    const Bytes packed = WrapDeflate(format, LongText().raw, LongText().data);
    Machine machine({});
    size_t most = 0;
    StreamScript script = Script(format, synchronous ? packed.size() : 50'000, room);
    script.synchronous = synchronous;
    script.after_step = [&] { most = std::max(most, pool.in_use()); };
    const DecompressResult result = DecompressStream(machine.channel, script, packed);
    CHECK(result.ended);
    CHECK((result.data == LongText().data));
    CHECK(machine.too_long() == 0);
    CHECK(machine.of_software().requests == 0);
    CHECK(machine.channel->device_stats(0).bytes_in == packed.size());
    // Beside what is kept: what waits, and the largest piece that is searched.
    if (!synchronous) CHECK(most - before < kKeep + 12'000'000);
    while (machine.channel->Wait()) machine.channel->Drain();
  }
  CHECK(pool.in_use() == before);
}

TEST_CASE("failover: software goes on from a block, wherever the device fails") {
  if (!kRestarts) return;
  Random random;
  for (const Format format : kFormats) {
    const Bytes packed = WrapDeflate(format, LongText().raw, LongText().data);
    const uint64_t steps = LongText().data.size() / 120'000;
    for (int i = 0; i < 4; ++i) {
      const uint64_t skip = i == 0 ? steps - 2 : random.Between(10, steps - 2);
      const std::string title = "after " + std::to_string(skip) + " steps";
      INFO(title);
      const FaultType types[] = {FaultType::kErrorStatus, FaultType::kRemoval,
                                 FaultType::kLyingLengths, FaultType::kUnsupported};
      Machine machine({{.type = types[i], .skip = skip}});
      const DecompressResult result = DecompressStream(machine.channel, Script(format), packed);
      CHECK(result.error.code == 0);
      CHECK(result.ended);
      CHECK((result.data == LongText().data));
      CHECK(static_cast<size_t>(result.counted) == packed.size());
      CHECK(machine.hardware.hits() != 0);
      CHECK(machine.too_long() == 0);
      // It began behind what the device was done with, but for what was kept.
      const uint64_t done = machine.channel->device_stats(0).bytes_in;
      CHECK(machine.of_software().bytes_in <= packed.size() - done + kKeep + 100'000);
    }
  }
}

TEST_CASE("failover: damage behind a restart point is what zlib says it is") {
  if (!kRestarts) return;
  Random random;
  for (const Format format : kFormats) {
    const Bytes whole = WrapDeflate(format, LongText().raw, LongText().data);
    const size_t trailer = format == Format::kGzip ? 8 : format == Format::kZlib ? 4 : 0;
    for (size_t i = 0; i < 6; ++i) {
      Bytes packed = whole;
      const size_t size = packed.size();
      const bool in_trailer = 3 * i < trailer;
      if (in_trailer) {
        packed[size - 1 - 3 * i] ^= 1;  // CRC-32, length, Adler-32
      } else if (i == 4) {
        packed.resize(size - random.Between(1, 300'000));
      } else {
        packed[random.Between(size / 2, size - 1)] ^= static_cast<uint8_t>(1 << random.Below(8));
      }
      const size_t writes[] = {50'000, 1000, 333'333};
      const StreamScript script = Script(format, writes[i % 3], i % 2 == 0 ? 16'384 : 120'000);
      const std::string title = "case " + std::to_string(i);
      INFO(title);
      Machine machine({});
      const DecompressResult result = DecompressStream(machine.channel, script, packed);
      CheckSame(result, BySoftware(script, packed));
      if (in_trailer) CHECK(result.error.code == -3);
      CHECK(machine.of_software().bytes_in <= kKeep + 700'000);
    }
  }
}

TEST_CASE("failover: where no restart point can be told software takes over, as it did") {
  Bytes data(40'000'000);  // one zero is like the other
  Random random;
  const Bytes text = MakeData(DataKind::kSkewed, 600'000, random);
  Bytes repeated;
  for (int i = 0; i < 40; ++i) repeated.insert(repeated.end(), text.begin(), text.begin() + 50'000);
  for (const Bytes* bytes : {&data, &repeated}) {
    const Bytes packed =
        WrapDeflate(Format::kZlib, ZlibDeflate(*bytes, bytes == &data ? 1 : 0, Z_FINISH), *bytes);
    Machine machine({});
    const DecompressResult result =
        DecompressStream(machine.channel, Script(Format::kZlib, 50'000, 1'000'000), packed);
    CHECK(result.ended);
    CHECK(result.data == *bytes);
    CHECK(machine.too_long() == (packed.size() > kKeep ? 1 : 0));
  }
}

TEST_CASE("failover: a stream that is given up or begun anew while its device is searched for") {
  if (!kRestarts) return;
  BlockPool& pool = BlockPool::Instance();
  const size_t before = pool.in_use();
  const Bytes packed = WrapDeflate(Format::kZlib, LongText().raw, LongText().data);
  for (const bool again : {false, true}) {
    Machine machine({});
    const StreamParams params{.format = Format::kZlib, .window_bits = 0};
    const auto session = std::make_shared<DecompressSession>(
        machine.channel, params, std::span<const uint8_t>{}, kAnyHardware);
    Bytes space(400'000);
    Bytes output;
    size_t written = 0;
    int begun = 0;
    while (written < packed.size() && begun < 3) {
      written += session->Write(std::span(packed).subspan(written, 50'000));
      if (!session->Step(space, Flush::kNone, false)) break;
      machine.channel->Kick();
      while (session->busy()) Await(*machine.channel);
      // Beside its steps there are only searches.
      if (machine.channel->outstanding() == 0) continue;
      if (!again) break;
      ++begun;
      CHECK(session->Reset());
      session->DropInput();
      written = 0;
    }
    CHECK(machine.channel->outstanding() != 0);
    session->Abandon();
    while (machine.channel->Wait()) machine.channel->Drain();
    machine.channel->TakeReady();
  }
  CHECK(pool.in_use() == before);
}

}  // namespace warpdrive::test
