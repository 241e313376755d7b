#include "warpdrive/transports/vfio_pci.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "warpdrive/hisilicon/qm_function.h"
#include "warpdrive/mapping_guard.h"
#include "warpdrive/process_id.h"
#include "warpdrive/vfio_container.h"

namespace warpdrive {
namespace {

using hisilicon::PciConfig;
using hisilicon::QmFunction;

constexpr uint32_t kConfigCommand = 0x04;
/// Revision and class. VFIO answers for a silent function in the words before it.
constexpr uint32_t kConfigRevision = 0x08;
constexpr uint16_t kBusMaster = 1u << 2;
/// What a read gives that nobody answers.
constexpr uint32_t kAllOnes = 0xFFFFFFFF;

/// Whether a descriptor is being closed on a thread of its own. Shared with that thread.
using Closing = std::shared_ptr<std::atomic<bool>>;

struct LateClose {
  UniqueFd fd;
  Closing closing;
};

void* CloseNow(void* argument) {
  const std::unique_ptr<LateClose> late(static_cast<LateClose*>(argument));
  late->fd.Reset();
  late->closing->store(false);
  return nullptr;
}

/// Closes `fd` on a thread that nobody waits for; on this one if there can be no other.
void CloseOnThread(UniqueFd fd, const Closing& closing) {
  closing->store(true);
  auto* late = new LateClose{std::move(fd), closing};
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, CloseNow, late);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) {
    pthread_detach(thread);
  } else {
    CloseNow(late);
  }
}

/// Configuration space through the device's descriptor.
class VfioConfig final : public PciConfig {
 public:
  VfioConfig(Syscalls* calls, int device, uint64_t offset)
      : calls_(calls), device_(device), offset_(offset) {}
  uint32_t Read32(uint32_t offset) override {
    uint32_t value = kAllOnes;
    const int64_t got = calls_->Pread(device_, &value, sizeof(value), offset_ + offset);
    return got == sizeof(value) ? value : kAllOnes;
  }
  void Write16(uint32_t offset, uint16_t value) override {
    static_cast<void>(calls_->Pwrite(device_, &value, sizeof(value), offset_ + offset));
  }

 private:
  Syscalls* calls_;
  int device_;
  uint64_t offset_;
};

Result<vfio_region_info> RegionInfo(Syscalls* calls, int device, uint32_t index) {
  vfio_region_info info{};
  info.argsz = sizeof(info);
  info.index = index;
  if (const int error = calls->Ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info); error < 0) {
    return SystemError(-error, "cannot ask for PCI region " + std::to_string(index));
  }
  return info;
}

/// False if all of the function's configuration space reads as ones. Asked of sysfs, because VFIO
/// resets a function when it is opened, and the kernel waits a minute for one that is silent.
bool Answers(const DeviceDescription& description, Syscalls* calls) {
  const UniqueFd file(calls->Open((description.sysfs_path + "/config").c_str(), O_RDONLY), calls);
  uint32_t value = 0;
  if (!file) return true;  // opening it tells more
  const int64_t got = calls->Pread(file.get(), &value, sizeof(value), kConfigRevision);
  return got != sizeof(value) || value != kAllOnes;
}

/// A function in operation. Its queues hold a reference each; members go in reverse order, so the
/// container, and with it the IOMMU's view of our memory, goes last.
class Session {
 public:
  static Result<std::shared_ptr<Session>> Open(const DeviceDescription& description,
                                               const VfioPciOptions& options,
                                               const Closing& closing);
  ~Session();

  QmFunction& function() { return *function_; }
  pid_t pid() const { return pid_; }

 private:
  Session(const VfioPciOptions& options, const Closing& closing)
      : calls_(options.calls), pid_(ProcessId()), closing_(closing) {}
  Outcome OpenDevice(const DeviceDescription& description, const VfioPciOptions& options);
  Outcome Reset();
  void LetGo();
  /// An empty mapping if the device has no such BAR.
  Result<Mapping> MapBar(uint32_t index);
  Outcome BringUp(const VfioPciOptions& options);

  Syscalls* calls_;
  pid_t pid_;
  Closing closing_;
  std::unique_ptr<VfioContainer> container_;
  UniqueFd device_;
  bool resettable_ = false;
  std::unique_ptr<VfioConfig> config_;
  Mapping bar2_map_;
  Mapping bar4_map_;
  // VFIO takes BARs away at removal, and while the function is reset under us.
  MappingGuard bar2_guard_;
  MappingGuard bar4_guard_;
  std::unique_ptr<MappedMmio> bar2_;
  std::unique_ptr<MappedMmio> bar4_;
  std::unique_ptr<QmFunction> function_;
};

