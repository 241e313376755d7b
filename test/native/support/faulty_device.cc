#include "support/faulty_device.h"

#include <utility>

namespace warpdrive::test {
namespace {

class FaultyQueue final : public Queue {
 public:
  FaultyQueue(FaultyDevice* device, std::unique_ptr<Queue> inner)
      : device_(device), inner_(std::move(inner)) {}

  size_t Send(std::span<const Request> requests) override { return inner_->Send(requests); }
  size_t Receive(std::span<Completion> completions) override {
    const size_t count = inner_->Receive(completions);
    for (Completion& completion : completions.first(count)) {
      completion.status = device_->Pass(completion.status);
    }
    return count;
  }
  bool Arm() override { return inner_->Arm(); }
  bool Wait(uint32_t timeout_ms) override { return inner_->Wait(timeout_ms); }
  size_t Room() const override { return inner_->Room(); }
  bool RunInline(const Request& request, Completion* completion) override {
    if (!inner_->RunInline(request, completion)) return false;
    completion->status = device_->Pass(completion->status);
    return true;
  }

 private:
  FaultyDevice* device_;
  std::unique_ptr<Queue> inner_;
};

}  // namespace

std::unique_ptr<Queue> FaultyDevice::OpenQueue(const QueueOptions& options) {
  if (fault_ == Fault::kNoQueue) return nullptr;
  auto queue = inner_->OpenQueue(options);
  if (queue == nullptr) return nullptr;
  return std::make_unique<FaultyQueue>(this, std::move(queue));
}

Status FaultyDevice::Pass(Status status) {
  if (fault_ == Fault::kNone || ++count_ % interval_ != 0) return status;
  ++faults_;
  return fault_ == Fault::kDeviceError ? Status::kDeviceError : Status::kUnsupported;
}

}  // namespace warpdrive::test
