#include "warpdrive/transports/uacce.h"

#include <fcntl.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "warpdrive/discovery/sysfs.h"
#include "warpdrive/fd.h"
#include "warpdrive/mapping_guard.h"
#include "warpdrive/process_id.h"

namespace warpdrive {
namespace {

// ioctls of uacce.h and hisi_qm.h.
constexpr unsigned long kStartQueue = 0x5700;  // _IO('W', 0)
constexpr unsigned long kPutQueue = 0x5701;    // _IO('W', 1)
constexpr unsigned long kSetContext = 0xC004480A;
constexpr unsigned long kSetInfo = 0xC010480B;

struct QpContext {
  uint16_t id;  // out: the queue's number
  uint16_t type;
};
static_assert(sizeof(QpContext) == 4);

struct QpInfo {
  uint32_t sqe_size;
  uint16_t sq_depth;
  uint16_t cq_depth;
  uint64_t reserved;
};
static_assert(sizeof(QpInfo) == 16);

constexpr uint64_t kMmioRegion = 0;
constexpr uint64_t kDusRegion = 1;  // memory that device and user share
constexpr size_t kStopWords = 8;    // its last bytes: "stop receiving", then "stop sending"

constexpr uint32_t kZipSqeBytes = 128;
constexpr uint32_t kCqeBytes = 16;
constexpr uint32_t kDefaultDepth = 1024;
constexpr uint64_t kMaxRegionBytes = 64u << 20;

constexpr size_t kDoorbellV1 = 0x340;
constexpr size_t kDoorbellV2 = 0x1000;
// What the doorbell's queue number field holds (12 bits since V2, of which 10 are in use).
constexpr uint32_t kMaxQueueNumberV1 = 0xffff;
constexpr uint32_t kMaxQueueNumber = 0x3ff;

struct Geometry {
  size_t mmio_size = 0;  ///< bytes to map: up to the doorbell's page, no more
  size_t dus_size = 0;
  size_t doorbell_offset = 0;
};

Error OpenError(int error, const std::string& node) {
  Error result = SystemError(error, "cannot open " + node);
  switch (error) {
    case EBUSY:
      result.message += "; no queue is free, or the device is being reset";
      break;
    case EACCES:
      result.message += "; let a udev rule give it to a group that this user is in";
      break;
    case EPERM:
      // Also what a cgroup's device filter says.
      result.message += "; the device is being reset, or this container may not use it";
      result.code = ErrorCode::kBusy;
      break;
    case EINVAL:
      result.message += "; the device was removed";
      result.code = ErrorCode::kGone;
      break;
    default:
      break;
  }
  return result;
}

class UacceQueue final : public TransportQueue {
 public:
  UacceQueue(Syscalls* calls, std::string sysfs_path, std::shared_ptr<DmaPool> pool, UniqueFd fd)
      : calls_(calls),
        pid_(ProcessId()),
        sysfs_path_(std::move(sysfs_path)),
        pool_(std::move(pool)),
        fd_(std::move(fd)) {}
  ~UacceQueue() override { UacceQueue::Stop(); }

  /// The life cycle up to START. `protocol` 1 to 3.
  Outcome Start(Direction direction, const Geometry& geometry, int protocol, size_t page_size);

  DmaPool& pool() override { return *pool_; }
  bool sva() const override { return true; }
  WaitEnd Wait(uint32_t timeout_ms) override;
  int event_fd() const override { return ProcessId() == pid_ ? fd_.get() : -1; }
  bool Stop() override;
  bool Alive() override;

 private:
  Outcome LearnGeometry(Direction direction, int protocol);
  Outcome Map(const Geometry& geometry, size_t page_size);

