#include "software/ahead_task.h"

#include <cstring>
#include <new>
#include <utility>

#include "software/codecs/block_run.h"
#include "software/codecs/gzip_member.h"

namespace warpdrive::software {

std::shared_ptr<AheadTask> AheadTask::Make(Part part, uint64_t start,
                                           std::span<const uint8_t> bytes, size_t output_size) {
  std::shared_ptr<AheadTask> task(new (std::nothrow) AheadTask);
  if (task == nullptr) return nullptr;
  task->input_ = BlockPool::Instance().Take(bytes.size());
  if (!task->input_) return nullptr;
  std::memcpy(task->input_.data(), bytes.data(), bytes.size());
  task->part_ = part;
  task->start_ = start;
  task->size_ = bytes.size();
  task->output_size_ = output_size;
  return task;
}

void AheadTask::Run() {
  uint32_t waiting = kWaiting;
  if (!state_.compare_exchange_strong(waiting, kRunning, std::memory_order_acq_rel)) return;
  Decode();
  done_.Signal(1);  // only the stream waits
}

// Output memory is taken here: what nobody decodes costs none.
void AheadTask::Decode() {
  const std::span<const uint8_t> input(input_.data(), size_);
  State result = kRefused;
  if (part_ == Part::kBlocks) {
    if (const auto produced = DecodeBlocks(input, output_size_, &output_)) {
      consumed_ = static_cast<uint32_t>(size_);
      produced_ = static_cast<uint32_t>(*produced);
      result = kDecoded;
    }
  } else if ((output_ = BlockPool::Instance().Take(output_size_))) {
    if (const auto decoded = DecodeMember(input, {output_.data(), output_size_})) {
      consumed_ = decoded->consumed;
      produced_ = decoded->produced;
      result = kDecoded;
    }
  }
  input_.Release();
  state_.store(result, std::memory_order_release);
}

void AheadTask::Cancel() {
  uint32_t waiting = kWaiting;
  state_.compare_exchange_strong(waiting, kRefused, std::memory_order_acq_rel);
}

bool AheadTask::Finish() {
  Run();
  while (true) {
    const uint32_t seen = done_.Current();
    const uint32_t state = state_.load(std::memory_order_acquire);
    if (state != kRunning) return state == kDecoded;
    done_.Wait(seen, 0);
  }
}

void AheadTasks::Push(std::weak_ptr<AheadTask> task) {
  const std::lock_guard lock(mutex_);
  while (!tasks_.empty() && tasks_.front().expired()) tasks_.pop_front();
  tasks_.push_back(std::move(task));
  count_.store(tasks_.size(), std::memory_order_release);
}

bool AheadTasks::RunOne() {
  if (count_.load(std::memory_order_acquire) == 0) return false;
  std::shared_ptr<AheadTask> task;
  {
    const std::lock_guard lock(mutex_);
    while (task == nullptr && !tasks_.empty()) {
      task = tasks_.front().lock();
      tasks_.pop_front();
    }
    count_.store(tasks_.size(), std::memory_order_release);
  }
  if (task == nullptr) return false;
  task->Run();
  return true;
}

}  // namespace warpdrive::software
