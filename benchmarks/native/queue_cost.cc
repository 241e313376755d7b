// The user library's own cost per request, against a device that takes no time: encode, doorbell,
// poll, decode. The null device completes between the two timed halves of a batch, so what it
// writes is not counted. Prints JSON; medians over rounds, nanoseconds per request.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "device/device.h"
#include "warpdrive/hisilicon/completion_sleep.h"
#include "warpdrive/hisilicon/qm_queue.h"
#include "warpdrive/hisilicon/zip_device.h"
#include "warpdrive/transport.h"

namespace warpdrive {
namespace {

constexpr uint32_t kDepth = 1024;
constexpr uint32_t kBatch = 32;
constexpr uint32_t kInput = 8192;
constexpr uint32_t kProduced = 3000;
constexpr int kRounds = 2001;
constexpr uint64_t kFarIova = uint64_t{1} << 40;

class FarMapper final : public DmaMapper {
 public:
  Result<uint64_t> Map(void*, size_t) override { return kFarIova; }
  void Unmap(uint64_t, size_t) override {}
  bool Pins() const override { return false; }
};

/// Remembers the last doorbells in memory that nobody else looks at.
class NullBell final : public Mmio {
 public:
  uint32_t Read32(size_t) override { return 0; }
  void Write32(size_t, uint32_t) override {}
  void Write64(size_t, uint64_t value) override { last_ = value; }
  void Write128(size_t, std::span<const uint8_t, 16>) override {}
  size_t size() const override { return 0x2000; }

 private:
  volatile uint64_t last_ = 0;
};

class NullQueue final : public TransportQueue {
 public:
  explicit NullQueue(bool sva) : sva_(sva), sq_(size_t{kDepth} * 16), cq_(size_t{kDepth} * 2) {
    DmaMapper* const mapper = sva ? static_cast<DmaMapper*>(&identity_) : &far_;
    pool_ = DmaPool::Create(mapper, 16u << 20).Take();
    arena_ = pool_->Take(64).data();
    rings_.sq = reinterpret_cast<uint8_t*>(sq_.data());
    rings_.cq = reinterpret_cast<uint8_t*>(cq_.data());
    rings_.sq_depth = rings_.cq_depth = kDepth;
    rings_.sqe_size = hisilicon::kSqeBytes;
    rings_.protocol = 2;
    rings_.doorbell = &bell_;
    rings_.doorbell_offset = 0x1000;
    rings_.stop_send = rings_.stop_receive = &stop_;
  }
  DmaPool& pool() override { return *pool_; }
  bool sva() const override { return sva_; }
  void Wait(uint32_t) override {}
  bool Stop() override { return true; }
  bool Alive() override { return true; }

  /// What the engine would write for the next `count` descriptors.
  void Complete(uint32_t count) {
    for (; count != 0; --count) {
      auto* dw = reinterpret_cast<uint32_t*>(rings_.sq + size_t{head_} * hisilicon::kSqeBytes);
      const uint64_t iova = uint64_t{dw[20]} | uint64_t{dw[21]} << 32;
      auto* output = sva_ ? reinterpret_cast<uint8_t*>(iova) : arena_ + (iova - kFarIova);
      const uint32_t size = dw[4];
      dw[0] = size;
      dw[1] = kProduced;
      dw[3] = 0;
      // The trailer of a final block, the end of a flushed one.
      std::memset(output + kProduced - 8, 0, 8);
      if ((dw[7] & 1u << 25) != 0) {
        std::memcpy(output + kProduced - 4, &size, 4);
      } else {
        std::memset(output + kProduced - 2, 0xFF, 2);
      }
      uint8_t* entry = rings_.cq + size_t{head_} * hisilicon::kCqeBytes;
      std::memcpy(entry + 8, &head_, 2);
      std::memcpy(entry + 14, &phase_, 2);
      if (++head_ == kDepth) {
        head_ = 0;
        phase_ ^= 1;
      }
    }
  }

 private:
  const bool sva_;
  std::vector<uint64_t> sq_;
  std::vector<uint64_t> cq_;
  FarMapper far_;
  SvaMapper identity_;
  std::unique_ptr<DmaPool> pool_;
  uint8_t* arena_ = nullptr;
  NullBell bell_;
  uint32_t stop_ = 0;
  uint16_t head_ = 0;
  uint16_t phase_ = 1;
};

class NullTransport final : public Transport {
 public:
  explicit NullTransport(bool sva) : sva_(sva) {
    description_.protocol = 2;
    description_.algorithms = {"zlib", "gzip"};
    description_.dma = sva ? DmaMode::kSva : DmaMode::kMapped;
  }
  const DeviceDescription& description() const override { return description_; }
  Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) override {
    auto queue = std::make_unique<NullQueue>(sva_);
    if (direction == Direction::kCompress) this->queue = queue.get();
    return std::unique_ptr<TransportQueue>(std::move(queue));
  }
  NullQueue* queue = nullptr;