  Syscalls* const calls_;
  const pid_t pid_;
  const std::string sysfs_path_;
  const std::shared_ptr<DmaPool> pool_;
  // Destroyed in reverse: the mappings go before the descriptor that they are of.
  UniqueFd fd_;
  Mapping mmio_map_;
  Mapping dus_map_;
  // At removal the kernel takes both mappings away under the eyes of whoever polls.
  MappingGuard mmio_guard_;
  MappingGuard dus_guard_;
  std::unique_ptr<MappedMmio> mmio_;
  bool started_ = false;
  bool at_rest_ = true;  ///< the kernel said that the hardware let go; the owner's
  /// Set by the owner; the waiting thread reads it, relaxed: it only turns a wait into a nap, and
  /// the descriptor stays open until that thread is gone.
  std::atomic<bool> stopped_{false};
};

Outcome UacceQueue::LearnGeometry(Direction direction, int protocol) {
  QpContext context{.id = 0, .type = static_cast<uint16_t>(direction)};
  if (const int error = calls_->Ioctl(fd_.get(), kSetContext, &context); error < 0) {
    return SystemError(-error, "the kernel refused the queue's direction (SET_QP_CTX)");
  }
  const uint32_t most = protocol == 1 ? kMaxQueueNumberV1 : kMaxQueueNumber;
  if (context.id > most) {
    return Error{ErrorCode::kProtocol, 0,
                 "queue number " + std::to_string(context.id) + " does not fit into a doorbell"};
  }
  // Kernels before 6.1 do not know this one.
  QpInfo info{};
  const int error = calls_->Ioctl(fd_.get(), kSetInfo, &info);
  if (error == -EINVAL || error == -ENOTTY) {
    info = {.sqe_size = kZipSqeBytes,
            .sq_depth = kDefaultDepth,
            .cq_depth = kDefaultDepth,
            .reserved = 0};
  } else if (error < 0) {
    return SystemError(-error, "the kernel did not tell the queue's size (SET_QP_INFO)");
  }
  if (info.sqe_size != kZipSqeBytes || info.sq_depth < 2 || info.cq_depth < 2) {
    return Error{ErrorCode::kProtocol, 0,
                 "the kernel names a queue of " + std::to_string(info.sq_depth) + " and " +
                     std::to_string(info.cq_depth) + " entries with " +
                     std::to_string(info.sqe_size) + " bytes each; a ZIP engine's have 128"};
  }
  rings_.queue_number = context.id;
  rings_.sqe_size = info.sqe_size;
  rings_.sq_depth = info.sq_depth;
  rings_.cq_depth = info.cq_depth;
  rings_.protocol = protocol;
  return {};
}

Outcome UacceQueue::Map(const Geometry& geometry, size_t page_size) {
  const size_t sq_bytes = size_t{rings_.sqe_size} * rings_.sq_depth;
  const size_t cq_bytes = size_t{kCqeBytes} * rings_.cq_depth;
  if (sq_bytes + cq_bytes + kStopWords > geometry.dus_size) {
    return Error{ErrorCode::kProtocol, 0,
                 "region_dus_size " + std::to_string(geometry.dus_size) +
                     " does not hold rings of " + std::to_string(sq_bytes) + " and " +
                     std::to_string(cq_bytes) + " bytes"};
  }
  const auto map = [&](uint64_t region, size_t size, const char* name, Mapping* mapping) {
    int error = 0;
    void* data = calls_->Mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(),
                              region * page_size, &error);
    if (data == nullptr) {
      return Outcome(SystemError(-error, "cannot map the queue's " + std::string(name) + ", " +
                                             std::to_string(size) + " bytes"));
    }
    *mapping = Mapping(data, size, calls_);
    return Outcome();
  };
  if (Outcome outcome = map(kMmioRegion, geometry.mmio_size, "registers", &mmio_map_); !outcome) {
    return outcome;
  }
  if (Outcome outcome = map(kDusRegion, geometry.dus_size, "rings", &dus_map_); !outcome) {
    return outcome;
  }
  mmio_guard_ = MappingGuard(mmio_map_.data(), mmio_map_.size());
  dus_guard_ = MappingGuard(dus_map_.data(), dus_map_.size());
  ClearRing(dus_map_.data(), (sq_bytes + cq_bytes) & ~size_t{7});
  mmio_ = std::make_unique<MappedMmio>(mmio_map_.data(), mmio_map_.size());
  rings_.sq = dus_map_.data();
  rings_.cq = dus_map_.data() + sq_bytes;
  const uint8_t* end = dus_map_.data() + dus_map_.size();
  rings_.stop_receive = reinterpret_cast<const uint32_t*>(end - 8);
  rings_.stop_send = reinterpret_cast<const uint32_t*>(end - 4);
  rings_.doorbell = mmio_.get();
  rings_.doorbell_offset = geometry.doorbell_offset;
  rings_.has_events = true;
  return {};
}

Outcome UacceQueue::Start(Direction direction, const Geometry& geometry, int protocol,
                          size_t page_size) {
  // The direction goes into the hardware's context at START: it has to be set before.
  if (Outcome outcome = LearnGeometry(direction, protocol); !outcome) return outcome;
  if (Outcome outcome = Map(geometry, page_size); !outcome) return outcome;
  if (const int error = calls_->IoctlValue(fd_.get(), kStartQueue, 0); error < 0) {
    Error result = SystemError(-error, "cannot start the queue");
    if (error == -EPERM) result.code = ErrorCode::kBusy;  // the device is being reset
    return result;
  }
  started_ = true;
  return {};
}

WaitEnd UacceQueue::Wait(uint32_t timeout_ms) {
  if (ProcessId() != pid_ || stopped_.load(std::memory_order_relaxed)) {
    calls_->SleepMicroseconds(1000);
    return WaitEnd::kTimeout;
  }
  short revents = 0;
  const int result =
      calls_->Poll(fd_.get(), POLLIN, static_cast<int>(timeout_ms & 0x7fffffff), &revents);
  // A descriptor that reports errors does so at once, each time: that must not become a spin.
  const bool broken = (result < 0 && result != -EINTR) || (revents & (POLLERR | POLLNVAL)) != 0;
  if (broken) calls_->SleepMicroseconds(1000);
  if (broken) return WaitEnd::kGone;
  return result == 0 ? WaitEnd::kTimeout : WaitEnd::kWoken;
}

bool UacceQueue::Stop() {
  if (ProcessId() != pid_) return false;
  if (!started_ || stopped_.exchange(true)) return at_rest_;
  // Waits in the kernel until the hardware let go of the queue. What PUT_Q leaves behind differs
  // between kernels: after it the descriptor is only good for closing. ENXIO = was stopped already.
  const int error = calls_->IoctlValue(fd_.get(), kPutQueue, 0);
  at_rest_ = error == 0 || error == -ENXIO;
  return at_rest_;
}

bool UacceQueue::Alive() {
  if (ProcessId() != pid_ || stopped_ || !started_) return false;
  if (mmio_guard_.lost() || dus_guard_.lost()) return false;
  // The kernel writes these words: volatile, so that they are read each time. No barrier, since no
  // ring is read on the strength of what they say.
  const auto* send = const_cast<const volatile uint32_t*>(rings_.stop_send);
  const auto* receive = const_cast<const volatile uint32_t*>(rings_.stop_receive);
  if (*send != 0 || *receive != 0) return false;
  if (calls_->Access(sysfs_path_.c_str(), F_OK) != 0) return false;
  return ReadUnsigned(sysfs_path_ + "/isolate").value_or(0) == 0;
}

class UacceTransport final : public Transport {
 public:
  UacceTransport(DeviceDescription description, const TransportOptions& options)
      : description_(std::move(description)), options_(options), pid_(ProcessId()) {}

