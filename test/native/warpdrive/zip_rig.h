// A ZipDevice over the model, and requests with buffers of exactly their size.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "device/device.h"
#include "warpdrive/hisilicon/zip_device.h"
#include "warpdrive/model_device.h"

namespace warpdrive::test {

/// One stateless compression and its memory, which ends where the request says.
struct Block {
  Block(Format format, Flush flush, std::vector<uint8_t> data, uint64_t tag = 0);
  /// With another output size than CompressBound().
  Block(Format format, Flush flush, std::vector<uint8_t> data, uint64_t tag, uint32_t output_size);

  /// CHECKs that `completion` is right for this block: what it decodes to, checksum, tag.
  void CheckDone(const Completion& completion) const;

  std::vector<uint8_t> input;
  std::vector<uint8_t> output;
  Request request;
};

class ZipRig {
 public:
  explicit ZipRig(const model::Options& options, bool sva = false, size_t arena = 4u << 20,
                  uint32_t patience_ms = 10'000);

  /// A queue without notifications.
  std::unique_ptr<Queue> Open() { return Open({}); }
  std::unique_ptr<Queue> Open(QueueOptions options);

  ModelDevice& device() { return *device_; }
  model::ZipFunction& function() { return device_->function(); }
  ModelTransport& transport() { return *transport_; }
  hisilicon::ZipDevice& zip() { return *zip_; }
  /// CHECKs that the driver did nothing that silicon would have refused.
  void CheckClean();

 private:
  std::unique_ptr<ModelDevice> device_;
  ModelTransport* transport_;
  std::unique_ptr<hisilicon::ZipDevice> zip_;
};

/// Options of a generation whose model executes a doorbell's requests before it returns.
model::Options Immediate(model::Generation generation);

/// Receives until `count` completions came, or a second passed without one. By tag; a tag that
/// comes twice FAILs.
std::map<uint64_t, Completion> Collect(Queue& queue, size_t count);

}  // namespace warpdrive::test
