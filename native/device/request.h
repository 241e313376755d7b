// Request and Completion: one (de)compression step and its result, independent of the device
// that executes it. Everything a device needs is here; nothing in here knows a codec or an ioctl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace warpdrive {

/// DEFLATE can look back this many bytes (RFC 1951 §2), so no history is ever longer.
inline constexpr uint32_t kMaxHistory = 32768;

/// No request carries more input or output than this, in bytes. It keeps every 32-bit length
/// sum inside the codecs far from wrapping (ISA-L ≤ 2.32.0 adds lengths in 32 bits).
inline constexpr uint32_t kMaxRequestBytes = 1u << 30;

/// kFindBlock is the software device's alone: a step of a BlockSearch, which says in its context
/// what it found.
enum class Operation : uint8_t { kCompress = 0, kDecompress = 1, kFindBlock = 2 };

/// The wrapper of a stream. kAuto (decompression only) takes gzip or zlib, as zlib.Unzip does.
enum class Format : uint8_t { kRaw = 0, kZlib = 1, kGzip = 2, kAuto = 3 };

/// zlib's flush values (zlib.h), so they pass through unchanged.
enum class Flush : uint8_t {
  kNone = 0,
  kPartial = 1,
  kSync = 2,
  kFull = 3,
  kFinish = 4,
  kBlock = 5,
};

/// What a completion says. Values are part of the ring layout (ring.h): append, never renumber.
enum class Status : uint8_t {
  kOk = 0,              ///< all input consumed, all output written
  kOutputFull = 1,      ///< stateful: output space ran out, send again with the rest
  kStreamEnd = 2,       ///< decompression: the stream ended; input may be left
  kDataError = 3,       ///< the stream's fault: StreamContext::error() says what
  kOutputTooSmall = 4,  ///< stateless: nothing is kept, run again with larger output
  kUnsupported = 5,     ///< this device cannot execute the request
  kDeviceError = 6,     ///< the device's fault: run the request on another device
  kCanceled = 7,        ///< not started: its sender took it back, or the queue closed
};

/// What zlib would have said about a stream that went wrong.
struct StreamError {
  int code = 0;                   ///< zlib's return code (Z_DATA_ERROR, ...); 0 = no error
  const char* message = nullptr;  ///< static text as zlib's strm.msg or node's own; never freed
};

/// Where the calls of node:zlib would have ended: at the end of each write, and whenever an output
/// buffer of its chunkSize was full. What it delivered and counted before an error is what those
/// calls did, so a step that fails reports the work up to the last mark it passed.
struct StepMarks {
  std::vector<uint32_t> input_ends;  ///< ascending offsets into the step's input, in bytes
  uint32_t output_unit = 0;          ///< bytes per output buffer; 0 = no marks in the output
  uint32_t output_phase = 0;         ///< bytes that the first output buffer already holds
  bool flush_apart = false;          ///< the flush was a call of its own, after the last write
};

/// Where a decompressing stream could begin anew, in bytes of the whole stream.
struct RestartPoint {
  uint64_t input = 0;
  uint64_t output = 0;
};

/// Device-side state of a stateful stream (hardware: the 64 KiB stream context). Created by the
/// device that uses it, owned by the session, touched by the device only while a request that
/// names it is in flight: at most one such request at a time.
class StreamContext {
 public:
  virtual ~StreamContext() = default;
  /// The error of the last completion with Status::kDataError.
  virtual StreamError error() const = 0;
  /// For the next request: on kDataError consumed and produced are those at the last mark. A
  /// device that cannot do that leaves the failing step to the software device.
  virtual void SetMarks(StepMarks marks) { static_cast<void>(marks); }
  /// Compression: gives up the state as far as the history of the next request can bring it back,
  /// with no effect on the output. Called by the owner while no request names the context.
  /// @return false if it cannot do that now
  virtual bool Park() { return false; }
  /// Whether the next request has to bring the state back first, which takes longer than usual.
  virtual bool IsParked() const { return false; }
  /// The last point, in what completions have reported, at which a fresh context with the same
  /// parameters, given the input from there, would put out what this one did: the start of a gzip
  /// member. The session keeps the compressed input since then; when the device fails, or says
  /// kDataError or kUnsupported, software begins there, drops the output that was delivered, and
  /// goes on (docs/architecture.md, "Failover"). So a hardware context keeps no input for that, and
  /// needs no error texts.
  virtual RestartPoint restart_point() const { return {}; }
  /// Input bytes that this stream can make use of at once: more than it needs, to find work for
  /// several threads in. 0 = no wish. For the time between two requests.
  virtual size_t InputAhead() const { return 0; }
};

/// How a stream is to be (de)compressed; the same for all its requests between two params().
struct StreamParams {
  Format format = Format::kRaw;
  int8_t level = 6;          ///< 0-9; the default (-1) is resolved to 6 before it gets here
  uint8_t window_bits = 15;  ///< 8-15; decompression: 0 = as the zlib header says
  uint8_t mem_level = 8;     ///< 1-9
  uint8_t strategy = 0;      ///< zlib's Z_DEFAULT_STRATEGY (0) to Z_FIXED (4)
  bool one_member = false;   ///< decompression: another gzip member is garbage (contexts only)
};

/// One step.
///
/// Compression without a context is stateless: `input` with `history` before it becomes a run of
/// complete raw deflate blocks that ends on a byte boundary, with BFINAL set on its last block if
/// and only if flush is kFinish (else flush is kSync). Wrapper bytes are the session's.
///
/// Decompression without a context: `input` is one whole raw deflate stream, and `output` has to
/// take all of its output. kOk only if zlib would have given the same bytes and used all input;
/// whatever is open to doubt is kUnsupported, and left to a context.
///
/// With a context the request continues that stream, in the format the context was made for:
/// raw deflate for compression, the whole wrapped format for decompression. Compression: `history`
/// are the bytes before the input, as many as there are since the start of the stream or its last
/// full flush, up to kMaxHistory.
///
/// All pointers stay valid, and all memory unchanged by the sender, until the completion is taken.
struct Request {
  uint64_t tag = 0;  ///< the sender's; comes back in the completion
  Operation operation = Operation::kCompress;
  Flush flush = Flush::kNone;
  StreamParams params;
  const uint8_t* input = nullptr;
  uint32_t input_size = 0;
  const uint8_t* history = nullptr;  ///< compression: the bytes before input
  uint32_t history_size = 0;         ///< 0 to kMaxHistory
  uint8_t* output = nullptr;
  uint32_t output_size = 0;
  StreamContext* context = nullptr;  ///< nullptr = stateless
  bool canceled = false;             ///< nobody wants the result: Queue::Cancel()
};

/// The result of one request. Untrusted where it comes from hardware: Queue implementations check
/// every number against the request before it leaves Receive().
struct Completion {
  uint64_t tag = 0;
  Status status = Status::kOk;
  uint32_t consumed = 0;  ///< input bytes used, <= input_size
  uint32_t produced = 0;  ///< output bytes written, <= output_size
  /// Compression: CRC-32 (gzip), Adler-32 (zlib) or 0 (raw) of the consumed input alone, started
  /// anew for each request. Decompression without a context: that of the output.
  uint32_t checksum = 0;
};

}  // namespace warpdrive