  const DeviceDescription& description() const override { return description_; }
  Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) override;

 private:
  Result<Geometry> ReadGeometry() const;
  Result<std::shared_ptr<DmaPool>> Pool();
  Result<std::unique_ptr<TransportQueue>> TryOpen(Direction direction);

  const DeviceDescription description_;
  const TransportOptions options_;
  const pid_t pid_;
  std::mutex mutex_;             ///< guards pool_; taken once per queue
  std::weak_ptr<DmaPool> pool_;  ///< the queues own it
};

// Read at each open: a driver that was loaded again may have other sizes.
Result<Geometry> UacceTransport::ReadGeometry() const {
  const size_t page = PageSize(options_);
  const std::string mmio_path = description_.sysfs_path + "/region_mmio_size";
  const std::string dus_path = description_.sysfs_path + "/region_dus_size";
  const auto mmio = ReadUnsigned(mmio_path, kMaxRegionBytes);
  const auto dus = ReadUnsigned(dus_path, kMaxRegionBytes);
  Geometry geometry;
  geometry.doorbell_offset = description_.protocol == 1 ? kDoorbellV1 : kDoorbellV2;
  const size_t needed = geometry.doorbell_offset + sizeof(uint64_t);
  if (!mmio || *mmio < needed) {
    return Error{mmio ? ErrorCode::kUnsupported : ErrorCode::kGone, 0,
                 mmio_path + " does not name a size of at least " + std::to_string(needed) +
                     " bytes: the device is gone, or its kernel is from before uacce was merged"};
  }
  if (!dus || *dus == 0 || *dus % page != 0) {
    return Error{dus ? ErrorCode::kProtocol : ErrorCode::kGone, 0,
                 dus_path + " does not name a size in whole pages"};
  }
  // Registers that nobody needs are not mapped: a stray pointer cannot ring what is not there.
  geometry.mmio_size = (needed + page - 1) / page * page;
  geometry.dus_size = *dus;
  return geometry;
}

