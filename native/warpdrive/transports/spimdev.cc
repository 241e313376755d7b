#include "warpdrive/transports/spimdev.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "warpdrive/transports/spimdev_device.h"

namespace warpdrive {
namespace {

// The header of the RFC exists in several variants (docs/hardware.md). What one kernel does not
// know it answers with EINVAL, so trying is safe on these descriptors.
constexpr unsigned long kGetQueueTree = 0x40085702;  // _IOW('W', 2, unsigned long)
constexpr unsigned long kGetQueueMailed = 0x5701;    // _IO('W', 1); also openEuler's
constexpr unsigned long kWaitTree = 0x40085701;      // on the queue; milliseconds
constexpr unsigned long kWaitSdmdev = 0x5701;        // on the mdev; jiffies
constexpr unsigned long kSetOperation = 0x40086405;  // openEuler: _IOW('d', 5, unsigned long)

constexpr uint64_t kRegisterRegion = 0;
constexpr uint64_t kRingRegion = 1;
constexpr uint32_t kSqeBytes = 128;
constexpr uint32_t kDepth = 1024;  // fixed in the driver, both rings
constexpr size_t kSqBytes = size_t{kSqeBytes} * kDepth;
constexpr size_t kRingBytes = kSqBytes + size_t{16} * kDepth;

// V1 maps the first page of BAR2; V2 (openEuler) the page at 0x1000, where the doorbell is first.
constexpr size_t kDoorbellV1 = 0x340;
constexpr size_t kDoorbellV2 = 0;

enum class WaitKind : uint8_t { kIoctl, kJiffies, kPoll, kSleep };

bool IsUnknown(int error) { return error == -EINVAL || error == -ENOTTY; }

class SpimdevQueue final : public TransportQueue {
 public:
  /// `fd`: the queue's own descriptor; empty = the mdev is the queue.
  SpimdevQueue(Syscalls* calls, std::shared_ptr<std::mutex> gate,
               std::shared_ptr<SpimdevDevice> device, UniqueFd fd)
      : calls_(calls),
        pid_(ProcessId()),
        gate_(std::move(gate)),
        device_(std::move(device)),
        fd_(std::move(fd)) {}
  ~SpimdevQueue() override;

  /// With the gate held.
  Outcome Start(Direction direction, int protocol, size_t page_size);

  DmaPool& pool() override { return *device_->pool; }
  bool sva() const override { return false; }
  WaitEnd Wait(uint32_t timeout_ms) override;
  bool Stop() override {
    stopped_.store(true, std::memory_order_relaxed);
    return false;
  }
  bool Alive() override;

 private:
  int queue_fd() const { return fd_ ? fd_.get() : device_->mdev.get(); }
  Outcome Map(uint64_t region, size_t size, size_t page_size, Mapping* mapping);
  Outcome LearnNumber(int protocol);
  Outcome SetDirection(Direction direction);
  void ChooseWait();
  /// One wait of the chosen kind. @return what the kernel answered
  int WaitOnce(uint32_t timeout_ms);

