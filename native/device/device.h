// The contract between sessions and whatever executes their requests. Software and hardware
// devices implement the same two classes; nothing above them knows which it talks to.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/block_search.h"
#include "device/request.h"

namespace warpdrive {

/// What devices() shows of a device.
struct DeviceInfo {
  std::string name;       ///< "software", "hisi_zip-0"
  std::string transport;  ///< "software", "spimdev", "uacce", "vfio-pci"
  uint32_t threads = 0;   ///< worker threads; 0 for hardware
  std::vector<std::string> codecs;
  /// Devices of one kind give the same bytes for the same request and plan streams alike, so a
  /// stream's requests may go to any of them: "software", "hisi_zip-v2".
  std::string kind;
  /// Other processes could ring our queues' doorbells: used only with the operator's consent.
  bool shared_doorbell = false;
};

/// How a compressing stream is cut into blocks on a device. Part of the device kind's output
/// format in effect: it depends on the stream's parameters alone.
struct StreamPlan {
  uint32_t block_size = 1u << 20;  ///< most input bytes per stateless request
  /// Input bytes of the first requests after the start or a flush (NextBlock()). 0 = block_size.
  uint32_t first_block = 0;
  bool uses_history = false;  ///< requests should carry the bytes before their input
  uint32_t window = 0;        ///< requests of one stream that keep the device busy; 0 = no opinion

  /// Most input bytes of the next request, behind `run` bytes since the start or the last flush:
  /// at least two blocks of each power of two come before larger ones, so that a short stream has
  /// equal parts for several cores.
  uint32_t NextBlock(uint64_t run) const {
    if (first_block == 0 || run / 2 >= block_size) return block_size;
    const auto half = static_cast<uint32_t>(run / 2);
    return std::clamp(std::bit_floor(half), first_block, block_size);
  }
};

struct QueueOptions {
  uint32_t depth = 1024;  ///< entries; a power of two, 2 to 32768. depth - 1 can be in flight
  /// Called on any thread when completions wait and the queue is armed; disarms it. Must neither
  /// block nor throw.
  void (*notify)(void* context) = nullptr;
  void* notify_context = nullptr;
  /// If set: why a queue was refused, one line for people that says what to do about it.
  std::string* refusal = nullptr;
};

/// A submission ring, a completion ring and a doorbell, used by one thread of one process.
/// Requests may complete in any order.
class Queue {
 public:
  /// Cancels what has not started, waits for what has, and gives the ring back. After it returns
  /// the device touches no memory of any request sent here. Hardware must not wait for ever: it is
  /// stopped or cut off from memory. Contexts may outlive the queue, but are not used again.
  virtual ~Queue() = default;

  /// False once the queue will complete nothing more: removal, reset, stop flags. What is not
  /// completed then may still be written by the device until the queue is closed. Asked for each
  /// batch of a hardware device, so no system call.
  virtual bool alive() const { return true; }

  /// Writes as many of `requests` as there is room for and rings the doorbell once.
  /// @return how many were taken (from the front)
  virtual size_t Send(std::span<const Request> requests) = 0;

  /// Takes back a request that was sent: nobody wants its result any more. Its completion comes all
  /// the same, as kCanceled if the device had not begun and can tell; until then its memory is the
  /// device's. A tag that names nothing in flight does nothing.
  virtual void Cancel(uint64_t tag) { static_cast<void>(tag); }

  /// Takes finished completions, as many as `completions` holds; checked against the requests.
  /// Never waits. @return how many
  virtual size_t Receive(std::span<Completion> completions) = 0;

  /// Asks for one notify() at the next completion. @return false if completions are already
  /// there: Receive() them first, nothing was armed.
  virtual bool Arm() = 0;

  /// Sleeps until a completion is there. @return false if `timeout_ms` passed without one
  virtual bool Wait(uint32_t timeout_ms) = 0;

  /// Entries that Send() would take now.
  virtual size_t Room() const = 0;

  /// Executes `request` on the calling thread, without the ring. For callers that would only
  /// wait: a hop to another thread costs more than compressing a few KiB.
  /// @return false if the device cannot do that
  virtual bool RunInline(const Request& request, Completion* completion) = 0;
};

/// Something that executes compression requests. Thread-safe.
class Device {
 public:
  virtual ~Device() = default;

  virtual DeviceInfo Info() const = 0;

  /// By capability (format, direction, level, window, strategy, history, size), not by load.
  /// Looks at no memory: pointers are null where a stream asks before it has data. Decompression
  /// without a context: whether a context for such a stream can be made.
  virtual bool Supports(const Request& request) const = 0;

  /// nullptr if the device refuses (busy, removed, out of memory).
  virtual std::unique_ptr<Queue> OpenQueue(const QueueOptions& options) = 0;

  virtual StreamPlan PlanCompression(const StreamParams& params) const = 0;

  /// State for a stateful compressing stream seeded with `history` (<= kMaxHistory bytes);
  /// nullptr if memory ran out or the device has no stateful streams.
  virtual std::unique_ptr<StreamContext> MakeDeflateContext(const StreamParams& params,
                                                            std::span<const uint8_t> history) = 0;
  /// State for a decompressing stream. `dictionary` as zlib's inflateSetDictionary takes it.
  /// nullptr also where the device cannot decode such a stream.
  virtual std::unique_ptr<StreamContext> MakeInflateContext(
      const StreamParams& params, std::span<const uint8_t> dictionary) = 0;

  /// Whether block starts can be looked for in what contexts of this device decompress: their
  /// restart_point() names the start of the member that goes on, and input and output are never
  /// further apart than BlockSearch::kMostApart.
  virtual bool Followable(const StreamParams& params) const {
    static_cast<void>(params);
    return false;
  }
  /// nullptr if this device cannot search, or not go on from what it would find.
  virtual std::unique_ptr<BlockSearch> MakeBlockSearch() { return nullptr; }
  /// State for the rest of a stream, without dictionary, that another device decompressed up to
  /// `start`. Verifies the trailer of the whole member. nullptr if memory ran out.
  virtual std::unique_ptr<StreamContext> ResumeInflateContext(const StreamParams& params,
                                                              const BlockStart& start) {
    static_cast<void>(params);
    static_cast<void>(start);
    return nullptr;
  }
};

/// The most input bytes (compression) that one stateless request of any plan may carry.
inline constexpr uint32_t kMaxBlockSize = 4u << 20;

/// Output bytes that are always enough for a stateless compression of `input_size` bytes.
/// Includes the 9/8 that the ZIP engine may take on data that does not compress.
constexpr uint32_t CompressBound(uint32_t input_size) { return input_size + input_size / 8 + 256; }

}  // namespace warpdrive
