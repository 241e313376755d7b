// Checks, and requests without state. Streams are in engine_stream.cc.
#include "model/engine.h"

#include <algorithm>

#include "model/registers.h"

namespace warpdrive::model {

Outcome Engine::Execute(const Sqe& sqe, bool decompress, const EngineTweaks& tweaks) {
  Job job{sqe, decompress, tweaks, {}, {}, {}};
  job.out.sqe = sqe;
  if (Check(&job) && Gather(&job)) {
    if (sqe.stateful()) {
      Stateful(&job);
    } else {
      Stateless(&job);
    }
  }
  return std::move(job.out);
}

bool Engine::Refuse(Job* job, Reason reason, uint8_t status, const std::string& why) {
  recorder_->Refuse(reason, why);
  Finish(job, status, 0, 0);
  return false;
}

void Engine::Finish(Job* job, uint8_t status, size_t consumed, size_t produced) {
  auto& dw = job->out.sqe.dw;
  dw[0] = static_cast<uint32_t>(consumed);
  dw[1] = static_cast<uint32_t>(produced);
  dw[2] = 0;
  dw[3] = status | (status == status::kStreamEnd ? kLastBlockFlag : 0);
  job->out.consumed = consumed;
  job->out.produced = produced;
}

bool Engine::Check(Job* job) {
  const Sqe& sqe = job->in;
  const auto bad = [&](Reason reason, const char* name, uint64_t value) {
    return Refuse(job, reason, status::kBadDescriptor, Hex(name, value));
  };
  if (sqe.type() != SqeType(options_.generation)) {
    return bad(Reason::kSqeType, "sqe_type of another generation:", sqe.type());
  }
  const bool known = sqe.request() == request::kZlib || sqe.request() == request::kGzip ||
                     (sqe.request() == request::kRaw && options_.generation == Generation::kHip09);
  if (!known) {
    return bad(Reason::kSqeRequest, "request type unknown to this generation:", sqe.request());
  }
  if (sqe.buffer_type() > 1) return bad(Reason::kSqeBuffer, "buffer type", sqe.buffer_type());
  if (sqe.window_code() > 4) return bad(Reason::kSqeBuffer, "window size", sqe.window_code());
  return CheckReserved(job) && CheckSizes(job) && (!sqe.stateful() || CheckStateful(job));
}

bool Engine::CheckReserved(Job* job) {
  const auto& dw = job->in.dw;
  const bool t3 = options_.generation == Generation::kHip09;
  std::string what;
  const auto must_be_zero = [&](int index, uint32_t mask) {
    if ((dw[index] & mask) == 0) return;
    what += (what.empty() ? "" : ", ") + Hex(("dword " + std::to_string(index)).c_str(), dw[index]);
  };
  for (const int index : {5, 6, 10, 11, 12, 16, 17, 24, 25, 27}) must_be_zero(index, 0xffffffff);
  must_be_zero(t3 ? 13 : 26, 0xffffffff);
  must_be_zero(7, 1u << 24);
  must_be_zero(8, 0xff000000);
  must_be_zero(9, 0xffff0000);
  const bool flat = job->in.buffer_type() == 0;
  if (flat) must_be_zero(7, 0xffffff);
  if (flat) must_be_zero(8, 0xffffff);
  if (!job->in.stateful()) {
    for (const int index : {15, 22, 23, 28, 29}) must_be_zero(index, 0xffffffff);
    // Both are in use: nothing, and FINISH with "new".
    if (job->in.finish() != job->in.is_new()) must_be_zero(7, 0x0a000000);
  }
  if (!what.empty()) recorder_->Note(Reason::kSqeReserved, "not zero: " + what);
  return true;
}

bool Engine::CheckSizes(Job* job) {
  const Sqe& sqe = job->in;
  const auto bad = [&](Reason reason, const char* name, uint64_t value) {
    return Refuse(job, reason, status::kBadDescriptor, Hex(name, value));
  };
  if (sqe.input_size() > kMaxBuffer) {
    return bad(Reason::kSqeBuffer, "input longer than 8 MiB:", sqe.input_size());
  }
  if (sqe.output_size() > kMaxBuffer) {
    return bad(Reason::kSqeBuffer, "output longer than 8 MiB:", sqe.output_size());
  }
  if (sqe.output_size() <= kIgnoredOutput) {
    recorder_->Refuse(Reason::kSqeOutputTooSmall,
                      Hex("ignored, without completion: output of", sqe.output_size()));
    job->out.ignored = true;
    return false;
  }
  if (sqe.source() == 0) return bad(Reason::kSqeBuffer, "source address", 0);
  if (sqe.destination() == 0) return bad(Reason::kSqeBuffer, "destination address", 0);
  const bool needs_input = !sqe.stateful() || !job->decompress;
  if (needs_input && sqe.input_size() == 0) {
    return bad(Reason::kSqeEmptyInput, "input of", 0);
  }
  return true;
}

bool Engine::CheckStateful(Job* job) {
  const Sqe& sqe = job->in;
  const auto bad = [&](Reason reason, const char* name, uint64_t value) {
    return Refuse(job, reason, status::kBadDescriptor, Hex(name, value));
  };
  if (options_.generation == Generation::kV1 && !options_.v1_stateful) {
    return bad(Reason::kSqeStream, "stateful request on V1, dword 7", sqe.dw[7]);
  }
  if (sqe.context() == 0) return bad(Reason::kSqeStream, "context address", 0);
  if (sqe.output_size() <= kMinStreamOutput) {
    return bad(Reason::kSqeOutputTooSmall, "stateful output of", sqe.output_size());
  }
  const uint64_t input = sqe.input_size();
  if (!job->decompress && sqe.output_size() < (input * 9 + 7) / 8) {
    return bad(Reason::kSqeOutputTooSmall,
               "stateful compression: output below 9/8 of input:", sqe.output_size());
  }
  return true;
}

bool Engine::Gather(Job* job) {
  const Sqe& sqe = job->in;
  const uint64_t source = sqe.source() + job->tweaks.source_offset;
  const uint64_t destination = sqe.destination() + job->tweaks.target_offset;
  if (sqe.buffer_type() == 0) {
    job->source.SetFlat(source, sqe.input_size());
    job->destination.SetFlat(destination, sqe.output_size());
  } else {
    std::string why;
    SegmentError error = SegmentError::kNone;
    if (sqe.input_size() > 0) {
      error = job->source.SetList(bus_, source, sqe.source_skip(), sqe.input_size(), &why);
    }
    if (error == SegmentError::kNone) {
      error =
          job->destination.SetList(bus_, destination, sqe.output_skip(), sqe.output_size(), &why);
    }
    if (error == SegmentError::kMalformed) {
      return Refuse(job, Reason::kSqeBuffer, status::kBadDescriptor, why);
    }
    if (error == SegmentError::kDma) return Refuse(job, Reason::kSqeDma, status::kDmaFault, why);
  }
  return Load(job);
}

bool Engine::Load(Job* job) {
  const Sqe& sqe = job->in;
  input_.resize(sqe.input_size());
  // The source must be valid even without input.
  uint8_t probe;
  const bool good = input_.empty() ? bus_->Read(sqe.source(), &probe, 1)
                                   : job->source.Read(bus_, input_.data(), input_.size());
  if (good) return true;
  job->out.ignored = !options_.dma_fault_completes;
  return Refuse(job, Reason::kSqeDma, status::kDmaFault,
                Hex("source at", sqe.source() + job->tweaks.source_offset));
}

bool Engine::StoreOutput(Job* job) {
  if (job->tweaks.corrupt_output && !output_.empty()) output_[output_.size() / 2] ^= 0x10;
  if (job->destination.Write(bus_, output_.data(), output_.size())) return true;
  job->out.ignored = !options_.dma_fault_completes;
  return Refuse(job, Reason::kSqeDma, status::kDmaFault,
                Hex("destination at", job->in.destination() + job->tweaks.target_offset));
}

int Engine::WindowBits(const Job& job) const {
  constexpr int kBits[] = {12, 13, 14, 15, 15};  // 24 KiB has no number in zlib
  return kBits[std::min<uint32_t>(job.in.window_code(), 4)];
}

void Engine::Stateless(Job* job) {
  if (job->decompress) {
    StatelessDecompress(job);
  } else {
    StatelessCompress(job);
  }
}

void Engine::StatelessCompress(Job* job) {
  const Sqe& sqe = job->in;
  Compressor compressor(sqe.request(), options_.level, WindowBits(*job));
  if (!compressor.Step(input_.data(), input_.size(), true, &output_, sqe.output_size())) {
    return Finish(job, status::kNoSpace, 0, 0);
  }
  if (!StoreOutput(job)) return;
  const bool smaller = output_.size() < input_.size();
  job->out.sqe.dw[30] = compressor.sum().length();
  job->out.sqe.dw[31] = compressor.sum().register_value();
  Finish(job, smaller ? status::kOk : status::kNegativeCompression, input_.size(), output_.size());
}

void Engine::StatelessDecompress(Job* job) {
  const Sqe& sqe = job->in;
  Decompressor decompressor(sqe.request(), false);
  output_.clear();
  size_t consumed = 0;
  using Result = Decompressor::Result;
  const Result result =
      decompressor.Step(input_.data(), input_.size(), &output_, sqe.output_size(), &consumed);
  switch (result) {
    case Result::kMore:
      // Nothing is kept, so a stream that is not whole is either too long or cut off.
      return Finish(job, output_.size() == sqe.output_size() ? status::kNoSpace : status::kBadData,
                    0, 0);
    case Result::kBadData:
      return Finish(job, status::kBadData, 0, 0);
    case Result::kEnd:
    case Result::kChecksum:
      break;
  }
  if (!StoreOutput(job)) return;
  job->out.sqe.dw[30] = decompressor.sum().length();
  job->out.sqe.dw[31] = decompressor.sum().register_value();
  Finish(job, result == Result::kEnd ? status::kOk : status::kChecksum, consumed, output_.size());
}

}  // namespace warpdrive::model
