// A function that is brought up, two started queues, and a plain way to run requests on them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/kernel_side.h"
#include "model/sqe.h"

namespace warpdrive::model {

constexpr uint16_t kCompressQueue = 0;
constexpr uint16_t kDecompressQueue = 1;

/// One CQE as it stands in memory.
struct Cqe {
  uint16_t sq_head;
  uint16_t sq_num;
  bool phase;
  uint16_t status;
};

/// The host's side of one queue, as simple as can be.
struct HostQueue {
  HostQueue(MappedBus* bus, uint32_t depth)
      : depth(depth), sq(bus, size_t{kSqeSize} * depth), cq(bus, size_t{kCqeSize} * depth) {}
  Cqe At(uint32_t slot) const;

  uint32_t depth;
  SharedMemory sq;
  SharedMemory cq;
  uint32_t tail = 0;
  uint32_t head = 0;
  bool phase = true;
};

class Bench {
 public:
  /// Both queues started unless `start` is false.
  explicit Bench(const Options& options, uint32_t depth = 16, bool start = true,
                 bool events = false);

  HostQueue& queue(uint16_t number) { return number == kCompressQueue ? *compress_ : *decompress_; }
  /// Writes the descriptor at the tail; no doorbell.
  void Put(uint16_t number, const Sqe& sqe);
  void RingSq(uint16_t number);
  /// The next completion, if there is one; rings the CQ doorbell.
  bool Take(uint16_t number, Cqe* cqe, Sqe* sqe, bool arm = false);
  /// Put, ring, run, take. The returned SQE has all ones in dword 3 when nothing completed.
  Sqe Do(uint16_t number, const Sqe& sqe);

  /// A descriptor for input and output, which are put into `in` and taken from `out`.
  Sqe Stateless(uint8_t request, const std::vector<uint8_t>& input, uint32_t output_size);
  std::vector<uint8_t> Output(const Sqe& done) const;
  /// Dword 7 of a stateful request.
  uint32_t StatefulFlags(bool first, bool last) const;

  bool Has(Reason reason);
  /// For messages: all violations, one a line.
  std::string Why();

  MappedBus bus;
  ZipFunction function;
  KernelSide kernel;
  SharedMemory in;
  SharedMemory out;
  SharedMemory context;

 private:
  std::unique_ptr<HostQueue> compress_;
  std::unique_ptr<HostQueue> decompress_;
};

/// Text-like data that compresses to about a third.
std::vector<uint8_t> Text(size_t size, uint64_t seed = 1);
/// A whole stream by zlib: window bits -15 raw, 15 zlib, 31 gzip (RFC 1950 to 1952).
std::vector<uint8_t> ZlibCompress(const std::vector<uint8_t>& data, int window_bits);
/// What zlib makes of it; empty when it is not one whole stream.
std::vector<uint8_t> ZlibDecompress(const std::vector<uint8_t>& data, int window_bits);
/// Header that software writes before the engine's output.
std::vector<uint8_t> StreamHeader(uint8_t request);
int WindowBitsOf(uint8_t request);

}  // namespace warpdrive::model
