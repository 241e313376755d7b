// A HiSilicon ZIP engine as a Device: any transport, queue managers V1 to V3.
#pragma once

#include <memory>

#include "device/device.h"
#include "warpdrive/hisilicon/zip_lane.h"

namespace warpdrive::hisilicon {

struct ZipDeviceOptions {
  ZipPatience patience;
};

class ZipDevice final : public Device {
 public:
  explicit ZipDevice(std::unique_ptr<Transport> transport, const ZipDeviceOptions& options = {});

  DeviceInfo Info() const override;
  bool Supports(const Request& request) const override;
  std::unique_ptr<Queue> OpenQueue(const QueueOptions& options) override;
  StreamPlan PlanCompression(const StreamParams& params) const override;
  /// None: compressing streams are cut into stateless blocks.
  std::unique_ptr<StreamContext> MakeDeflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> history) override;
  std::unique_ptr<StreamContext> MakeInflateContext(const StreamParams& params,
                                                    std::span<const uint8_t> dictionary) override;
  bool Followable(const StreamParams& params) const override;

  Transport& transport() { return *transport_; }

 private:
  const std::unique_ptr<Transport> transport_;
  const ZipDeviceOptions options_;
  ZipTarget target_;
};

}  // namespace warpdrive::hisilicon
