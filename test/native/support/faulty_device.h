// A device that wraps another and fails in a chosen way.
#pragma once

#include <memory>

#include "device/device.h"

namespace warpdrive::test {

enum class Fault { kNone, kDeviceError, kUnsupported, kNoQueue };

/// Every `interval`-th completion of the wrapped device comes out with the fault instead.
class FaultyDevice final : public Device {
 public:
  FaultyDevice(Device* inner, Fault fault, size_t interval)
      : inner_(inner), fault_(fault), interval_(interval) {}

  DeviceInfo Info() const override { return inner_->Info(); }
  bool Supports(const Request& request) const override { return inner_->Supports(request); }
  std::unique_ptr<Queue> OpenQueue(const QueueOptions& options) override;
  StreamPlan PlanCompression(const StreamParams& params) const override {
    return inner_->PlanCompression(params);
  }
  std::unique_ptr<StreamContext> MakeDeflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> history) override {
    return inner_->MakeDeflateContext(params, history);
  }
  std::unique_ptr<StreamContext> MakeInflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> dictionary) override {
    return inner_->MakeInflateContext(params, dictionary);
  }

  /// Completions that were made to fail so far.
  size_t faults() const { return faults_; }
  /// Called by the queue. @return the status that a completion gets
  Status Pass(Status status);

 private:
  Device* inner_;
  Fault fault_;
  size_t interval_;
  size_t count_ = 0;
  size_t faults_ = 0;
};

}  // namespace warpdrive::test
