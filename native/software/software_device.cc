#include "software/software_device.h"

#include <algorithm>

#include "software/codecs/block_codec.h"
#include "software/codecs/block_finder.h"
#include "software/codecs/marked_stream.h"
#include "software/codecs/plan.h"
#include "software/codecs/stream_codec.h"
#include "software/software_queue.h"
#include "software/worker_thread.h"

namespace warpdrive::software {
namespace {

// How often an idle worker looks at the doorbell before it sleeps: some 20 us, about what a
// futex wake-up costs the submitter and the worker together.
constexpr int kIdleSpins = 400;

// Whether this thread is one of some device's.
thread_local bool is_worker = false;

}  // namespace

SoftwareDevice::SoftwareDevice(uint32_t threads)
    : thread_count_(std::clamp<uint32_t>(threads, 1, kMaxThreads)) {}

SoftwareDevice::~SoftwareDevice() { StopWorkersLocked(0); }

DeviceInfo SoftwareDevice::Info() const {
  DeviceInfo info{.name = "software",
                  .transport = "software",
                  .threads = threads(),
                  .codecs = {},
                  .kind = "software"};
  for (const CodecKind kind : {CodecKind::kIsal, CodecKind::kLibdeflate, CodecKind::kZlib}) {
    if (HasCodec(kind)) info.codecs.emplace_back(CodecDescription(kind));
  }
  return info;
}

bool SoftwareDevice::Supports(const Request&) const { return true; }

std::unique_ptr<Queue> SoftwareDevice::OpenQueue(const QueueOptions& options) {
  const bool power_of_two = (options.depth & (options.depth - 1)) == 0;
  if (options.depth < 2 || options.depth > 32768 || !power_of_two) return nullptr;
  return std::make_unique<SoftwareQueue>(this, std::make_shared<QueueEntry>(options));
}

StreamPlan SoftwareDevice::PlanCompression(const StreamParams& params) const {
  const BlockPlan plan = PlanFor(params);
  return {.block_size = plan.block_size,
          .first_block = plan.first_block,
          .uses_history = plan.uses_history};
}

std::unique_ptr<StreamContext> SoftwareDevice::MakeDeflateContext(
    const StreamParams& params, std::span<const uint8_t> history) {
  return MakeDeflateStream(params, history);
}

std::unique_ptr<StreamContext> SoftwareDevice::MakeInflateContext(
    const StreamParams& params, std::span<const uint8_t> dictionary) {
  return Marked(params, MakeInflateStream(params, dictionary));
}

std::unique_ptr<BlockSearch> SoftwareDevice::MakeBlockSearch() { return MakeBlockFinder(); }

std::unique_ptr<StreamContext> SoftwareDevice::ResumeInflateContext(const StreamParams& params,
                                                                    const BlockStart& start) {
  return Marked(params, ResumeInflateStream(params, {.format = start.format,
                                                     .check = start.check,
                                                     .total_out = start.member_output,
                                                     .window = start.window,
                                                     .bits = start.bits,
                                                     .bit_count = start.bit_count}));
}

std::unique_ptr<StreamContext> SoftwareDevice::Marked(const StreamParams& params,
                                                      std::unique_ptr<StreamCodec> stream) {
  if (stream == nullptr) return nullptr;
  auto marked = std::make_unique<MarkedStream>(std::move(stream));
  // Smaller windows are zlib's, see InflateStream.
  if (params.window_bits == 0 || params.window_bits == 15) {
    auto ahead = std::make_unique<DecodeAhead>([this](std::shared_ptr<AheadTask> task) {
      ahead_tasks_.Push(std::move(task));
      Ring(1);
    });
    const bool gzip = params.format == Format::kGzip || params.format == Format::kAuto;
    if (!gzip || params.one_member) ahead->ExpectNoMembers();
    marked->SetAhead(params, std::move(ahead));
  }
  return marked;
}

void SoftwareDevice::SetThreads(uint32_t threads) {
  const std::lock_guard lock(workers_mutex_);
  threads = std::clamp<uint32_t>(threads, 1, kMaxThreads);
  thread_count_.store(threads, std::memory_order_relaxed);
  if (workers_.empty()) return;
  // Some always stay: the system may give no new ones, and requests are waiting.
  StopWorkersLocked(std::min<size_t>(threads, workers_.size()));
  StartWorkersLocked();
}

uint32_t SoftwareDevice::RunningThreads() const {
  const std::lock_guard lock(workers_mutex_);
  return static_cast<uint32_t>(workers_.size());
}

void SoftwareDevice::Register(std::shared_ptr<QueueEntry> queue) {
  const std::lock_guard lock(queues_mutex_);
  queues_.push_back(std::move(queue));
  queues_version_.fetch_add(1, std::memory_order_release);
}

void SoftwareDevice::Unregister(const std::shared_ptr<QueueEntry>& queue) {
  const std::lock_guard lock(queues_mutex_);
  std::erase(queues_, queue);
  queues_version_.fetch_add(1, std::memory_order_release);
  doorbell_.Signal(kMaxThreads);  // sleeping workers hold the queue's memory
}

bool SoftwareDevice::Ring(uint32_t count) {
  // A worker that shares parts of a stream must not wait for the lock: who holds it may be waiting
  // for the worker to end.
  if (!is_worker && !started_.load(std::memory_order_acquire) && !StartWorkers()) return false;
  doorbell_.Signal(count);
  return true;
}

bool SoftwareDevice::StartWorkers() {
  const std::lock_guard lock(workers_mutex_);
  if (workers_.empty()) StartWorkersLocked();
  started_.store(!workers_.empty(), std::memory_order_release);
  return !workers_.empty();
}

void SoftwareDevice::StartWorkersLocked() {
  const uint32_t count = threads();
  limit_.store(count, std::memory_order_seq_cst);
  for (auto index = static_cast<uint32_t>(workers_.size()); index < count; ++index) {
    pthread_t thread;
    if (!StartWorkerThread([this, index] { WorkerMain(index); }, &thread)) break;
    workers_.push_back(thread);
  }
}

void SoftwareDevice::StopWorkersLocked(size_t left) {
  limit_.store(static_cast<uint32_t>(left), std::memory_order_seq_cst);
  doorbell_.Signal(kMaxThreads);
  for (; workers_.size() > left; workers_.pop_back()) pthread_join(workers_.back(), nullptr);
}

void SoftwareDevice::WorkerMain(uint32_t index) {
  is_worker = true;
  Executor executor;
  std::vector<std::shared_ptr<QueueEntry>> queues;
  uint64_t version = ~uint64_t{0};
  size_t next = index;
  while (index < limit_.load(std::memory_order_acquire)) {
    const uint32_t seen = doorbell_.Current();
    if (const uint64_t now = queues_version_.load(std::memory_order_acquire); now != version) {
      const std::lock_guard lock(queues_mutex_);
      queues = queues_;
      version = queues_version_.load(std::memory_order_relaxed);
    }
    // One request from each queue in turn, so that a process's busy thread starves no other.
    bool found = false;
    for (size_t i = 0; i < queues.size(); ++i) {
      found |= queues[next++ % queues.size()]->RunOne(executor);
    }
    if (found || ahead_tasks_.RunOne()) continue;
    for (int spin = 0; spin < kIdleSpins && doorbell_.Current() == seen; ++spin) CpuRelax();
    if (doorbell_.Current() != seen || index >= limit_.load(std::memory_order_acquire)) continue;
    // A worker that sleeps must not keep a closed queue's memory.
    if (queues_version_.load(std::memory_order_acquire) != version) continue;
    doorbell_.Wait(seen, 0);
  }
}

}  // namespace warpdrive::software
