// Owners of what the kernel hands out: file descriptors and mappings.
#pragma once

#include <sys/mman.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "warpdrive/process_id.h"
#include "warpdrive/syscalls.h"

namespace warpdrive {

/// Owns a file descriptor. Open with O_CLOEXEC: an exec'd program must not keep a queue.
class UniqueFd {
 public:
  UniqueFd() = default;
  /// `calls` opened it and will close it.
  explicit UniqueFd(int fd, Syscalls* calls = Syscalls::Kernel()) : calls_(calls), fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : calls_(other.calls_), fd_(std::exchange(other.fd_, -1)) {}
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
    if (fd_ >= 0) calls_->Close(std::exchange(fd_, -1));
  }

 private:
  Syscalls* calls_ = nullptr;
  int fd_ = -1;
};

/// Owns an mmap()ed range. All that this library maps is kept out of children (MADV_DONTFORK, or
/// the driver's VM_DONTCOPY), which may have something else at the address by then: so the range is
/// unmapped only in the process that mapped it.
class Mapping {
 public:
  Mapping() = default;
  /// Takes over what mmap() returned; MAP_FAILED or nullptr makes an empty one.
  Mapping(void* address, size_t size, Syscalls* calls = Syscalls::Kernel())
      : calls_(calls),
        data_(address == MAP_FAILED ? nullptr : static_cast<uint8_t*>(address)),
        size_(data_ == nullptr ? 0 : size),
        pid_(ProcessId()) {}
  Mapping(Mapping&& other) noexcept { *this = std::move(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(calls_, other.calls_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(pid_, other.pid_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { Reset(); }

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }
  void Reset() {
    uint8_t* data = std::exchange(data_, nullptr);
    const size_t size = std::exchange(size_, 0);
    if (data != nullptr && ProcessId() == pid_) calls_->Munmap(data, size);
  }
  /// Gives the pages back, and keeps the addresses from everybody for the rest of the process.
  void Retire() {
    uint8_t* data = std::exchange(data_, nullptr);
    const size_t size = std::exchange(size_, 0);
    // If the kernel refuses, the pages are kept too.
    if (data != nullptr && ProcessId() == pid_) static_cast<void>(calls_->Reserve(data, size));
  }

 private:
  Syscalls* calls_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  pid_t pid_ = 0;
};

}  // namespace warpdrive
