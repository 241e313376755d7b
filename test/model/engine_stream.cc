// Streams over several requests. A stream goes on only if software hands back the context memory
// and the five state dwords exactly as the last request left them.
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "model/engine.h"
#include "model/registers.h"

namespace warpdrive::model {
namespace {

constexpr size_t kMaxStreams = 1 << 16;
constexpr char kMagic[] = "ZIPMODEL";

uint32_t ContextSum(const std::vector<uint8_t>& context) {
  return static_cast<uint32_t>(crc32_z(0, context.data(), context.size()));
}

}  // namespace

void Engine::Stateful(Job* job) {
  const Sqe& sqe = job->in;
  if (sqe.is_new() && !StartStream(job)) return;
  Stream* stream = FindStream(job);
  if (stream == nullptr) return;
  const bool goes_on =
      job->decompress ? StreamDecompress(job, stream) : StreamCompress(job, stream);
  if (!goes_on) streams_.erase(sqe.context());
}

bool Engine::StartStream(Job* job) {
  const Sqe& sqe = job->in;
  for (const int index : kStateDwords) {
    if (sqe.dw[index] == 0) continue;
    return Refuse(
        job, Reason::kSqeStream, status::kBadDescriptor,
        "new stream with " + Hex(("dword " + std::to_string(index)).c_str(), sqe.dw[index]));
  }
  std::vector<uint8_t> context(kContextUsed);
  if (!bus_->Read(sqe.context(), context.data(), context.size())) {
    job->out.ignored = !options_.dma_fault_completes;
    return Refuse(job, Reason::kSqeDma, status::kDmaFault, Hex("context at", sqe.context()));
  }
  if (std::any_of(context.begin(), context.end(), [](uint8_t byte) { return byte != 0; })) {
    recorder_->Note(Reason::kContextNotZeroed,
                    Hex("new stream on used memory, context at", sqe.context()));
  }
  streams_.erase(sqe.context());
  if (streams_.size() >= kMaxStreams) streams_.erase(streams_.begin());
  Stream stream{job->decompress,     sqe.request(), next_token_++, {},
                ContextSum(context), nullptr,       nullptr};
  if (job->decompress) {
    stream.decompressor.reset(new Decompressor(sqe.request(), options_.read_ahead));
  } else {
    stream.compressor.reset(new Compressor(sqe.request(), options_.level, WindowBits(*job)));
  }
  streams_.emplace(sqe.context(), std::move(stream));
  return true;
}

Engine::Stream* Engine::FindStream(Job* job) {
  const Sqe& sqe = job->in;
  const auto refuse = [&](const std::string& why) -> Stream* {
    Refuse(job, Reason::kSqeStream, status::kBadDescriptor,
           why + Hex(", context at", sqe.context()));
    return nullptr;
  };
  const auto found = streams_.find(sqe.context());
  if (found == streams_.end()) return refuse("no stream in progress");
  Stream& stream = found->second;
  if (stream.decompress != job->decompress) return refuse("stream of the other direction");
  if (stream.request != sqe.request()) return refuse("stream of another request type");
  for (int i = 0; i < 5; ++i) {
    if (sqe.dw[kStateDwords[i]] != stream.returned[i]) {
      return refuse(
          Hex(("dword " + std::to_string(kStateDwords[i])).c_str(), sqe.dw[kStateDwords[i]]) +
          Hex(" instead of", stream.returned[i]));
    }
  }
  std::vector<uint8_t> context(kContextUsed);
  if (!bus_->Read(sqe.context(), context.data(), context.size())) {
    job->out.ignored = !options_.dma_fault_completes;
    Refuse(job, Reason::kSqeDma, status::kDmaFault, Hex("context at", sqe.context()));
    return nullptr;
  }
  if (ContextSum(context) != stream.context_sum) return refuse("context memory was changed");
  return &stream;
}

bool Engine::StreamCompress(Job* job, Stream* stream) {
  const Sqe& sqe = job->in;
  size_t size = input_.size();
  if (job->tweaks.most_input > 0) size = std::min<size_t>(size, job->tweaks.most_input);
  const bool finish = sqe.finish() && size == input_.size();
  if (!stream->compressor->Step(input_.data(), size, finish, &output_, sqe.output_size())) {
    Finish(job, status::kNoSpace, 0, 0);
    return false;
  }
  if (!StoreOutput(job) || !SaveStream(job, stream)) return false;
  const bool smaller = output_.size() < size;
  Finish(job, smaller ? status::kOk : status::kNegativeCompression, size, output_.size());
  return !finish;
}

bool Engine::StreamDecompress(Job* job, Stream* stream) {
  using Result = Decompressor::Result;
  size_t size = input_.size();
  if (job->tweaks.most_input > 0) size = std::min<size_t>(size, job->tweaks.most_input);
  output_.clear();
  size_t consumed = 0;
  const Result result =
      stream->decompressor->Step(input_.data(), size, &output_, job->in.output_size(), &consumed);
  if (!StoreOutput(job) || !SaveStream(job, stream)) return false;
  const uint32_t state = stream->decompressor->state();
  uint8_t code = status::kOk;
  if (state == stream::kNoSpace || state == stream::kNoSpaceInLastBlock) {
    code = options_.no_space_status;
  }
  if (result == Result::kEnd) code = status::kStreamEnd;
  if (result == Result::kChecksum) code = status::kChecksum;
  if (result == Result::kBadData) code = status::kBadData;
  Finish(job, code, consumed, output_.size());
  return result == Result::kMore;
}

/// Fills the context memory and the state dwords. The dwords' upper bits, which have no published
/// meaning, carry the stream's token, so that one mixed up with another's is noticed.
bool Engine::SaveStream(Job* job, Stream* stream) {
  const Window& window =
      job->decompress ? stream->decompressor->window() : stream->compressor->window();
  const PlainSum& sum = job->decompress ? stream->decompressor->sum() : stream->compressor->sum();
  const auto valid = static_cast<uint32_t>(window.bytes().size());
  uint32_t dw15 = (stream->token & 0xffff) << 16;
  uint32_t dw28 = 0;
  std::vector<uint8_t> context(kContextUsed);
  std::memcpy(context.data(), kMagic, 8);
  std::memcpy(context.data() + 8, &stream->token, sizeof(stream->token));
  if (valid > 0) std::memcpy(context.data() + kContextWindow, window.bytes().data(), valid);
  if (job->decompress) {
    const Decompressor& core = *stream->decompressor;
    dw15 |= core.state() | core.head_bits() << stream::kHeadBitsShift;
    if (core.final_block()) dw15 |= stream::kFinalBit;
    dw28 = core.stored_left();
    const uint64_t bits = core.head_value();
    std::memcpy(context.data() + kContextWindow + (valid + 15) / 16 * 16, &bits, sizeof(bits));
  }
  const uint32_t state[5] = {dw15, dw28, (stream->token & 0xffff) << 16 | valid, sum.length(),
                             sum.register_value()};
  for (int i = 0; i < 5; ++i) {
    stream->returned[i] = state[i];
    job->out.sqe.dw[kStateDwords[i]] = state[i];
  }
  stream->context_sum = ContextSum(context);
  if (bus_->Write(job->in.context(), context.data(), context.size())) return true;
  job->out.ignored = !options_.dma_fault_completes;
  return Refuse(job, Reason::kSqeDma, status::kDmaFault, Hex("context at", job->in.context()));
}

}  // namespace warpdrive::model