Result<std::shared_ptr<DmaPool>> UacceTransport::Pool() {
  static SvaMapper* const mapper = new SvaMapper;  // keeps no state; outlives every pool
  const std::lock_guard lock(mutex_);
  if (std::shared_ptr<DmaPool> pool = pool_.lock()) return pool;
  auto made = DmaPool::Create(mapper, options_.sva_pool_bytes, options_.calls);
  if (!made) return made.error();
  std::shared_ptr<DmaPool> pool = made.Take();
  pool_ = pool;
  return pool;
}

Result<std::unique_ptr<TransportQueue>> UacceTransport::TryOpen(Direction direction) {
  if (Outcome outcome = CheckAllowed(description_, options_, pid_); !outcome) {
    return outcome.error();
  }
  if (description_.dma != DmaMode::kSva) {
    return Error{ErrorCode::kUnsupported, 0, "it has no shared virtual addressing"};
  }
  Result<Geometry> geometry = ReadGeometry();
  if (!geometry) return geometry.error();
  const int fd = options_.calls->Open(description_.dev_path.c_str(), O_RDWR);
  if (fd < 0) return OpenError(-fd, description_.dev_path);
  UniqueFd owner(fd, options_.calls);
  Result<std::shared_ptr<DmaPool>> pool = Pool();
  if (!pool) return pool.error();
  auto queue = std::make_unique<UacceQueue>(options_.calls, description_.sysfs_path, pool.Take(),
                                            std::move(owner));
  Outcome outcome =
      queue->Start(direction, geometry.value(), description_.protocol, PageSize(options_));
  if (!outcome) return outcome.error();
  return std::unique_ptr<TransportQueue>(std::move(queue));
}

Result<std::unique_ptr<TransportQueue>> UacceTransport::OpenQueue(Direction direction) {
  Result<std::unique_ptr<TransportQueue>> queue = TryOpen(direction);
  if (!queue) return Named(description_, queue.error());
  return queue;
}

}  // namespace

std::unique_ptr<Transport> MakeUacce(const DeviceDescription& description,
                                     const TransportOptions& options) {
  return std::make_unique<UacceTransport>(description, options);
}

}  // namespace warpdrive
