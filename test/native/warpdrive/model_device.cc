#include "warpdrive/model_device.h"

#include <cstring>
#include <utility>

#include "model/registers.h"
#include "warpdrive/process_id.h"

namespace warpdrive::test {
namespace {

class ModelQueue final : public TransportQueue {
 public:
  ModelQueue(ModelDevice* device, const QueueRings& rings, bool stoppable,
             std::function<WaitEnd(uint32_t)> wait)
      : device_(device), stoppable_(stoppable), pid_(ProcessId()), wait_(std::move(wait)) {
    rings_ = rings;
    rings_.waits = wait_ != nullptr;
  }
  // In a child of fork() as the real ones: nothing is done.
  ~ModelQueue() override {
    if (ProcessId() != pid_) return;
    device_->qm().StopQueue(rings_.queue_number);
    device_->qm().ReleaseQueue(rings_.queue_number);
  }
  DmaPool& pool() override { return device_->qm().pool(); }
  bool sva() const override { return device_->sva(); }
  WaitEnd Wait(uint32_t timeout_ms) override {
    if (wait_) return wait_(timeout_ms);
    Syscalls::Kernel()->SleepMicroseconds(timeout_ms * 1000);
    return WaitEnd::kTimeout;
  }
  bool Stop() override {
    return ProcessId() == pid_ && stoppable_ && device_->qm().StopQueue(rings_.queue_number);
  }
  bool Alive() override { return ProcessId() == pid_ && device_->qm().Healthy(); }

 private:
  ModelDevice* device_;
  bool stoppable_;
  pid_t pid_;
  std::function<WaitEnd(uint32_t)> wait_;
};

bool IsWord(uint64_t address, size_t size) {
  return (size == 2 || size == 4 || size == 8) && address % size == 0;
}

}  // namespace

Result<uint64_t> ModelMapper::Map(void* address, size_t size) {
  const uint64_t iova = next_;
  next_ += size + (uint64_t{1} << 30);
  if (!bus_->Map(iova, address, size)) return SystemError(EINVAL, "the model's bus refused");
  return iova;
}

// Words with the order that DmaBus promises; everything else is bytes.
bool SharedBus::Read(uint64_t iova, void* data, size_t size) {
  const auto* from = reinterpret_cast<const uint8_t*>(iova);
  if (!IsWord(iova, size)) {
    std::memcpy(data, from, size);
  } else if (size == 2) {
    const uint16_t word =
        __atomic_load_n(reinterpret_cast<const uint16_t*>(from), __ATOMIC_ACQUIRE);
    std::memcpy(data, &word, size);
  } else if (size == 4) {
    const uint32_t word =
        __atomic_load_n(reinterpret_cast<const uint32_t*>(from), __ATOMIC_ACQUIRE);
    std::memcpy(data, &word, size);
  } else {
    const uint64_t word =
        __atomic_load_n(reinterpret_cast<const uint64_t*>(from), __ATOMIC_ACQUIRE);
    std::memcpy(data, &word, size);
  }
  return true;
}

bool SharedBus::Write(uint64_t iova, const void* data, size_t size) {
  auto* to = reinterpret_cast<uint8_t*>(iova);
  if (IsWord(iova, size) && size == 2) {
    uint16_t word;
    std::memcpy(&word, data, size);
    __atomic_store_n(reinterpret_cast<uint16_t*>(to), word, __ATOMIC_RELEASE);
  } else {
    std::memcpy(to, data, size);
  }
  return true;
}

ModelDevice::ModelDevice(const model::Options& options, bool sva, size_t arena)
    : options_(options), sva_(sva), arena_(arena), mapper_(&mapped_) {
  model::DmaBus* const bus = sva ? static_cast<model::DmaBus*>(&shared_) : &mapped_;
  function_ = std::make_unique<model::ZipFunction>(options, bus);
  bar2_ = std::make_unique<ModelMmio>(function_.get(), 2);
  if (function_->BarSize(4) != 0) bar4_ = std::make_unique<ModelMmio>(function_.get(), 4);
  config_ = std::make_unique<ModelConfig>(function_.get());
}

ModelDevice::~ModelDevice() {
  function_->StopThread();
  function_->Reset();  // nothing reaches our memory any more
  qm_.reset();
}

Outcome ModelDevice::Start() {
  auto started = hisilicon::QmFunction::Start(
      {.config = config_.get(),
       .bar2 = bar2_.get(),
       .bar4 = bar4_.get(),
       .mapper = sva_ ? static_cast<DmaMapper*>(&sva_mapper_) : &mapper_,
       .arena_size = arena_});
  if (!started) return started.error();
  qm_ = started.Take();
  return {};
}

DeviceDescription ModelDevice::Describe() const {
  DeviceDescription description;
  description.name = "model";
  description.transport = TransportKind::kVfioPci;
  description.protocol = options_.generation == model::Generation::kV1      ? 1
                         : options_.generation == model::Generation::kHip08 ? 2
                                                                            : 3;
  description.api = "hisi_qm_v" + std::to_string(description.protocol);
  description.algorithms = {"zlib", "gzip"};
  if (description.protocol == 3) description.algorithms.push_back("deflate");
  description.dma = sva_ ? DmaMode::kSva : DmaMode::kMapped;
  description.doorbell = DoorbellSafety::kPrivate;
  description.usable = true;
  return description;
}

Result<std::unique_ptr<TransportQueue>> ModelTransport::OpenQueue(Direction direction) {
  if (ProcessId() != pid_) return Error{ErrorCode::kGone, 0, "it was opened before fork()"};
  Result<QueueRings> rings = device_->qm().StartQueue(direction);
  if (!rings) return rings.error();
  return std::unique_ptr<TransportQueue>(
      std::make_unique<ModelQueue>(device_, rings.value(), stoppable_, wait_));
}

}  // namespace warpdrive::test
