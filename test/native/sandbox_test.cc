// Filters of system calls, as services run under: what they forbid may end the process.
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>

#include "software/software_device.h"
#include "support/data.h"

namespace warpdrive::test {
namespace {

/// As systemd's `SystemCallFilter=~@resources`, for one of its calls. @return whether it is in
/// place
bool ForbidScheduling() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setattr, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// @return 0 if a request is executed by a worker
int CompressOnce() {
  const Bytes input(1000, 'a');
  Bytes output(CompressBound(1000));
  software::SoftwareDevice device(1);
  const auto queue = device.OpenQueue({.depth = 8});
  const Request request{.flush = Flush::kFinish,
                        .params = {.format = Format::kGzip},
                        .input = input.data(),
                        .input_size = 1000,
                        .output = output.data(),
                        .output_size = static_cast<uint32_t>(output.size())};
  Completion completion;
  if (queue->Send({&request, 1}) != 1 || device.RunningThreads() != 1) return 1;
  while (queue->Receive({&completion, 1}) == 0) queue->Wait(1000);
  return completion.status == Status::kOk ? 0 : 2;
}

}  // namespace

TEST_CASE("forked into a sandbox that kills for sched_setattr, workers work") {
  const pid_t child = fork();
  if (child == 0) _exit(ForbidScheduling() ? CompressOnce() : 3);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace warpdrive::test
