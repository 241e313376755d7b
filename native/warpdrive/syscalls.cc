#include "warpdrive/syscalls.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace warpdrive {
namespace {

template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result < 0 ? static_cast<decltype(result)>(-errno) : result;
}

// With CAP_IPC_LOCK the limit does not hold. VFIO asks for the capability in the initial namespace
// (capable() in drivers/vfio/vfio_iommu_type1.c): root of a container with users of its own has it
// only there, where it does not count.
bool MayLockMemory() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  if ((data[0].effective & (1u << CAP_IPC_LOCK)) == 0) return false;
  char map[256];
  const int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;  // no namespaces of users, or no /proc: nothing speaks against it
  const ssize_t size = Retry([&] { return read(fd, map, sizeof(map)); });
  close(fd);
  return size < 0 || MapsAllUsers({map, static_cast<size_t>(size)});
}

}  // namespace

bool MapsAllUsers(std::string_view uid_map) {
  constexpr std::string_view kAll[] = {"0", "0", "4294967295"};
  for (const std::string_view number : kAll) {
    const size_t begin = uid_map.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return false;
    uid_map.remove_prefix(begin);
    const size_t end = std::min(uid_map.find_first_of(" \n"), uid_map.size());
    if (uid_map.substr(0, end) != number) return false;
    uid_map.remove_prefix(end);
  }
  return uid_map.find_first_not_of(" \n") == std::string_view::npos;
}

Syscalls* Syscalls::Kernel() {
  static Syscalls* const kernel = new Syscalls;
  return kernel;
}

int Syscalls::Open(const char* path, int flags) {
  return Retry([&] { return open(path, flags | O_CLOEXEC); });
}

// Linux closes the descriptor even when it says EINTR: a second call could hit another thread's.
int Syscalls::Close(int fd) { return close(fd) < 0 ? -errno : 0; }

int Syscalls::Access(const char* path, int mode) {
  return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

int Syscalls::Ioctl(int fd, unsigned long request, void* argument) {
  return Retry([&] { return ioctl(fd, request, argument); });
}

int Syscalls::IoctlValue(int fd, unsigned long request, unsigned long value) {
  return Retry([&] { return ioctl(fd, request, value); });
}

int Syscalls::IoctlWait(int fd, unsigned long request, unsigned long value) {
  const int result = ioctl(fd, request, value);
  return result < 0 ? -errno : result;
}

void* Syscalls::Mmap(size_t size, int protection, int flags, int fd, uint64_t offset, int* error) {
  void* address = mmap(nullptr, size, protection, flags, fd, static_cast<off_t>(offset));
  *error = address == MAP_FAILED ? -errno : 0;
  return address == MAP_FAILED ? nullptr : address;
}

int Syscalls::Munmap(void* address, size_t size) { return munmap(address, size) < 0 ? -errno : 0; }

int Syscalls::Reserve(void* address, size_t size) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return mmap(address, size, PROT_NONE, kFlags, -1, 0) == MAP_FAILED ? -errno : 0;
}

int Syscalls::Madvise(void* address, size_t size, int advice) {
  return Retry([&] { return madvise(address, size, advice); });
}

int Syscalls::Poll(int fd, short events, int timeout_ms, short* revents) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  const int result = poll(&entry, 1, timeout_ms);
  *revents = result > 0 ? entry.revents : 0;
  return result < 0 ? -errno : result;
}

void Syscalls::SleepMicroseconds(uint32_t us) {
  const timespec span{.tv_sec = us / 1000000, .tv_nsec = static_cast<long>(us % 1000000) * 1000};
  nanosleep(&span, nullptr);
}

int64_t Syscalls::Pread(int fd, void* buffer, size_t size, uint64_t offset) {
  return Retry([&] { return pread(fd, buffer, size, static_cast<off_t>(offset)); });
}

int64_t Syscalls::Pwrite(int fd, const void* buffer, size_t size, uint64_t offset) {
  return Retry([&] { return pwrite(fd, buffer, size, static_cast<off_t>(offset)); });
}

int Syscalls::WriteAttribute(const char* path, std::string_view text) {
  const int fd = Open(path, O_WRONLY);
  if (fd < 0) return fd;
  const int64_t written = Retry([&] { return write(fd, text.data(), text.size()); });
  Close(fd);
  if (written < 0) return static_cast<int>(written);
  return written == static_cast<int64_t>(text.size()) ? 0 : -EIO;
}

uint64_t Syscalls::MemlockLimit() {
  if (MayLockMemory()) return UINT64_MAX;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

}  // namespace warpdrive
