// Executes descriptors: checks them as silicon must, moves the data, keeps the streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/codec.h"
#include "model/dma_bus.h"
#include "model/options.h"
#include "model/recorder.h"
#include "model/segments.h"
#include "model/sqe.h"

namespace warpdrive::model {

/// What faults ask of the engine itself.
struct EngineTweaks {
  bool corrupt_output = false;
  uint32_t most_input = 0;     ///< stateful: 0 = all
  uint64_t source_offset = 0;  ///< bytes behind the addresses of the descriptor
  uint64_t target_offset = 0;
};

struct Outcome {
  bool ignored = false;  ///< the engine passes over the descriptor: no completion
  Sqe sqe;               ///< as it goes back to memory
  uint64_t consumed = 0;
  uint64_t produced = 0;
};

/// One thread at a time.
class Engine {
 public:
  Engine(const Options& options, DmaBus* bus, Recorder* recorder)
      : options_(options), bus_(bus), recorder_(recorder) {}

  Outcome Execute(const Sqe& sqe, bool decompress, const EngineTweaks& tweaks);
  /// Reset: all streams are forgotten.
  void Forget() { streams_.clear(); }
  size_t streams() const { return streams_.size(); }

 private:
  /// A stream's state. Part of it is in the context memory and in dwords 15 and 28 to 31, where
  /// software must leave it alone; the rest, which silicon has in the context too, is here.
  struct Stream {
    bool decompress;
    uint8_t request;
    uint32_t token;
    uint32_t returned[5];  // kStateDwords
    uint32_t context_sum;  // of the bytes the engine may touch
    std::unique_ptr<Compressor> compressor;
    std::unique_ptr<Decompressor> decompressor;
  };
  /// A descriptor in execution.
  struct Job {
    const Sqe& in;
    bool decompress;
    EngineTweaks tweaks;
    Segments source;
    Segments destination;
    Outcome out;
  };

  bool Refuse(Job* job, Reason reason, uint8_t status, const std::string& why);
  void Finish(Job* job, uint8_t status, size_t consumed, size_t produced);
  bool Check(Job* job);
  bool CheckReserved(Job* job);
  bool CheckSizes(Job* job);
  bool CheckStateful(Job* job);
  bool Gather(Job* job);
  bool Load(Job* job);
  bool StoreOutput(Job* job);
  void Stateless(Job* job);
  void StatelessCompress(Job* job);
  void StatelessDecompress(Job* job);
  void Stateful(Job* job);
  bool StartStream(Job* job);
  Stream* FindStream(Job* job);
  bool StreamCompress(Job* job, Stream* stream);
  bool StreamDecompress(Job* job, Stream* stream);
  bool SaveStream(Job* job, Stream* stream);
  int WindowBits(const Job& job) const;

  const Options& options_;
  DmaBus* bus_;
  Recorder* recorder_;
  std::map<uint64_t, Stream> streams_;  // by context address
  uint32_t next_token_ = 1;
  std::vector<uint8_t> input_;
  std::vector<uint8_t> output_;
};

}  // namespace warpdrive::model
