#include "warpdrive/hisilicon/zip_device.h"

#include <algorithm>
#include <utility>

#include "warpdrive/hisilicon/zip_compress.h"
#include "warpdrive/hisilicon/zip_inflate.h"
#include "warpdrive/hisilicon/zip_queue.h"

namespace warpdrive::hisilicon {
namespace {

/// Input bytes per request. Large enough that 8 KiB of it are history that an independent block
/// lacks only at its start; small enough that a pool of 32 MiB holds 64 requests in flight, each
/// with its 64 KiB of context and output of nine eighths.
constexpr uint32_t kBlockSize = 128u << 10;

/// Requests of one stream that keep the engine busy: two for each of HIP08's cores.
constexpr uint32_t kWindow = 16;

ZipTarget TargetOf(const DeviceDescription& description) {
  const auto has = [&](const char* name) {
    const auto& list = description.algorithms;
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  ZipTarget target;
  target.protocol = description.protocol;
  target.zlib = has("zlib");
  target.gzip = has("gzip");
  target.raw = description.protocol >= 3 && has("deflate");
  target.sva = description.dma == DmaMode::kSva;
  return target;
}

}  // namespace

ZipDevice::ZipDevice(std::unique_ptr<Transport> transport, const ZipDeviceOptions& options)
    : transport_(std::move(transport)),
      options_(options),
      target_(TargetOf(transport_->description())) {}

DeviceInfo ZipDevice::Info() const {
  const DeviceDescription& description = transport_->description();
  DeviceInfo info;
  info.name = description.name;
  info.transport = NameOf(description.transport);
  info.codecs = description.algorithms;
  info.kind = "hisi_zip-v" + std::to_string(description.protocol);
  info.shared_doorbell = description.doorbell == DoorbellSafety::kShared;
  return info;
}

bool ZipDevice::Supports(const Request& request) const {
  return request.operation == Operation::kCompress ? SupportsCompression(target_, request)
                                                   : SupportsInflation(target_, request.params);
}

std::unique_ptr<Queue> ZipDevice::OpenQueue(const QueueOptions& options) {
  Result<std::unique_ptr<ZipQueue>> queue =
      ZipQueue::Open(transport_.get(), target_, options, options_.patience);
  if (queue.ok()) return queue.Take();
  if (options.refusal != nullptr) *options.refusal = queue.error().message;
  return nullptr;
}

StreamPlan ZipDevice::PlanCompression(const StreamParams&) const {
  return {.block_size = kBlockSize, .uses_history = false, .window = kWindow};
}

std::unique_ptr<StreamContext> ZipDevice::MakeDeflateContext(const StreamParams&,
                                                             std::span<const uint8_t>) {
  return nullptr;
}

std::unique_ptr<StreamContext> ZipDevice::MakeInflateContext(const StreamParams& params,
                                                             std::span<const uint8_t> dictionary) {
  if (!dictionary.empty() || !SupportsInflation(target_, params)) return nullptr;
  return std::make_unique<ZipInflateContext>(params);
}

bool ZipDevice::Followable(const StreamParams& params) const {
  return SupportsInflation(target_, params);
}

}  // namespace warpdrive::hisilicon
