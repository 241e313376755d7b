#include "software/member_task.h"

#include <cstring>
#include <new>
#include <utility>

#include "software/codecs/gzip_member.h"

namespace warpdrive::software {

std::shared_ptr<MemberTask> MemberTask::Make(uint64_t start, std::span<const uint8_t> member,
                                             size_t output_size) {
  std::shared_ptr<MemberTask> task(new (std::nothrow) MemberTask);
  if (task == nullptr) return nullptr;
  task->input_ = BlockPool::Instance().Take(member.size());
  if (!task->input_) return nullptr;
  std::memcpy(task->input_.data(), member.data(), member.size());
  task->start_ = start;
  task->size_ = member.size();
  task->output_size_ = output_size;
  return task;
}

void MemberTask::Run() {
  uint32_t waiting = kWaiting;
  if (!state_.compare_exchange_strong(waiting, kRunning, std::memory_order_acq_rel)) return;
  Decode();
  done_.Signal(1);  // only the stream waits
}

void MemberTask::Decode() {
  State result = kRefused;
  // Taken here: what nobody decodes costs no output memory.
  output_ = BlockPool::Instance().Take(output_size_);
  if (output_) {
    const auto decoded = DecodeMember({input_.data(), size_}, {output_.data(), output_size_});
    if (decoded) {
      consumed_ = decoded->consumed;
      produced_ = decoded->produced;
      result = kDecoded;
    }
  }
  input_.Release();
  state_.store(result, std::memory_order_release);
}

void MemberTask::Cancel() {
  uint32_t waiting = kWaiting;
  state_.compare_exchange_strong(waiting, kRefused, std::memory_order_acq_rel);
}

bool MemberTask::Finish() {
  Run();
  while (true) {
    const uint32_t seen = done_.Current();
    const uint32_t state = state_.load(std::memory_order_acquire);
    if (state != kRunning) return state == kDecoded;
    done_.Wait(seen, 0);
  }
}

void MemberTasks::Push(std::shared_ptr<MemberTask> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  count_.store(tasks_.size(), std::memory_order_release);
}

bool MemberTasks::RunOne() {
  if (count_.load(std::memory_order_acquire) == 0) return false;
  std::shared_ptr<MemberTask> task;
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return false;
    task = std::move(tasks_.front());
    tasks_.pop_front();
    count_.store(tasks_.size(), std::memory_order_release);
  }
  task->Run();
  return true;
}

}  // namespace warpdrive::software