Result<std::shared_ptr<Session>> Session::Open(const DeviceDescription& description,
                                               const VfioPciOptions& options,
                                               const Closing& closing) {
  std::shared_ptr<Session> session(new Session(options, closing));
  if (Outcome outcome = session->OpenDevice(description, options); !outcome) {
    return outcome.error();
  }
  if (Outcome outcome = session->BringUp(options); !outcome) {
    Error error = outcome.error();
    error.message = description.name + ": " + error.message;
    return error;
  }
  return session;
}

Session::~Session() {
  // In a child the function is the parent's.
  if (ProcessId() != pid_ || !config_) return;
  if (config_->Read32(kConfigRevision) == kAllOnes) {
    LetGo();
    return;
  }
  // Before the memory goes: afterwards the device reaches nothing. Reset or not, without the bus
  // master bit it cannot even try.
  const uint32_t command = config_->Read32(kConfigCommand);
  config_->Write16(kConfigCommand, static_cast<uint16_t>(command & ~uint32_t{kBusMaster}));
  static_cast<void>(Reset());
}

/// A function that no longer answers is not reset: the kernel would wait a minute for it
/// (pci_dev_wait, drivers/pci/pci.c). It resets by itself at the last close, so that one is not
/// made on the caller's thread. The IOMMU's view of our memory goes now.
void Session::LetGo() {
  function_.reset();
  bar2_.reset();
  bar4_.reset();
  // A mapping is a reference to the descriptor, too.
  bar2_guard_.Reset();
  bar4_guard_.Reset();
  bar2_map_.Reset();
  bar4_map_.Reset();
  config_.reset();
  CloseOnThread(std::move(device_), closing_);
}

Outcome Session::OpenDevice(const DeviceDescription& description, const VfioPciOptions& options) {
  Result<std::unique_ptr<VfioContainer>> container =
      VfioContainer::Open({.container_path = options.container_path,
                           .group_path = description.dev_path,
                           .iommu_type = VFIO_TYPE1_IOMMU,
                           .policy = IovaPolicy::kAllocated},
                          calls_);
  if (!container) return container.error();
  container_ = container.Take();
  // Not before the group was ours: until then others may be resetting it, which sysfs waits for.
  if (!Answers(description, calls_)) {
    return Error{ErrorCode::kGone, 0,
                 description.name +
                     " does not answer: its configuration space reads as ones; it "
                     "was removed, or the device needs a reset"};
  }
  Result<UniqueFd> device = container_->OpenDevice(description.name);
  if (!device) return device.error();
  device_ = device.Take();

  vfio_device_info info{};
  info.argsz = sizeof(info);
  if (const int error = calls_->Ioctl(device_.get(), VFIO_DEVICE_GET_INFO, &info); error < 0) {
    return SystemError(-error, "cannot ask what " + description.name + " is");
  }
  if ((info.flags & VFIO_DEVICE_FLAGS_PCI) == 0) {
    return Error{ErrorCode::kUnsupported, 0, description.name + " is no PCI device"};
  }
  resettable_ = (info.flags & VFIO_DEVICE_FLAGS_RESET) != 0;
  return {};
}

Outcome Session::Reset() {
  if (!resettable_) return {};
  const int error = calls_->IoctlValue(device_.get(), VFIO_DEVICE_RESET, 0);
  return error < 0 ? Outcome(SystemError(-error, "cannot reset the function")) : Outcome();
}

