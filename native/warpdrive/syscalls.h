// The system calls of the hardware transports, behind one seam: tests script a kernel here that
// answers as the headers and the documentation say, and so reach every error path.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

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
  /// An ioctl whose argument is a pointer to a structure.
  virtual int Ioctl(int fd, unsigned long request, void* argument);
  /// An ioctl whose argument is the number itself.
  virtual int IoctlValue(int fd, unsigned long request, unsigned long value);
  /// As IoctlValue(), and -EINTR comes through: for waiting.
  virtual int IoctlWait(int fd, unsigned long request, unsigned long value);
  /// As mmap(2), with MAP_FAILED told by `*error` (-errno; 0 if all went well).
  virtual void* Mmap(size_t size, int protection, int flags, int fd, uint64_t offset, int* error);
  virtual int Munmap(void* address, size_t size);
  virtual int Madvise(void* address, size_t size, int advice);
  /// One descriptor. @return 0 on time-out, else `*revents` says what happened
  virtual int Poll(int fd, short events, int timeout_ms, short* revents);
  virtual void SleepMicroseconds(uint32_t us);
  virtual int64_t Pread(int fd, void* buffer, size_t size, uint64_t offset);
  virtual int64_t Pwrite(int fd, const void* buffer, size_t size, uint64_t offset);
  /// Writes a sysfs attribute: one write(2) with all of `text`.
  virtual int WriteAttribute(const char* path, std::string_view text);
  /// RLIMIT_MEMLOCK, the soft limit, in bytes; UINT64_MAX = no limit.
  virtual uint64_t MemlockLimit();
};

/// Owner of a descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  UniqueFd(Syscalls* calls, int fd) : calls_(calls), fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept { *this = std::move(other); }
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Reset() {
    if (fd_ >= 0) calls_->Close(fd_);
    fd_ = -1;
  }

 private:
  Syscalls* calls_ = nullptr;
  int fd_ = -1;
};

/// Owner of a mapping made by Mmap().
class Mapping {
 public:
  Mapping() = default;
  Mapping(Syscalls* calls, void* data, size_t size)
      : calls_(calls), data_(static_cast<uint8_t*>(data)), size_(size) {}
  Mapping(Mapping&& other) noexcept { *this = std::move(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { Reset(); }

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }
  void Reset() {
    if (data_ != nullptr) calls_->Munmap(data_, size_);
    data_ = nullptr;
    size_ = 0;
  }

 private:
  Syscalls* calls_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace warpdrive
