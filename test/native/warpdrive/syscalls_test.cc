#include "warpdrive/syscalls.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "warpdrive/fd.h"
#include "warpdrive/process_id.h"

namespace warpdrive::test {
namespace {

int ExitCode(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("process id: a child of fork() and of a bare clone() sees its own") {
  REQUIRE(ProcessId() == getpid());
  pid_t child = fork();
  if (child == 0) _exit(ProcessId() == getpid() && ProcessId() != getppid() ? 7 : 1);
  CHECK(ExitCode(child) == 7);
  // What fork handlers never hear of.
  child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child == 0) _exit(ProcessId() == syscall(SYS_getpid) ? 8 : 1);
  CHECK(ExitCode(child) == 8);
  CHECK(ProcessId() == getpid());
}

TEST_CASE("syscalls: errors come as negative errno") {
  Syscalls* kernel = Syscalls::Kernel();
  CHECK(kernel->Open("/nonexistent/node", O_RDWR) == -ENOENT);
  CHECK(kernel->Close(-1) == -EBADF);
  CHECK(kernel->Ioctl(-1, 0x5700, nullptr) == -EBADF);
  CHECK(kernel->IoctlWait(-1, 0x5700, 0) == -EBADF);
  int error = 0;
  CHECK(kernel->Mmap(4096, PROT_READ, MAP_SHARED, -1, 0, &error) == nullptr);
  CHECK(error == -EBADF);
  CHECK(kernel->WriteAttribute("/nonexistent/create", "x") == -ENOENT);
  char byte;
  CHECK(kernel->Pread(-1, &byte, 1, 0) == -EBADF);
}

TEST_CASE("syscalls: descriptors are close-on-exec and closed by their owner") {
  Syscalls* kernel = Syscalls::Kernel();
  int number = -1;
  {
    UniqueFd fd(kernel->Open("/dev/null", O_RDWR));
    REQUIRE(fd);
    number = fd.get();
    CHECK((fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
    UniqueFd moved(std::move(fd));
    CHECK_FALSE(fd);
    CHECK(moved.get() == number);
  }
  CHECK(fcntl(number, F_GETFD) == -1);
}

TEST_CASE("syscalls: an attribute is written whole, and read back by Pread") {
  Syscalls* kernel = Syscalls::Kernel();
  char path[] = "/tmp/warpdrive-attribute-XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  CHECK(kernel->WriteAttribute(path, "cd0fd3e7") == 0);
  char text[16] = {};
  CHECK(kernel->Pread(fd, text, sizeof(text), 2) == 6);
  CHECK(std::string_view(text) == "0fd3e7");
  CHECK(kernel->Pwrite(fd, "AB", 2, 0) == 2);
  close(fd);
  unlink(path);
}

TEST_CASE("syscalls: poll says what happened, or that the time is up") {
  Syscalls* kernel = Syscalls::Kernel();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  short revents = -1;
  CHECK(kernel->Poll(ends[0], POLLIN, 1, &revents) == 0);
  CHECK(revents == 0);
  REQUIRE(write(ends[1], "x", 1) == 1);
  CHECK(kernel->Poll(ends[0], POLLIN, 1000, &revents) == 1);
  CHECK(revents == POLLIN);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("syscalls: a mapping goes with its owner") {
  Syscalls* kernel = Syscalls::Kernel();
  int error = 0;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  uint8_t* address = nullptr;
  {
    void* data =
        kernel->Mmap(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &error);
    REQUIRE(data != nullptr);
    Mapping mapping(data, page);
    mapping.data()[page - 1] = 1;
    address = mapping.data();
    CHECK(kernel->Madvise(address, page, MADV_DONTFORK) == 0);
  }
  // msync refuses what is not mapped.
  CHECK(msync(address, page, MS_ASYNC) == -1);
}

TEST_CASE("syscalls: users of the initial namespace are told from those of a container's own") {
  CHECK(MapsAllUsers("         0          0 4294967295\n"));
  CHECK(!MapsAllUsers("         0     100000      65536\n"));
  CHECK(!MapsAllUsers("         0       1000          1\n"));
  CHECK(!MapsAllUsers("         0          0 4294967295\n         1 1 1\n"));
  CHECK(!MapsAllUsers("0 0"));
  CHECK(!MapsAllUsers(""));
}

TEST_CASE("syscalls: the limit of locked memory binds who has no CAP_IPC_LOCK") {
  // In a child, since capabilities do not come back. It says what went wrong by its exit code.
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit low{.rlim_cur = 1u << 20, .rlim_max = 1u << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &low) != 0) _exit(1);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capget, &header, data) != 0) _exit(2);
    const bool has = (data[0].effective & (1u << CAP_IPC_LOCK)) != 0;
    std::ifstream map("/proc/self/uid_map");
    const std::string text{std::istreambuf_iterator<char>(map), {}};
    const bool counts = has && MapsAllUsers(text);
    if (Syscalls::Kernel()->MemlockLimit() != (counts ? UINT64_MAX : 1u << 20)) _exit(3);
    data[0].effective &= ~(1u << CAP_IPC_LOCK);
    if (syscall(SYS_capset, &header, data) != 0) _exit(4);
    if (Syscalls::Kernel()->MemlockLimit() != 1u << 20) _exit(5);
    _exit(0);
  }
  CHECK(ExitCode(child) == 0);
}

}  // namespace warpdrive::test
