// State of a ZipFunction. Implementation: zip_function.cc (config space, resets), bars.cc,
// mailbox.cc, doorbell.cc, run.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "model/config_space.h"
#include "model/context.h"
#include "model/engine.h"
#include "model/faults.h"
#include "model/recorder.h"
#include "model/zip_function.h"

namespace warpdrive::model {

/// The bus behind the command register's bus-master bit.
class GatedBus final : public DmaBus {
 public:
  GatedBus(DmaBus* bus, Recorder* recorder) : bus_(bus), recorder_(recorder) {}
  void SetOpen(bool open) { open_.store(open); }
  bool Read(uint64_t iova, void* data, size_t size) override {
    return Passes() && bus_->Read(iova, data, size);
  }
  bool Write(uint64_t iova, const void* data, size_t size) override {
    return Passes() && bus_->Write(iova, data, size);
  }

 private:
  bool Passes() {
    if (open_.load()) return true;
    recorder_->Refuse(Reason::kBusMasterDisabled, "DMA with the bus-master bit 0");
    return false;
  }

  DmaBus* bus_;
  Recorder* recorder_;
  std::atomic<bool> open_{false};
};

/// Locks: `run` is held while a descriptor is executed, `state` protects everything else; `run`
/// is taken first. Callbacks are delivered with neither.
class ZipFunction::Impl {
 public:
  Impl(const Options& wanted, DmaBus* bus);

  void ReadConfig(uint32_t offset, void* data, size_t size);
  void WriteConfig(uint32_t offset, const void* data, size_t size);
  void ReadBar(int bar, uint64_t offset, void* data, size_t size);
  void WriteBar(int bar, uint64_t offset, const void* data, size_t size);
  size_t Run(size_t max);
  bool HasWork();
  void StartThread();
  void StopThread();
  void Reset();
  void ControllerReset();
  void Remove();
  void RaiseAsyncEvent(AsyncEvent event, uint16_t queue);

  const Options options;
  const uint64_t bar4_size;
  Recorder recorder;
  std::mutex run;
  std::mutex state;
  FaultPlan faults;
  Counters counts;
  Engine* engine() { return &engine_; }

 private:
  struct Job {
    uint16_t queue;
    uint16_t index;
    Sqe sqe;
    std::vector<Fault> faults;
  };
  struct Completion {
    uint16_t queue;
    uint16_t index;
    uint32_t runs_left;
    uint32_t copies;
    Sqe sqe;
    uint16_t sq_head;
    uint16_t sq_num;
    uint16_t cqe_status;
    bool invert_phase;
    bool random;
  };

  // zip_function.cc
  void ResetLocked();
  void StopQueuesLocked();

  // bars.cc
  uint32_t ReadRegister(uint32_t offset);
  uint32_t ReadCapability(uint32_t offset) const;
  void WriteRegister(uint64_t offset, const uint8_t* data, size_t size);
  void WriteRegister32(uint32_t offset, uint32_t value);
  bool IsV3() const { return options.generation == Generation::kHip09; }

  // mailbox.cc
  void MailboxStore(uint64_t offset, const uint8_t* data, size_t size);
  void MailboxRun(const uint8_t* message);
  MailboxStatus MailboxCarryOut(MailboxCommand command, bool read, uint16_t queue,
                                uint64_t address);
  MailboxStatus ContextMailbox(MailboxCommand command, bool read, uint16_t queue, uint64_t address);
  MailboxStatus WriteContext(MailboxCommand command, uint16_t queue, const ContextBlock& block);
  MailboxStatus WriteSqc(uint16_t queue, const ContextBlock& block);
  MailboxStatus WriteCqc(uint16_t queue, const ContextBlock& block);
  MailboxStatus WriteEventQueue(bool async, const ContextBlock& block);
  ContextBlock CurrentContext(MailboxCommand command, uint16_t queue) const;
  MailboxStatus QueryVft();
  MailboxStatus StopQueue(uint16_t queue);
  uint32_t ReadMailboxWord(uint32_t index);
  MailboxStatus BadMailbox(Reason reason, MailboxStatus status, const std::string& detail);

  // doorbell.cc
  void Doorbell(int bar, uint64_t offset, uint64_t value);
  void QueueBell(Bell bell, uint16_t queue, uint16_t random, uint16_t index, uint16_t priority);
  void SqBell(QueuePair* pair, uint16_t queue, uint16_t index);
  void CqBell(QueuePair* pair, uint16_t queue, uint16_t index, uint16_t priority);
  void EventBell(bool async, uint16_t index);
  void PostEvent(uint16_t queue);
  void PostAsyncEvent(AsyncEvent event, uint16_t queue);
  void RaiseInterrupt(bool async);

  // run.cc
  bool Step(std::unique_lock<std::mutex>* lock);
  void DrainQueue(uint16_t queue);
  bool TakeFrom(uint16_t queue, Job* job);
  void ControllerResetLocked();
  bool TakeJob(Job* job);
  bool StartFaults(const Job& job, EngineTweaks* tweaks);
  void FinishJob(const Job& job, Outcome outcome);
  void ApplyFault(const Fault& fault, Completion* completion, bool* lost);
  void Post(Completion completion);
  void PostCqe(const Completion& completion, QueuePair* pair);
  void TickDelayed();
  void DisableQueue(QueuePair* pair, Reason reason, const std::string& detail);
  void ThreadLoop();

  GatedBus bus_;
  ConfigSpace config_;
  Engine engine_;
  std::vector<QueuePair> queues_;
  Ring eq_, aeq_;
  bool has_eq_ = false, has_aeq_ = false;
  ContextBlock eqc_, aeqc_;
  bool eq_ready_ = true, aeq_ready_ = true;  // no interrupt since the last doorbell
  uint64_t sqc_table_ = 0, cqc_table_ = 0;
  uint32_t eq_source_ = 0, eq_mask_ = 1, aeq_source_ = 0, aeq_mask_ = 1;
  uint32_t message_[4] = {};
  uint32_t page_size_ = 0, vf_state_ = 0, writeback_done_ = 0;
  uint32_t mailbox_[4] = {};
  uint32_t mailbox_busy_reads_ = 0;
  uint8_t half_mailbox_[8] = {};
  bool has_half_mailbox_ = false;
  bool removed_ = false;
  uint32_t next_queue_ = 0;
  std::deque<Completion> delayed_;

  std::thread thread_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace warpdrive::model
