#include "support/session_streams.h"

#include <algorithm>
#include <utility>

#include "software/codecs/checksum.h"

namespace warpdrive::test {
namespace {

void ReadInto(CompressSession& session, Bytes* output) {
  const size_t size = session.output().size();
  output->resize(output->size() + size);
  session.output().Read(std::span(*output).last(size));
}

}  // namespace

RoutingPolicy PatientPolicy() {
  RoutingPolicy policy;
  policy.timeout_ms = 60'000;
  policy.timeout_ns_per_byte = 0;
  policy.checksum = software::ChecksumFor;
  return policy;
}

std::shared_ptr<Channel> OpenChannel(std::vector<Device*> devices) {
  RoutingPolicy policy;
  policy.checksum = software::ChecksumFor;
  auto router = std::make_shared<Router>(std::move(devices), policy);
  return std::make_shared<Channel>(std::move(router), QueueOptions{.depth = 64}, 4);
}

void Await(Channel& channel) {
  channel.Kick();
  if (channel.Wait()) channel.Drain();
  channel.TakeReady();  // what is not picked up is kept, as the channel's owner would want
}

Bytes CompressStream(const std::shared_ptr<Channel>& channel, const StreamScript& script,
                     const Bytes& data) {
  auto session = std::make_shared<CompressSession>(
      channel, script.params, std::span<const uint8_t>{}, script.default_level, script.wish);
  session->SetSynchronous(script.synchronous);
  Bytes output;
  const auto flush = [&](Flush to) {
    while (!session->FlushTo(to)) Await(*channel), ReadInto(*session, &output);
    while (!session->Settled()) Await(*channel), ReadInto(*session, &output);
    ReadInto(*session, &output);
  };
  size_t done = 0;
  while (done < data.size() && session->status() == Status::kOk) {
    size_t end = std::min(done + script.step, data.size());
    if (script.flush_every != 0) {
      end = std::min(end, (done / script.flush_every + 1) * script.flush_every);
    }
    while (done < end && session->status() == Status::kOk) {
      done += session->Write(std::span(data).subspan(done, end - done));
      channel->Kick();
      if (done < end) Await(*channel), ReadInto(*session, &output);
    }
    if (end == script.step && script.after_first_write) script.after_first_write();
    if (script.flush_every != 0 && done % script.flush_every == 0) flush(script.flush);
  }
  flush(Flush::kFinish);
  return session->status() == Status::kOk ? output : Bytes{};
}

DecompressResult DecompressStream(const std::shared_ptr<Channel>& channel,
                                  const StreamScript& script, const Bytes& packed) {
  StreamParams params = script.params;
  params.window_bits = params.format == Format::kRaw ? 15 : 0;
  auto session =
      std::make_shared<DecompressSession>(channel, params, std::span<const uint8_t>{}, script.wish);
  session->SetSynchronous(script.synchronous);
  session->SetOutputUnit(16 * 1024);
  DecompressResult result;
  Bytes space(script.room);
  size_t written = 0;
  while (true) {
    const size_t count = std::min(script.step, packed.size() - written);
    written += session->Write(std::span(packed).subspan(written, count));
    const bool all = written == packed.size();
    if (!session->Step(space, all ? Flush::kFinish : Flush::kNone, false)) break;
    while (session->busy()) Await(*channel);
    if (script.after_step) script.after_step();
    const Completion& step = session->result();
    result.counted += session->counted();
    result.data.insert(result.data.end(), space.begin(),
                       space.begin() + static_cast<ptrdiff_t>(step.produced));
    result.ended = step.status == Status::kStreamEnd;
    if (session->error().code != 0) break;
    const bool idle = step.status != Status::kOutputFull && session->Pending() == 0;
    if (all && (idle || result.ended)) break;
  }
  result.error = session->error();
  return result;
}

}  // namespace warpdrive::test
