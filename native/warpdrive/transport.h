// How a device's queues are obtained and mapped: spimdev, uacce, vfio-pci. Above this nobody knows
// which it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "warpdrive/dma.h"
#include "warpdrive/mmio.h"
#include "warpdrive/result.h"

namespace warpdrive {

/// What the device can reach.
enum class DmaMode : uint8_t {
  kUnsupported,  ///< physical addresses, PASID binding of kernels that never were: not used
  kMapped,       ///< what is mapped for it (DmaPool)
  kSva,          ///< this process's whole address space
};

/// Who else could ring our queue's doorbell.
enum class DoorbellSafety : uint8_t {
  kShared,   ///< every process that has a queue of the same function: needs the user's consent
  kPrivate,  ///< nobody (QM V3's page per queue, or a function of our own behind vfio-pci)
};

enum class TransportKind : uint8_t { kSpimdev, kUacce, kVfioPci };
const char* NameOf(TransportKind kind);

/// A queue's type: the direction is not in the request.
enum class Direction : uint8_t { kCompress = 0, kDecompress = 1 };

/// A device as discovery found it.
struct DeviceDescription {
  std::string name;  ///< "hisi_zip-0", "0000:75:00.1"
  TransportKind transport = TransportKind::kUacce;
  std::string api;                      ///< the kernel's string: "hisi_qm_v2"
  int protocol = 0;                     ///< queue protocol: 1, 2, 3; 0 = unknown
  std::vector<std::string> algorithms;  ///< "zlib", "gzip", "deflate", ...
  std::string generation;               ///< "HIP08", "HIP09", for people
  int numa_node = -1;                   ///< -1 = unknown
  uint32_t available_queues = 0;
  DmaMode dma = DmaMode::kUnsupported;
  DoorbellSafety doorbell = DoorbellSafety::kShared;
  int priority = 0;       ///< higher is tried first among equally near devices
  bool isolated = false;  ///< the kernel took it out of service after hardware errors
  bool usable = false;
  std::string why_unusable;  ///< empty if usable; else what is wrong
  std::string advice;        ///< empty if usable; else what to do about it
  /// Unusable by what may change while this process runs: busy, no permission, isolated.
  bool for_now = false;
  std::string sysfs_path;
  std::string dev_path;  ///< "/dev/hisi_zip-0", "/dev/vfio/12"; empty if none yet
  // spimdev
  int iommu_type = 0;              ///< VFIO IOMMU type for SET_IOMMU
  std::string type_path;           ///< directory of the mdev type that new ones are made of
  std::vector<std::string> mdevs;  ///< sysfs directories of those that exist, named by UUID
  bool mdev_is_queue = false;      ///< "sdmdev", the RFC's second version: no GET_Q
};

/// Where a queue's rings are. All memory zeroed, device started, nothing submitted yet.
struct QueueRings {
  uint8_t* sq = nullptr;  ///< sq_depth * sqe_size bytes
  uint8_t* cq = nullptr;  ///< cq_depth * 16 bytes
  uint32_t sq_depth = 0;
  uint32_t cq_depth = 0;
  uint32_t sqe_size = 0;
  uint16_t queue_number = 0;
  int protocol = 0;  ///< 1, 2, 3: layout of the doorbell
  Mmio* doorbell = nullptr;
  size_t doorbell_offset = 0;    ///< of the one 64-bit word that is ever written
  uint16_t doorbell_random = 0;  ///< V2 and later: what the contexts hold; 0 from every kernel
  /// The kernel's "queue disabled" words, nullptr if the transport has none. 1 = disabled.
  const uint32_t* stop_send = nullptr;
  const uint32_t* stop_receive = nullptr;
  /// Whether a CQ doorbell with the event bit makes Wait() and event_fd() wake up.
  bool has_events = false;
  /// Whether Wait() sleeps in the kernel, which asks for no event bit.
  bool waits = false;
};

/// Why TransportQueue::Wait() returned.
enum class WaitEnd : uint8_t {
  kWoken,    ///< by the kernel or a signal
  kTimeout,  ///< its time was up
  kGone,     ///< the kernel says that the device is gone
};

/// One started queue pair of one direction. Owns its descriptors and mappings; its destructor
/// stops the queue and gives it back, in the order that the transport needs. The owner thread
/// calls everything but Wait() and event_fd(), which one other thread may use at the same time.
class TransportQueue {
 public:
  virtual ~TransportQueue() = default;

  const QueueRings& rings() const { return rings_; }
  /// Memory that the device reaches. Lives as long as the queue's transport.
  virtual DmaPool& pool() = 0;
  /// Whether requests may point at any memory of this process.
  virtual bool sva() const = 0;

  /// Sleeps up to `timeout_ms` (> 0) or until the kernel thinks that a completion is there. May
  /// return early or too late by the time-out: what counts is in the CQ.
  virtual WaitEnd Wait(uint32_t timeout_ms) = 0;
  /// A descriptor that polls readable when Wait() would return, -1 if there is none.
  virtual int event_fd() const { return -1; }

  /// Stops the queue; asked again it says the same. @return true if the device touches no memory of
  /// its requests any more; false if that is not certain: then blocks of the pool stay out of use
  /// until the pool is gone (DmaBlock::Abandon()), and with sva(), where requests point at memory
  /// of others, nobody may have that back before this object is gone: closing the descriptor makes
  /// the kernel stop and drain the queue. Descriptors and mappings stay valid until the destructor,
  /// since another thread may be in Wait().
  virtual bool Stop() = 0;
  /// False after removal, isolation, reset, or in another process than the one that opened it
  /// (fork: the child has the descriptors, but neither mappings nor the right to use them).
  /// May make a system call: not for every request.
  virtual bool Alive() = 0;

 protected:
  QueueRings rings_;
};

/// Opens queues of one device. Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual const DeviceDescription& description() const = 0;
  virtual Result<std::unique_ptr<TransportQueue>> OpenQueue(Direction direction) = 0;
};

}  // namespace warpdrive
