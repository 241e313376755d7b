#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "device/fault_device.h"
#include "session/channel.h"
#include "session/compress_session.h"
#include "session/decompress_session.h"
#include "software/software_device.h"
#include "support/data.h"
#include "support/inflate.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

void Await(Channel& channel) {
  channel.Kick();
  if (channel.Wait()) channel.Drain();
  channel.TakeReady();  // what is not picked up is kept, as the channel's owner would want
}

void ReadInto(CompressSession& session, Bytes* output) {
  const size_t size = session.output().size();
  output->resize(output->size() + size);
  session.output().Read(std::span(*output).last(size));
}

/// Compresses `data`, written in pieces of `step` bytes, flushed after every `flush_every` bytes.
Bytes Compress(std::vector<Device*> devices, const StreamParams& params, const Bytes& data,
               size_t step, size_t flush_every = 0, Flush kind = Flush::kSync) {
  auto channel = std::make_shared<Channel>(std::move(devices), QueueOptions{.depth = 64}, 4);
  auto session = std::make_shared<CompressSession>(channel, params, std::span<const uint8_t>{});
  Bytes output;
  const auto flush = [&](Flush to) {
    while (!session->FlushTo(to)) Await(*channel), ReadInto(*session, &output);
    while (!session->Settled()) Await(*channel), ReadInto(*session, &output);
    ReadInto(*session, &output);
  };
  size_t done = 0;
  while (done < data.size()) {
    size_t end = std::min(done + step, data.size());
    if (flush_every != 0) end = std::min(end, (done / flush_every + 1) * flush_every);
    while (done < end) {
      done += session->Write(std::span(data).subspan(done, end - done));
      if (done < end) Await(*channel), ReadInto(*session, &output);
    }
    if (flush_every != 0 && done % flush_every == 0) flush(kind);
  }
  flush(Flush::kFinish);
  CHECK(session->status() == Status::kOk);
  CHECK(channel->outstanding() == 0);
  return output;
}

}  // namespace

TEST_CASE("session: the same bytes for any writes and any number of threads") {
  Random random;
  const Bytes data = MakeData(DataKind::kMixed, 2'500'000, random);
  for (const int8_t level : {1, 6}) {
    const StreamParams params{.format = Format::kRaw, .level = level};
    SoftwareDevice one(1);
    const Bytes expected = Compress({&one}, params, data, data.size());
    const Inflated back = InflateRaw(expected);
    CHECK(back.ended);
    CHECK(back.data == data);
    for (const uint32_t threads : {2u, 5u}) {
      SoftwareDevice device(threads);
      for (const size_t step : {size_t{1000}, size_t{65536}}) {
        CHECK(Compress({&device}, params, data, step) == expected);
      }
    }
  }
}

TEST_CASE("session: flush points of every kind, in streams that fit and do not fit a block") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kMixed, 700'000, random);
  for (const Flush kind : {Flush::kPartial, Flush::kSync, Flush::kFull, Flush::kBlock}) {
    for (const size_t every : {size_t{3000}, size_t{150'000}, size_t{400'000}}) {
      const StreamParams params{.format = Format::kRaw, .level = 6};
      const Bytes output = Compress({&device}, params, data, 50'000, every, kind);
      const Inflated back = InflateRaw(output);
      CHECK(back.ended);
      CHECK(back.data == data);
      CHECK(Compress({&device}, params, data, 7777, every, kind) == output);
    }
  }
}

TEST_CASE("session: a reset in the middle starts a stream that knows nothing of the old one") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kText, 600'000, random);
  auto channel = std::make_shared<Channel>(std::vector<Device*>{&device}, QueueOptions{}, 4);
  const StreamParams params{.format = Format::kGzip, .level = 1};
  auto session = std::make_shared<CompressSession>(channel, params, std::span<const uint8_t>{});
  for (const Flush flush : {Flush::kNone, Flush::kSync, Flush::kFinish}) {
    session->Write(data);
    session->FlushTo(flush);
    channel->Kick();
    session->Reset();  // with requests in flight
  }
  while (!session->Settled()) Await(*channel);
  CHECK(session->output().size() == 0);
  session->Write(std::span(data).first(1000));
  session->FlushTo(Flush::kFinish);
  while (!session->Settled()) Await(*channel);
  Bytes output;
  ReadInto(*session, &output);
  const Bytes expected =
      Compress({&device}, params, Bytes(data.begin(), data.begin() + 1000), 1000);
  CHECK(output == expected);
}

TEST_CASE("session: destroyed with requests in flight, it leaves no memory in use") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kText, 900'000, random);
  const size_t before = BlockPool::Instance().in_use();
  auto channel = std::make_shared<Channel>(std::vector<Device*>{&device}, QueueOptions{}, 4);
  for (int i = 0; i < 30; ++i) {
    auto session = std::make_shared<CompressSession>(
        channel, StreamParams{.format = Format::kGzip, .level = 1}, std::span<const uint8_t>{});
    session->Write(data);
    channel->Kick();
  }
  while (channel->outstanding() != 0) Await(*channel);
  channel->TakeReady();
  CHECK(BlockPool::Instance().in_use() == before);
}