  Syscalls* const calls_;
  const pid_t pid_;
  const std::shared_ptr<std::mutex> gate_;  ///< of the transport; also guards counts in device_
  std::shared_ptr<SpimdevDevice> device_;
  UniqueFd fd_;
  Mapping registers_;
  Mapping ring_;
  std::unique_ptr<MappedMmio> mmio_;
  WaitKind wait_ = WaitKind::kSleep;
  // Relaxed: a late look costs one more wait, and nothing is read on the strength of them.
  std::atomic<bool> gone_{false};     ///< set by the waiting thread, read by the owner
  std::atomic<bool> stopped_{false};  ///< set by the owner, read by the waiting thread
};

SpimdevQueue::~SpimdevQueue() {
  registers_.Reset();
  ring_.Reset();
  fd_.Reset();
  // Under the gate: who opens the next queue finds the device either open or closed.
  // Not in a child: the thread that holds it may not have come along.
  std::unique_lock lock(*gate_, std::defer_lock);
  if (ProcessId() == pid_) lock.lock();
  if (--device_->queues == 0) device_->number_unknown = false;
  device_.reset();
}

Outcome SpimdevQueue::Map(uint64_t region, size_t size, size_t page_size, Mapping* mapping) {
  int error = 0;
  void* data = calls_->Mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, queue_fd(),
                            region * page_size, &error);
  if (data == nullptr) {
    return SystemError(-error, "cannot map region " + std::to_string(region) + " of the queue, " +
                                   std::to_string(size) + " bytes");
  }
  *mapping = Mapping(data, size, calls_);
  // Unlike uacce, these drivers let a child inherit the mapping.
  if (const int refused = calls_->Madvise(data, size, MADV_DONTFORK); refused < 0) {
    return SystemError(-refused, "cannot keep the queue's mapping out of child processes");
  }
  return {};
}

// The driver leaves {number, version of the queue manager} at the start of the ring. The RFC's own
// sample never learns the number and works with queue 0 alone.
Outcome SpimdevQueue::LearnNumber(int protocol) {
  // Written before mmap() returned: a system call, so no barrier.
  const auto* words = reinterpret_cast<const volatile uint32_t*>(ring_.data());
  const uint32_t number = words[0];
  const uint32_t version = words[1];
  if (number == 0 && version == 0) {
    if (device_->queues > 1) {
      return Error{ErrorCode::kUnsupported, 0,
                   "this kernel does not tell queues' numbers, so only one can be used"};
    }
    device_->number_unknown = true;
    return {};
  }
  if (device_->number_unknown) {
    return Error{ErrorCode::kProtocol, 0, "the kernel tells some queues' numbers and others not"};
  }
  if (static_cast<int>(version) != protocol || number > (protocol == 1 ? 0xffffu : 0x3ffu)) {
    return Error{ErrorCode::kProtocol, 0,
                 "the kernel names queue " + std::to_string(number) + " of version " +
                     std::to_string(version) + ", but the device is version " +
                     std::to_string(protocol)};
  }
  rings_.queue_number = static_cast<uint16_t>(number);
  return {};
}

// A queue is made for compression. Only openEuler's driver can change that.
Outcome SpimdevQueue::SetDirection(Direction direction) {
  if (direction == Direction::kCompress) return {};
  const int error = calls_->IoctlValue(queue_fd(), kSetOperation, 1);
  if (error >= 0) return {};
  if (!IsUnknown(error)) return SystemError(-error, "cannot make the queue decompress");
  return Error{ErrorCode::kUnsupported, -error,
               "this kernel's queues only compress (no SET_OPTYPE)"};
}

// WAIT if there is one; else poll(), unless the queue has no poll handler: then the kernel says
// "readable" at once, of a queue on which nothing was ever sent.
void SpimdevQueue::ChooseWait() {
  const unsigned long command = fd_ ? kWaitTree : kWaitSdmdev;
  const int result = calls_->IoctlWait(queue_fd(), command, 1);
  if (!IsUnknown(result) && (fd_ || result != -ENODEV)) {
    wait_ = fd_ ? WaitKind::kIoctl : WaitKind::kJiffies;
    return;
  }
  short revents = 0;
  wait_ = calls_->Poll(queue_fd(), POLLIN, 0, &revents) == 0 ? WaitKind::kPoll : WaitKind::kSleep;
}

Outcome SpimdevQueue::Start(Direction direction, int protocol, size_t page_size) {
  if (Outcome outcome = Map(kRingRegion, kRingBytes, page_size, &ring_); !outcome) return outcome;
  if (Outcome outcome = LearnNumber(protocol); !outcome) return outcome;
  if (Outcome outcome = SetDirection(direction); !outcome) return outcome;
  if (Outcome outcome = Map(kRegisterRegion, page_size, page_size, &registers_); !outcome) {
    return outcome;
  }
  ChooseWait();
  ClearRing(ring_.data(), kRingBytes);
  mmio_ = std::make_unique<MappedMmio>(registers_.data(), registers_.size());
  rings_.sq = ring_.data();
  rings_.cq = ring_.data() + kSqBytes;
  rings_.sq_depth = kDepth;
  rings_.cq_depth = kDepth;
  rings_.sqe_size = kSqeBytes;
  rings_.protocol = protocol;
  rings_.doorbell = mmio_.get();
  rings_.doorbell_offset = protocol == 1 ? kDoorbellV1 : kDoorbellV2;
  // The driver arms by itself while somebody waits, if it can at all: no event bit, no descriptor.
  rings_.has_events = false;
  rings_.waits = wait_ != WaitKind::kSleep;
  return {};
}

int SpimdevQueue::WaitOnce(uint32_t timeout_ms) {
  // Not longer: these drivers' WAIT and poll() mostly end by time alone.
  const uint32_t ms = std::clamp(timeout_ms, 1u, 1000u);
  switch (wait_) {
    case WaitKind::kIoctl:
      return calls_->IoctlWait(queue_fd(), kWaitTree, ms);
    case WaitKind::kJiffies:
      // A jiffy is 1 to 10 ms, and which is not told: the shortest is right or too short by 10.
      return calls_->IoctlWait(queue_fd(), kWaitSdmdev, std::max(ms / 10, 1u));
    case WaitKind::kPoll: {
      short revents = 0;
      const int result = calls_->Poll(queue_fd(), POLLIN, static_cast<int>(ms), &revents);
      return (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? -ENODEV : result;
    }
    case WaitKind::kSleep:
      calls_->SleepMicroseconds(1000);
      return 0;
  }
  return 0;
}

WaitEnd SpimdevQueue::Wait(uint32_t timeout_ms) {
  if (ProcessId() != pid_) return WaitEnd::kTimeout;
  const bool gone = gone_.load(std::memory_order_relaxed);
  if (gone || stopped_.load(std::memory_order_relaxed)) {
    calls_->SleepMicroseconds(1000);
    return gone ? WaitEnd::kGone : WaitEnd::kTimeout;
  }
  const int result = WaitOnce(timeout_ms);
  if (result >= 0 || result == -EINTR) return result == 0 ? WaitEnd::kTimeout : WaitEnd::kWoken;
  gone_.store(true, std::memory_order_relaxed);
  return WaitEnd::kGone;
}

bool SpimdevQueue::Alive() {
  if (ProcessId() != pid_) return false;
  if (gone_.load(std::memory_order_relaxed) || stopped_.load(std::memory_order_relaxed)) {
    return false;
  }
  return calls_->Access(device_->mdev_path.c_str(), F_OK) == 0;
}

class SpimdevTransport final : public Transport {
 public:
  SpimdevTransport(DeviceDescription description, const TransportOptions& options)
      : description_(std::move(description)), options_(options), pid_(ProcessId()) {}

  const DeviceDescription& description() const override { return description_; }
  Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) override;

 private:
  Result<std::shared_ptr<SpimdevDevice>> Device();
  Result<UniqueFd> GetQueue(SpimdevDevice& device);
  Result<std::unique_ptr<TransportQueue>> TryOpen(Direction direction);

  const DeviceDescription description_;
  const TransportOptions options_;
  const pid_t pid_;
  // Held while a queue opens and while the last one closes the device; rare, and short but for the
  // pages of a pool.
  const std::shared_ptr<std::mutex> gate_ = std::make_shared<std::mutex>();
  std::weak_ptr<SpimdevDevice> device_;  ///< the queues own it
};

Result<std::shared_ptr<SpimdevDevice>> SpimdevTransport::Device() {
  if (std::shared_ptr<SpimdevDevice> device = device_.lock()) return device;
  Result<std::shared_ptr<SpimdevDevice>> opened = OpenSpimdevDevice(description_, options_);
  if (opened) device_ = opened.value();
  return opened;
}

Result<UniqueFd> SpimdevTransport::GetQueue(SpimdevDevice& device) {
  if (description_.mdev_is_queue) {
    // Started when the mdev was opened, stopped when it is closed: a second user would begin in
    // the middle of its rings.
    if (device.mdev_used) {
      return Error{ErrorCode::kGone, 0,
                   "an sdmdev device has one queue, and it was taken: open the device anew"};
    }
    device.mdev_used = true;
    return UniqueFd();
  }
  // The kernel says EINVAL to the number that is not its own. The argument is a PASID (none) or the
  // index of an algorithm (any serves all).
  int fd = -EINVAL;
  for (const unsigned long command : {kGetQueueTree, kGetQueueMailed}) {
    if (device.get_queue != 0 && device.get_queue != command) continue;
    fd = options_.calls->IoctlValue(device.mdev.get(), command, 0);
    if (IsUnknown(fd)) continue;
    device.get_queue = command;
    break;
  }
  if (fd >= 0) return UniqueFd(fd, options_.calls);
  Error error = SystemError(-fd, "the kernel gave no queue (GET_Q)");
  if (IsUnknown(fd)) {
    error.message += "; neither of the two known numbers of this ioctl is the kernel's";
  } else if (fd == -ENODEV) {
    // The driver's answer to whatever went wrong, and that is mostly this.
    error.code = ErrorCode::kBusy;
    error.message += "; probably none is free";
  }
  return error;
}

Result<std::unique_ptr<TransportQueue>> SpimdevTransport::TryOpen(Direction direction) {
  if (Outcome outcome = CheckAllowed(description_, options_, pid_); !outcome) {
    return outcome.error();
  }
  if (description_.dma != DmaMode::kMapped || description_.protocol < 1 ||
      description_.protocol > 2) {
    return Error{ErrorCode::kUnsupported, 0,
                 "spimdev is used with mapped memory and QM version 1 or 2"};
  }
  // Declared before the lock: what fails half-way closes after it, through the gate itself.
  std::unique_ptr<SpimdevQueue> queue;
  const std::lock_guard lock(*gate_);
  Result<std::shared_ptr<SpimdevDevice>> device = Device();
  if (!device) return device.error();
  Result<UniqueFd> fd = GetQueue(*device.value());
  if (!fd) return fd.error();
  ++device.value()->queues;
  queue = std::make_unique<SpimdevQueue>(options_.calls, gate_, device.Take(), fd.Take());
  Outcome outcome = queue->Start(direction, description_.protocol, PageSize(options_));
  if (!outcome) return outcome.error();
  return std::unique_ptr<TransportQueue>(std::move(queue));
}

Result<std::unique_ptr<TransportQueue>> SpimdevTransport::OpenQueue(Direction direction) {
  Result<std::unique_ptr<TransportQueue>> queue = TryOpen(direction);
  if (!queue) return Named(description_, queue.error());
  return queue;
}

}  // namespace

std::unique_ptr<Transport> MakeSpimdev(const DeviceDescription& description,
                                       const TransportOptions& options) {
  return std::make_unique<SpimdevTransport>(description, options);
}

}  // namespace warpdrive
