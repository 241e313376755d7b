// A HiSilicon ZIP function, register by register: PCI config space, queue manager, engines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/dma_bus.h"
#include "model/faults.h"
#include "model/options.h"
#include "model/registers.h"

namespace warpdrive::model {

/// Since construction or the last ClearRecords().
struct Counters {
  uint64_t stores = 0;
  uint64_t sq_bells = 0;  ///< accepted SQ doorbells that brought new descriptors
  uint64_t cq_bells = 0;
  uint64_t descriptors = 0;  ///< fetched
  uint64_t completions = 0;  ///< CQEs written
  uint64_t events = 0;       ///< EQEs written
  uint64_t interrupts = 0;
  uint64_t input_bytes = 0;   ///< taken from requests
  uint64_t output_bytes = 0;  ///< given to them
  uint64_t refused = 0;       ///< violations with `refused`
};

/// All calls may come from any thread. A store that ends requests (FLR, STOP_QP, any mailbox
/// command) waits for the descriptor that is being executed.
class ZipFunction {
 public:
  /// `bus` must outlive the function. Depths and counts of `options` are clamped to what the
  /// registers can say.
  ZipFunction(const Options& options, DmaBus* bus);
  ~ZipFunction();
  ZipFunction(const ZipFunction&) = delete;
  ZipFunction& operator=(const ZipFunction&) = delete;

  const Options& options() const;

  /// Config space is 4096 bytes; outside of it reads give ones and writes do nothing.
  void ReadConfig(uint32_t offset, void* data, size_t size);
  void WriteConfig(uint32_t offset, const void* data, size_t size);

  /// Bytes of BAR 2 or 4; 0 for BARs this function does not have.
  uint64_t BarSize(int bar) const;
  /// One load of 1, 2, 4, 8 or 16 bytes. Outside, or with memory access disabled: ones.
  void Read(int bar, uint64_t offset, void* data, size_t size);
  /// One store of 1, 2, 4, 8 or 16 bytes. Memory access must be enabled in config space first.
  void Write(int bar, uint64_t offset, const void* data, size_t size);
  uint32_t Read32(int bar, uint64_t offset);
  void Write32(int bar, uint64_t offset, uint32_t value);
  void Write64(int bar, uint64_t offset, uint64_t value);

  /// Executes up to `max` descriptors, queues in turn; the number executed.
  size_t Run(size_t max = SIZE_MAX);
  bool HasWork();
  /// A thread that runs descriptors as they come, instead of Run().
  void StartThread();
  /// Waits for the descriptor in execution; the rest stays in the rings.
  void StopThread();

  /// Function-level reset: registers, contexts, streams and the command register as after power-on.
  void Reset();
  /// What users of a device see of an error in it: on_stop, all contexts lost.
  void ControllerReset();
  /// Surprise removal. There is no way back.
  void Remove();
  /// An event in the asynchronous event queue, with what it means for the queue.
  void RaiseAsyncEvent(AsyncEvent event, uint16_t queue);

  void Inject(const Fault& fault);
  void ClearFaults();

  std::vector<Store> stores();
  std::vector<Violation> violations();
  Counters counters();
  void ClearRecords();  ///< of stores, violations and counters
  /// Streams whose state the engine holds.
  size_t open_streams();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warpdrive::model
