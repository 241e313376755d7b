// The driver's parts over the model of the silicon: registers, configuration space, DMA memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "model/dma_bus.h"
#include "model/zip_function.h"
#include "warpdrive/dma.h"
#include "warpdrive/hisilicon/qm_function.h"
#include "warpdrive/mmio.h"
#include "warpdrive/process_id.h"
#include "warpdrive/transport.h"

namespace warpdrive::test {

/// A BAR of the model as the driver's registers.
class ModelMmio final : public Mmio {
 public:
  ModelMmio(model::ZipFunction* function, int bar) : function_(function), bar_(bar) {}
  uint32_t Read32(size_t offset) override { return function_->Read32(bar_, offset); }
  void Write32(size_t offset, uint32_t value) override { function_->Write32(bar_, offset, value); }
  void Write64(size_t offset, uint64_t value) override { function_->Write64(bar_, offset, value); }
  void Write128(size_t offset, std::span<const uint8_t, 16> value) override {
    function_->Write(bar_, offset, value.data(), 16);
  }
  size_t size() const override { return function_->BarSize(bar_); }

 private:
  model::ZipFunction* function_;
  int bar_;
};

class ModelConfig final : public hisilicon::PciConfig {
 public:
  explicit ModelConfig(model::ZipFunction* function) : function_(function) {}
  uint32_t Read32(uint32_t offset) override {
    uint32_t value;
    function_->ReadConfig(offset, &value, 4);
    return value;
  }
  void Write16(uint32_t offset, uint16_t value) override {
    function_->WriteConfig(offset, &value, 2);
  }

 private:
  model::ZipFunction* function_;
};

/// An IOMMU with addresses of its own: a pointer used as IOVA faults.
class ModelMapper final : public DmaMapper {
 public:
  explicit ModelMapper(model::MappedBus* bus) : bus_(bus) {}
  Result<uint64_t> Map(void* address, size_t size) override;
  void Unmap(uint64_t iova, size_t size) override { bus_->Unmap(iova, size); }
  bool Pins() const override { return false; }

 private:
  model::MappedBus* bus_;
  uint64_t next_ = uint64_t{1} << 33;
};

/// Shared virtual addressing: every pointer of this process is an address. What the device must
/// not touch is for the address sanitizer to find.
class SharedBus final : public model::DmaBus {
 public:
  bool Read(uint64_t iova, void* data, size_t size) override;
  bool Write(uint64_t iova, const void* data, size_t size) override;
};

/// A function that QmFunction brought up, as vfio-pci has it.
class ModelDevice {
 public:
  /// `sva`: a SharedBus instead of an IOMMU with addresses of its own.
  explicit ModelDevice(const model::Options& options, bool sva = false, size_t arena = 8u << 20);
  ~ModelDevice();

  /// Brings it up.
  Outcome Start();
  hisilicon::QmFunction& qm() { return *qm_; }
  model::ZipFunction& function() { return *function_; }
  model::MappedBus& bus() { return mapped_; }
  bool sva() const { return sva_; }
  DeviceDescription Describe() const;

 private:
  const model::Options options_;
  const bool sva_;
  const size_t arena_;
  model::MappedBus mapped_;
  SharedBus shared_;
  std::unique_ptr<model::ZipFunction> function_;
  std::unique_ptr<ModelMmio> bar2_;
  std::unique_ptr<ModelMmio> bar4_;
  std::unique_ptr<ModelConfig> config_;
  ModelMapper mapper_;
  SvaMapper sva_mapper_;
  std::unique_ptr<hisilicon::QmFunction> qm_;
};

/// Queues of a ModelDevice. The device outlives the transport.
class ModelTransport final : public Transport {
 public:
  explicit ModelTransport(ModelDevice* device)
      : device_(device), description_(device->Describe()), pid_(ProcessId()) {}
  const DeviceDescription& description() const override { return description_; }
  Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) override;

  /// As the first spimdev hardware: Stop() says no.
  void CannotStop() { stoppable_ = false; }
  /// As spimdev's WAIT: `wait` is what the queues' Wait() does; any thread calls it.
  void WaitsBy(std::function<WaitEnd(uint32_t timeout_ms)> wait) { wait_ = std::move(wait); }

 private:
  ModelDevice* device_;
  DeviceDescription description_;
  pid_t pid_;
  bool stoppable_ = true;
  std::function<WaitEnd(uint32_t)> wait_;
};

}  // namespace warpdrive::test
