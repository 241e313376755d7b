// getpid() without the system call: what a queue asks before it touches anything.
#pragma once

#include <sys/types.h>

namespace warpdrive {

/// The calling process's id. A load and a compare: glibc's getpid() enters the kernel, and the
/// paths that ask are the ones that must not. Right after fork(), also by a bare clone(2).
pid_t ProcessId();

}  // namespace warpdrive