Result<Mapping> Session::MapBar(uint32_t index) {
  const Result<vfio_region_info> info = RegionInfo(calls_, device_.get(), index);
  if (!info) return info.error();
  const vfio_region_info& region = info.value();
  if (region.size == 0) return Mapping();
  if ((region.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0 || region.size > uint64_t{1} << 32) {
    return Error{ErrorCode::kUnsupported, 0,
                 "PCI region " + std::to_string(index) + " of " + std::to_string(region.size) +
                     " bytes cannot be mapped"};
  }
  int error = 0;
  void* data = calls_->Mmap(region.size, PROT_READ | PROT_WRITE, MAP_SHARED, device_.get(),
                            region.offset, &error);
  if (data == nullptr) {
    return SystemError(-error, "cannot map PCI region " + std::to_string(index));
  }
  Mapping mapping(data, region.size, calls_);
  // A child that rang our doorbells would be as bad as a stranger.
  if (const int refused = calls_->Madvise(data, region.size, MADV_DONTFORK); refused < 0) {
    return SystemError(-refused, "cannot keep registers from forked processes");
  }
  return mapping;
}

Outcome Session::BringUp(const VfioPciOptions& options) {
  // Whoever had the function before may have left it running.
  if (Outcome outcome = Reset(); !outcome) return outcome;
  const Result<vfio_region_info> config =
      RegionInfo(calls_, device_.get(), VFIO_PCI_CONFIG_REGION_INDEX);
  if (!config) return config.error();
  config_ = std::make_unique<VfioConfig>(calls_, device_.get(), config.value().offset);
  Result<Mapping> bar2 = MapBar(VFIO_PCI_BAR2_REGION_INDEX);
  if (!bar2) return bar2.error();
  bar2_map_ = bar2.Take();
  Result<Mapping> bar4 = MapBar(VFIO_PCI_BAR4_REGION_INDEX);
  if (!bar4) return bar4.error();
  bar4_map_ = bar4.Take();
  if (!bar2_map_) {
    return Error{ErrorCode::kUnsupported, 0, "the device has no BAR2, where its registers are"};
  }
  bar2_guard_ = MappingGuard(bar2_map_.data(), bar2_map_.size());
  if (bar4_map_) bar4_guard_ = MappingGuard(bar4_map_.data(), bar4_map_.size());
  bar2_ = std::make_unique<MappedMmio>(bar2_map_.data(), bar2_map_.size());
  if (bar4_map_) bar4_ = std::make_unique<MappedMmio>(bar4_map_.data(), bar4_map_.size());
  Result<std::unique_ptr<QmFunction>> function =
      QmFunction::Start({.config = config_.get(),
                         .bar2 = bar2_.get(),
                         .bar4 = bar4_.get(),
                         .mapper = container_.get(),
                         .calls = calls_,
                         .arena_size = options.arena_bytes});
  if (!function) return function.error();
  function_ = function.Take();
  return {};
}

class VfioPciQueue final : public TransportQueue {
 public:
  VfioPciQueue(std::shared_ptr<Session> session, const QueueRings& rings, Syscalls* calls)
      : session_(std::move(session)), calls_(calls) {
    rings_ = rings;
  }
  ~VfioPciQueue() override {
    if (ProcessId() != session_->pid()) return;
    Stop();
    session_->function().ReleaseQueue(rings_.queue_number);
  }

  DmaPool& pool() override { return session_->function().pool(); }
  bool sva() const override { return false; }
  WaitEnd Wait(uint32_t timeout_ms) override {
    calls_->SleepMicroseconds(timeout_ms * 1000);
    return WaitEnd::kTimeout;
  }
  bool Stop() override {
    return ProcessId() == session_->pid() && session_->function().StopQueue(rings_.queue_number);
  }
  bool Alive() override { return ProcessId() == session_->pid() && session_->function().Healthy(); }

 private:
  std::shared_ptr<Session> session_;
  Syscalls* calls_;
};

class VfioPciTransport final : public Transport {
 public:
  VfioPciTransport(const DeviceDescription& description, const VfioPciOptions& options)
      : description_(description), options_(options), pid_(ProcessId()) {}

  const DeviceDescription& description() const override { return description_; }

  Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) override {
    // Before the lock: in a child the thread that holds it may not have come along.
    if (ProcessId() != pid_) {
      return Error{
          ErrorCode::kGone, 0,
          description_.name + ": it was opened before fork(): open it anew in this process"};
    }
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Session> session = session_.lock();
    if (!session) {
      // The kernel lets nobody open the group meanwhile, and who tries waits.
      if (closing_->load()) {
        return Error{ErrorCode::kGone, 0,
                     description_.name + " did not answer, and the kernel is still closing it"};
      }
      Result<std::shared_ptr<Session>> opened = Session::Open(description_, options_, closing_);
      if (!opened) return opened.error();
      session = opened.Take();
      session_ = session;
    }
    Result<QueueRings> rings = session->function().StartQueue(direction);
    if (!rings) return rings.error();
    return std::unique_ptr<TransportQueue>(
        std::make_unique<VfioPciQueue>(std::move(session), rings.value(), options_.calls));
  }

 private:
  const DeviceDescription description_;
  const VfioPciOptions options_;
  const pid_t pid_;
  const Closing closing_ = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_;  ///< guards session_; taken when a queue opens
  std::weak_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Transport> MakeVfioPci(const DeviceDescription& description,
                                       const VfioPciOptions& options) {
  return std::make_unique<VfioPciTransport>(description, options);
}

}  // namespace warpdrive
