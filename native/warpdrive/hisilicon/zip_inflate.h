// Decompressing streams on the ZIP engine: zlib and gzip. Raw deflate is left to software: only
// the newest engine has it, where it ends could be told only from undocumented cached bits, and
// without a checksum nothing would show that the engine made other bytes than the data says.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "warpdrive/hisilicon/stream_header.h"
#include "warpdrive/hisilicon/zip_job.h"

namespace warpdrive::hisilicon {

/// A stream's state between requests; the engine's part is in `memory_`.
///
/// Every number of the engine is checked, and the trailer too, by software: it shows if the engine
/// says that a stream ends where it does not. Whatever is not plain decompression of good data ends
/// with kUnsupported or kDataError and nothing consumed: the session goes on in software from
/// restart_point(), which finds zlib's words for it.
class ZipInflateContext final : public StreamContext {
 public:
  explicit ZipInflateContext(const StreamParams& params)
      : one_member_(params.one_member), header_(params.format) {}

  StreamError error() const override { return {}; }
  RestartPoint restart_point() const override { return restart_; }

 private:
  friend class ZipInflater;
  enum class State : uint8_t { kHeader, kBody, kEnded, kFailed };

  const bool one_member_;
  State state_ = State::kHeader;
  StreamHeader header_;
  ZipStreamState engine_;
  bool first_ = true;   ///< the engine has seen nothing of this member
  bool again_ = false;  ///< the engine has output that needs no input
  uint8_t stalls_ = 0;  ///< answers in a row that moved nothing
  uint64_t member_out_ = 0;
  std::array<uint8_t, 8> tail_{};     ///< the last input bytes that the engine used
  std::array<uint8_t, 256> spare_{};  ///< output beyond what a small request had room for
  uint32_t spare_at_ = 0;
  uint32_t spare_end_ = 0;
  RestartPoint restart_;
  RestartPoint member_;  ///< where this member began
  uint64_t consumed_ = 0;
  uint64_t produced_ = 0;
  std::shared_ptr<ZipStreamMemory> memory_;
};

/// By parameters alone.
bool SupportsInflation(const ZipTarget& target, const StreamParams& params);

/// Runs a request with a ZipInflateContext in as many rounds of the engine as it takes.
class ZipInflater {
 public:
  /// As PrepareCompression(). `job->stream` is set: the queue takes its block back when it closes.
  static Prepared Prepare(const ZipTarget& target, const Request& request, ZipJob* job,
                          Completion* completion);
  /// Takes the engine's answer. kReady: `job->command` has to be sent. kDone: `*completion`.
  static Prepared Accept(const ZipTarget& target, ZipJob* job, const ZipResult& result,
                         Completion* completion, std::string* problem);

 private:
  using Context = ZipInflateContext;
  using State = ZipInflateContext::State;

  static Context* ContextOf(const ZipJob& job) {
    return static_cast<Context*>(job.request.context);
  }
  static Prepared Advance(const ZipTarget& target, ZipJob* job, Completion* completion);
  static void StartRound(const ZipTarget& target, ZipJob* job);
  static void StartMember(Context* context, const ZipJob& job);
  static void DeliverSpare(Context* context, ZipJob* job);
  static void TakeOutput(Context* context, ZipJob* job, uint32_t produced);
  static void KeepTail(Context* context, const uint8_t* used, uint32_t size);
  static bool TrailerFits(const Context& context);
  static Prepared Finish(const ZipJob& job, Status status, Completion* completion);
  static Prepared Fail(const ZipJob& job, Status status, Completion* completion);
};

}  // namespace warpdrive::hisilicon
