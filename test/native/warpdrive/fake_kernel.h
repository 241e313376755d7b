// A kernel in a script: device nodes, ioctls and mappings that answer as spimdev and uacce do, and
// fail where a test says so. For error paths; the real kernels run in the virtual machines.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "warpdrive/fake_sysfs.h"

namespace warpdrive::test {

class FakeKernel : public FakeAccess {
 public:
  ~FakeKernel() override;

  /// What a descriptor is: "uacce", "group", "container", "mdev", "queue".
  using Ioctl1 = std::function<int(const std::string& kind, unsigned long request, void* argument)>;

  // Scripted answers. Every call is looked up in `failures` first: "open PATH", "ioctl KIND
  // 0x5700", "mmap KIND PAGE_OFFSET", "madvise". A failure is given `times` times.
  struct Failure {
    int error;
    int times = 1 << 30;
  };
  std::map<std::string, Failure> failures;
  std::map<std::string, std::string> nodes;  ///< path -> kind
  Ioctl1 on_ioctl;                           ///< -ENOTTY if empty
  std::function<void(const std::string& kind, uint64_t page, uint8_t* data, size_t size)> on_map;
  std::function<int(const std::string& path, std::string_view text)> on_write;
  uint64_t memlock = UINT64_MAX;
  short poll_events = 0;  ///< what Poll() reports
  int poll_error = 0;

  std::vector<std::string> log;  ///< in order: "open PATH", "close KIND", "munmap KIND PAGE", ...
  size_t open_fds() const { return fds_.size(); }
  size_t mappings() const { return maps_.size(); }
  int NewFd(const std::string& kind);
  /// The device's side of the last mapping of region `page`.
  uint8_t* Mapped(uint64_t page) const;
  size_t Count(const std::string& entry) const;
  /// Where `entry` is in the log; SIZE_MAX if it is not.
  size_t Index(const std::string& entry) const;

  int Open(const char* path, int flags) override;
  int Close(int fd) override;
  int Ioctl(int fd, unsigned long request, void* argument) override;
  int IoctlValue(int fd, unsigned long request, unsigned long value) override;
  int IoctlWait(int fd, unsigned long request, unsigned long value) override;
  void* Mmap(size_t size, int protection, int flags, int fd, uint64_t offset, int* error) override;
  int Munmap(void* address, size_t size) override;
  int Madvise(void* address, size_t size, int advice) override;
  int Poll(int fd, short events, int timeout_ms, short* revents) override;
  void SleepMicroseconds(uint32_t us) override;
  int WriteAttribute(const char* path, std::string_view text) override;
  uint64_t MemlockLimit() override { return memlock; }

 private:
  struct Map {
    std::string kind;
    uint64_t page;
    size_t size;
  };
  int Fail(const std::string& call);

  std::map<int, std::string> fds_;
  std::map<uint8_t*, Map> maps_;
  int next_fd_ = 100000;  ///< no real descriptor: closing one by mistake shows
};

}  // namespace warpdrive::test