 private:
  const bool sva_;
  DeviceDescription description_;
};

double Median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

struct Cost {
  double send = 0;
  double receive = 0;
};

Cost Measure(bool sva, Flush flush) {
  auto made = std::make_unique<NullTransport>(sva);
  NullTransport* const transport = made.get();
  hisilicon::ZipDevice device(std::move(made));
  const std::unique_ptr<Queue> queue = device.OpenQueue({});
  std::vector<std::vector<uint8_t>> inputs(kBatch, std::vector<uint8_t>(kInput));
  std::vector<std::vector<uint8_t>> outputs(kBatch, std::vector<uint8_t>(CompressBound(kInput)));
  std::vector<Request> requests(kBatch);
  for (uint32_t i = 0; i < kBatch; ++i) {
    requests[i].tag = i;
    requests[i].flush = flush;
    requests[i].params.format = Format::kGzip;
    requests[i].input = inputs[i].data();
    requests[i].input_size = kInput;
    requests[i].output = outputs[i].data();
    requests[i].output_size = CompressBound(kInput);
  }
  std::vector<Completion> completions(kBatch);
  std::vector<double> sends;
  std::vector<double> receives;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t begin = hisilicon::NowNs();
    const size_t sent = queue->Send(requests);
    const int64_t rung = hisilicon::NowNs();
    transport->queue->Complete(kBatch);
    const int64_t resumed = hisilicon::NowNs();
    const size_t received = queue->Receive(completions);
    const int64_t end = hisilicon::NowNs();
    bool good = sent == kBatch && received == kBatch;
    for (const Completion& completion : completions) good &= completion.status == Status::kOk;
    if (!good) {
      std::fprintf(stderr, "the null device's completions were not accepted\n");
      std::exit(1);
    }
    sends.push_back(static_cast<double>(rung - begin) / kBatch);
    receives.push_back(static_cast<double>(end - resumed) / kBatch);
  }
  return {Median(sends), Median(receives)};
}

/// Copying a descriptor into one ring and out of another: what no library can do without.
double MeasureCopies() {
  std::vector<hisilicon::Sqe> ring(kDepth);
  hisilicon::Sqe sqe;
  std::vector<double> times;
  size_t at = 0;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t begin = hisilicon::NowNs();
    for (uint32_t i = 0; i < kBatch; ++i) {
      at = (at + 1) % kDepth;
      std::memcpy(&ring[at], &sqe, sizeof(sqe));
      asm volatile("" ::: "memory");
      std::memcpy(&sqe, &ring[at], sizeof(sqe));
      asm volatile("" ::: "memory");
    }
    times.push_back(static_cast<double>(hisilicon::NowNs() - begin) / kBatch);
  }
  return Median(times);
}

void Print(const char* name, const Cost& cost, double copies, const char* end) {
  const double sum = cost.send + cost.receive;
  std::printf(
      "  \"%s\": {\"send\": %.1f, \"receive\": %.1f, \"sum\": %.1f, \"toCopies\": %.1f}%s\n", name,
      cost.send, cost.receive, sum, sum / copies, end);
}

}  // namespace
}  // namespace warpdrive

int main() {
  using namespace warpdrive;
  const double copies = MeasureCopies();
  const Cost in_place = Measure(true, Flush::kFinish);
  const Cost with_context = Measure(true, Flush::kSync);
  const Cost copied = Measure(false, Flush::kFinish);
  const Cost copied_with_context = Measure(false, Flush::kSync);
  std::printf("{\n  \"unit\": \"ns per request of %u bytes, batches of %u\",\n", kInput, kBatch);
  std::printf("  \"descriptorCopies\": %.1f,\n", copies);
  Print("sharedAddresses", in_place, copies, ",");
  Print("sharedAddressesWithContext", with_context, copies, ",");
  Print("mapped", copied, copies, ",");
  Print("mappedWithContext", copied_with_context, copies, "");
  std::printf("}\n");
  // The goal; copies and cleared contexts beside it are memory's price, not the queue's.
  constexpr double kGoalNs = 200;
  if (in_place.send + in_place.receive <= kGoalNs) return 0;
  std::fprintf(stderr, "more than %.0f ns per request\n", kGoalNs);
  return 1;
}
