// A thread of the software device: how it is started, and how the system schedules it.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <functional>

namespace warpdrive::software {

/// The CPU time that a worker asks to get at a stretch, in ns (sched_setattr(2), sched_runtime of a
/// fair task, since Linux 6.12; 0.7 to 3 ms unless asked for). It changes nobody's share: threads
/// that ask for less, as Node's do, come first when they wake. With workers on all cores the
/// JavaScript thread otherwise waits for one of them after each piece of a file that it reads.
inline constexpr uint64_t kWorkerSliceNs = 20'000'000;

/// Starts a worker; signals stay with the threads that Node made. @return false if the system gives
/// no thread
bool StartWorkerThread(std::function<void()> main, pthread_t* thread);

}  // namespace warpdrive::software