TEST_CASE("session: it runs less far ahead of a consumer that does not keep up") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kText, 9'000'000, random);
  auto channel = std::make_shared<Channel>(std::vector<Device*>{&device}, QueueOptions{}, 4);
  auto session = std::make_shared<CompressSession>(channel, StreamParams{.format = Format::kGzip},
                                                   std::span<const uint8_t>{});
  size_t written = session->Write(data);
  CHECK(channel->outstanding() == 2);  // nothing read yet
  while (channel->outstanding() != 0) Await(*channel);
  written += session->Write(std::span(data).subspan(written));
  CHECK(channel->outstanding() == 2);  // something waits to be read
  while (channel->outstanding() != 0) Await(*channel);
  Bytes output;
  ReadInto(*session, &output);
  session->Write(std::span(data).subspan(written));
  CHECK(channel->outstanding() == 4);
  while (channel->outstanding() != 0) Await(*channel);
}

TEST_CASE("session: what a reset stream or an abandoned one had staged is not executed") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kText, 900'000, random);
  const StreamParams params{.format = Format::kGzip};
  const Bytes packed = Compress({&device}, params, data, data.size());
  const size_t before = BlockPool::Instance().in_use();
  auto channel = std::make_shared<Channel>(std::vector<Device*>{&device}, QueueOptions{}, 4);
  auto compress = std::make_shared<CompressSession>(channel, params, std::span<const uint8_t>{});
  compress->Write(data);
  compress->Reset();
  compress->Write(std::span(data).first(50'000));  // one that keeps its state
  compress->FlushTo(Flush::kSync);
  compress->Reset();
  CHECK(channel->outstanding() > 1);
  auto decompress =
      std::make_shared<DecompressSession>(channel, params, std::span<const uint8_t>{});
  decompress->Write(packed);
  Bytes space(data.size());
  REQUIRE(decompress->Step(space, Flush::kNone, false));
  decompress->Abandon();
  while (channel->outstanding() != 0) Await(*channel);
  CHECK_FALSE(decompress->busy());
  CHECK(space == Bytes(data.size()));
  CHECK(channel->stats().bytes_in == 0);
  CHECK(channel->stats().bytes_out == 0);
  compress.reset();
  decompress.reset();
  CHECK(BlockPool::Instance().in_use() == before);
}

TEST_CASE("channel: when no device can execute a request the stream fails, and says so") {
  SoftwareDevice inner(1);
  FaultDevice faulty(&inner, {}, {{.type = FaultType::kErrorStatus}});
  auto channel = std::make_shared<Channel>(std::vector<Device*>{&faulty}, QueueOptions{}, 4);
  auto session = std::make_shared<CompressSession>(channel, StreamParams{.format = Format::kGzip},
                                                   std::span<const uint8_t>{});
  const Bytes data(1000, 'a');
  CHECK(session->Write(data) == data.size());
  session->FlushTo(Flush::kFinish);
  while (!session->Settled()) Await(*channel);
  CHECK(session->status() == Status::kDeviceError);
  CHECK(session->Write(data) == 0);
}

TEST_CASE("decompress session: input in any pieces, larger than what it gathers") {
  Random random;
  SoftwareDevice device(2);
  const Bytes data = MakeData(DataKind::kMixed, 4'000'000, random);
  const StreamParams params{.format = Format::kGzip, .level = 1};
  const Bytes packed = Compress({&device}, params, data, data.size());
  for (const size_t piece : {size_t{10'000}, size_t{300'000}, packed.size()}) {
    auto channel = std::make_shared<Channel>(std::vector<Device*>{&device}, QueueOptions{}, 4);
    auto session = std::make_shared<DecompressSession>(
        channel, StreamParams{.format = Format::kGzip, .window_bits = 0},
        std::span<const uint8_t>{});
    Bytes output;
    Bytes space(100'000);
    size_t written = 0;
    while (session->result().status != Status::kStreamEnd) {
      const size_t count = std::min(piece, packed.size() - written);
      written += session->Write(std::span(packed).subspan(written, count));
      REQUIRE(session->Step(space, Flush::kNone, false));
      // More comes in while the step is in flight, and must not disturb it.
      const size_t more = std::min(piece, packed.size() - written);
      written += session->Write(std::span(packed).subspan(written, more));
      while (session->busy()) Await(*channel);
      REQUIRE(session->error().code == 0);
      output.insert(output.end(), space.begin(),
                    space.begin() + static_cast<ptrdiff_t>(session->result().produced));
    }
    CHECK(output == data);
  }
}

}  // namespace warpdrive::test
