// The user library's own cost per request, against a null device: encode, doorbell, poll, decode.
// The device completes between the two timed halves of a batch, so what it writes is not counted;
// between batches the watch has time to clear used contexts, as it has while an engine works. Where
// data is mapped it has to be copied: those copies are the data's price, measured in the same
// rounds and taken off. The thread's own CPU time, lower quartiles over rounds: what else the
// machine does counts little.
// A busy machine's numbers say little, so none of them makes it fail; wrong completions do.
//   queue-cost          a table
//   queue-cost --json   for programs
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "device/device.h"
#include "device/event_word.h"
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
constexpr int kRounds = 1000;
constexpr int kParts = 10;
constexpr double kGoalNs = 200;
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
    pool_ = DmaPool::Create(mapper, 32u << 20).Take();
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
  WaitEnd Wait(uint32_t) override { return WaitEnd::kTimeout; }
  bool Stop() override { return true; }
  bool Alive() override { return true; }

  /// Where so many contexts wait to be cleared that the watch was told: until none does. Another
  /// job on the watch's processor may take it for as long as the kernel's scheduler allows.
  void AwaitWatch() {
    constexpr size_t kMany = size_t{kBatch} * 2;
    if (written_.size() < kMany) return;
    const int64_t end = hisilicon::NowNs() + 50'000'000;
    while (!written_.empty() && hisilicon::NowNs() < end) {
      for (int i = 0; i < 100; ++i) CpuRelax();
      std::erase_if(written_, [](const uint8_t* context) {
        return __atomic_load_n(context, __ATOMIC_RELAXED) == 0;
      });
    }
  }

  /// What the engine would write for the next `count` descriptors.
  void Complete(uint32_t count) {
    for (; count != 0; --count) {
      auto* dw = reinterpret_cast<uint32_t*>(rings_.sq + size_t{head_} * hisilicon::kSqeBytes);
      uint8_t* const output = Reach(uint64_t{dw[20]} | uint64_t{dw[21]} << 32);
      const uint64_t context = uint64_t{dw[22]} | uint64_t{dw[23]} << 32;
      if (context != 0) {
        written_.push_back(Reach(context));
        __atomic_store_n(written_.back(), uint8_t{1}, __ATOMIC_RELAXED);
      }
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
  uint8_t* Reach(uint64_t iova) const {
    return sva_ ? reinterpret_cast<uint8_t*>(iova) : arena_ + (iova - kFarIova);
  }

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
  std::vector<uint8_t*> written_;  ///< contexts that nobody has cleared since
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

double Quartile(std::vector<double>& values) {
  const auto at = values.begin() + static_cast<long>(values.size() / 4);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

struct Cost {
  const char* name;
  double send = 0;
  double receive = 0;
  double payload = 0;  ///< of these, copies of data

  double own() const { return send + receive - payload; }
};

int64_t CpuNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// What looking at the clock takes, a system call.
double ClockNs() {
  static const double cost = [] {
    std::vector<double> times;
    for (int i = 0; i < kRounds; ++i) {
      const int64_t begin = CpuNs();
      times.push_back(static_cast<double>(CpuNs() - begin));
    }
    return Quartile(times);
  }();
  return cost;
}

double PerRequest(int64_t begin, int64_t end) {
  return (static_cast<double>(end - begin) - ClockNs()) / kBatch;
}

/// A batch of requests, and the copies that the library makes of them where data is mapped.
class Batch {
 public:
  explicit Batch(Flush flush) : staging_(size_t{kBatch} * (kInput + kOutput)) {
    requests.resize(kBatch);
    for (uint32_t i = 0; i < kBatch; ++i) {
      inputs_.emplace_back(kInput, 1);
      outputs_.emplace_back(kOutput);
      requests[i].tag = i;
      requests[i].flush = flush;
      requests[i].params.format = Format::kGzip;
      requests[i].input = inputs_[i].data();
      requests[i].input_size = kInput;
      requests[i].output = outputs_[i].data();
      requests[i].output_size = kOutput;
    }
  }

  void CopyIn() {
    for (uint32_t i = 0; i < kBatch; ++i) std::memcpy(Staging(i), inputs_[i].data(), kInput);
    asm volatile("" ::: "memory");
  }
  /// Touches what the null device does.
  void SpoilOutput() {
    for (uint32_t i = 0; i < kBatch; ++i) std::memset(Staging(i) + kInput + kProduced - 8, 0, 8);
  }
  void CopyOut() {
    for (uint32_t i = 0; i < kBatch; ++i) {
      std::memcpy(outputs_[i].data(), Staging(i) + kInput, kProduced);
    }
    asm volatile("" ::: "memory");
  }

  std::vector<Request> requests;

 private:
  static constexpr uint32_t kOutput = CompressBound(kInput);
  uint8_t* Staging(uint32_t i) { return staging_.data() + size_t{i} * (kInput + kOutput); }

  std::vector<std::vector<uint8_t>> inputs_;
  std::vector<std::vector<uint8_t>> outputs_;
  std::vector<uint8_t> staging_;
};

Cost Measure(const char* name, bool sva, Flush flush) {
  auto made = std::make_unique<NullTransport>(sva);
  NullTransport* const transport = made.get();
  hisilicon::ZipDevice device(std::move(made));
  // With a watch, as in a program.
  const std::unique_ptr<Queue> queue = device.OpenQueue({.notify = [](void*) {}});
  Batch batch(flush);
  std::vector<Completion> completions(kBatch);
  std::vector<double> sends, receives, copies;
  const auto request = [&] {
    const int64_t begin = CpuNs();
    const size_t sent = queue->Send(batch.requests);
    const int64_t rung = CpuNs();
    transport->queue->Complete(kBatch);
    const int64_t resumed = CpuNs();
    const size_t received = queue->Receive(completions);
    const int64_t end = CpuNs();
    bool good = sent == kBatch && received == kBatch;
    for (const Completion& completion : completions) good &= completion.status == Status::kOk;
    if (!good) {
      std::fprintf(stderr, "the null device's completions were not accepted\n");
      std::exit(1);
    }
    sends.push_back(PerRequest(begin, rung));
    receives.push_back(PerRequest(resumed, end));
    transport->queue->AwaitWatch();
  };
  const auto copy = [&] {
    const int64_t begin = CpuNs();
    batch.CopyIn();
    const int64_t in = CpuNs();
    batch.SpoilOutput();
    const int64_t back = CpuNs();
    batch.CopyOut();
    copies.push_back(PerRequest(begin, in) + PerRequest(back, CpuNs()));
  };
  // Apart, so that neither has the other's data in its caches, and by turns, so that what the
  // machine does meanwhile is the same.
  for (int part = 0; part < kParts; ++part) {
    for (int round = 0; round < kRounds / kParts; ++round) request();
    for (int round = 0; round < kRounds / kParts; ++round) {
      if (!sva) copy();
    }
  }
  return {name, Quartile(sends), Quartile(receives), sva ? 0 : Quartile(copies)};
}

/// Again while the machine is disturbed.
Cost MeasureBest(const char* name, bool sva, Flush flush) {
  Cost best = Measure(name, sva, flush);
  for (int again = 0; again < 2 && best.own() > kGoalNs; ++again) {
    const Cost cost = Measure(name, sva, flush);
    if (cost.own() < best.own()) best = cost;
  }
  return best;
}

/// Copying a descriptor into one ring and out of another: what no library can do without.
double MeasureDescriptorCopies() {
  std::vector<hisilicon::Sqe> ring(kDepth);
  hisilicon::Sqe sqe;
  std::vector<double> times;
  size_t at = 0;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t begin = CpuNs();
    for (uint32_t i = 0; i < kBatch; ++i) {
      at = (at + 1) % kDepth;
      std::memcpy(&ring[at], &sqe, sizeof(sqe));
      asm volatile("" ::: "memory");
      std::memcpy(&sqe, &ring[at], sizeof(sqe));
      asm volatile("" ::: "memory");
    }
    times.push_back(PerRequest(begin, CpuNs()));
  }
  return Quartile(times);
}

/// Clearing the context of a block within a stream: the watch does that while the engine works.
double MeasureClearing() {
  std::vector<uint8_t> contexts(size_t{kBatch} * hisilicon::kContextBytes);
  std::vector<double> times;
  for (int round = 0; round < kRounds / 10; ++round) {
    const int64_t begin = CpuNs();
    for (uint32_t i = 0; i < kBatch; ++i) {
      std::memset(contexts.data() + size_t{i} * hisilicon::kContextBytes, 0,
                  hisilicon::kContextBytes);
      asm volatile("" ::: "memory");
    }
    times.push_back(PerRequest(begin, CpuNs()));
  }
  return Quartile(times);
}

void PrintTable(const std::vector<Cost>& costs, double copies, double clearing) {
  std::printf("ns per request of %u bytes, batches of %u\n\n", kInput, kBatch);
  std::printf("%-42s %6s %6s %8s %10s %13s\n", "", "own", "send", "receive", "data copies",
              "own / memcpy");
  for (const Cost& cost : costs) {
    std::printf("%-42s %6.0f %6.0f %8.0f %11.0f %13.1f\n", cost.name, cost.own(), cost.send,
                cost.receive, cost.payload, cost.own() / copies);
  }
  std::printf("\ngoal: %.0f\nmemcpy of a descriptor into a ring and back: %.1f\n", kGoalNs, copies);
  std::printf("clearing a context, on the watch's thread: %.0f\n", clearing);
}

void PrintJson(const std::vector<Cost>& costs, double copies, double clearing) {
  std::printf("{\"bytes\": %u, \"batch\": %u, \"descriptorCopies\": %.1f, \"clearing\": %.1f",
              kInput, kBatch, copies, clearing);
  for (const Cost& cost : costs) {
    std::printf(",\n \"%s\": {\"own\": %.1f, \"send\": %.1f, \"receive\": %.1f, \"data\": %.1f}",
                cost.name, cost.own(), cost.send, cost.receive, cost.payload);
  }
  std::printf("}\n");
}

}  // namespace
}  // namespace warpdrive

int main(int argc, char** argv) {
  using namespace warpdrive;
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  const double copies = MeasureDescriptorCopies();
  const double clearing = MeasureClearing();
  const std::vector<Cost> costs = {
      MeasureBest("shared addresses, end of a stream", true, Flush::kFinish),
      MeasureBest("shared addresses, within a stream", true, Flush::kSync),
      MeasureBest("mapped, end of a stream", false, Flush::kFinish),
      MeasureBest("mapped, within a stream", false, Flush::kSync),
  };
  (json ? PrintJson : PrintTable)(costs, copies, clearing);
}
