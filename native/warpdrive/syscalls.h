// The system calls of the hardware transports, behind one seam: tests script a kernel here that
// answers as the headers and the documentation say, and so reach every error path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warpdrive {

/// Every call answers >= 0, or -errno. The base class is the real kernel; calls interrupted by a
/// signal before they did anything are made again, except Poll() and IoctlWait().
class Syscalls {
 public:
  virtual ~Syscalls() = default;

  /// The real kernel. Never destroyed.
  static Syscalls* Kernel();

  /// O_CLOEXEC is always added.
  virtual int Open(const char* path, int flags);
  virtual int Close(int fd);
  /// access(2) by the effective ids.
  virtual int Access(const char* path, int mode);
  /// An ioctl whose argument is a pointer to a structure.
  virtual int Ioctl(int fd, unsigned long request, void* argument);
  /// An ioctl whose argument is the number itself.
  virtual int IoctlValue(int fd, unsigned long request, unsigned long value);
  /// As IoctlValue(), and -EINTR comes through: for waiting.
  virtual int IoctlWait(int fd, unsigned long request, unsigned long value);
  /// As mmap(2), with MAP_FAILED told by `*error` (-errno; 0 if all went well).
  virtual void* Mmap(size_t size, int protection, int flags, int fd, uint64_t offset, int* error);
  virtual int Munmap(void* address, size_t size);
  /// Puts a reservation without memory, which nobody can access, in the place of what is mapped.
  virtual int Reserve(void* address, size_t size);
  virtual int Madvise(void* address, size_t size, int advice);
  /// One descriptor. @return 0 on time-out, else `*revents` says what happened
  virtual int Poll(int fd, short events, int timeout_ms, short* revents);
  virtual void SleepMicroseconds(uint32_t us);
  virtual int64_t Pread(int fd, void* buffer, size_t size, uint64_t offset);
  virtual int64_t Pwrite(int fd, const void* buffer, size_t size, uint64_t offset);
  /// Writes a sysfs attribute: one write(2) with all of `text`.
  virtual int WriteAttribute(const char* path, std::string_view text);
  /// RLIMIT_MEMLOCK, the soft limit, in bytes; UINT64_MAX = no limit, or none for us.
  virtual uint64_t MemlockLimit();
};

/// Whether `uid_map` (the text of /proc/self/uid_map) is that of the initial user namespace: one
/// line that maps all 2^32 - 1 users to themselves.
bool MapsAllUsers(std::string_view uid_map);

}  // namespace warpdrive
