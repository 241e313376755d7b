#include "warpdrive/fake_kernel.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace warpdrive::test {
namespace {

std::string Hex(unsigned long value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%lx", value);
  return text;
}

}  // namespace

FakeKernel::~FakeKernel() {
  for (const auto& [data, map] : maps_) munmap(data, map.size);
}

int FakeKernel::Fail(const std::string& call) {
  log.push_back(call);
  const auto found = failures.find(call);
  if (found == failures.end() || found->second.times == 0) return 0;
  --found->second.times;
  return found->second.error;
}

int FakeKernel::NewFd(const std::string& kind) {
  fds_[next_fd_] = kind;
  return next_fd_++;
}

uint8_t* FakeKernel::Mapped(uint64_t page) const {
  for (auto it = maps_.rbegin(); it != maps_.rend(); ++it) {
    if (it->second.page == page) return it->first;
  }
  return nullptr;
}

size_t FakeKernel::Count(const std::string& entry) const {
  return static_cast<size_t>(std::count(log.begin(), log.end(), entry));
}

size_t FakeKernel::Index(const std::string& entry) const {
  const auto found = std::find(log.begin(), log.end(), entry);
  return found == log.end() ? SIZE_MAX : static_cast<size_t>(found - log.begin());
}

int FakeKernel::Open(const char* path, int) {
  if (const int error = Fail(std::string("open ") + path); error != 0) return error;
  const auto found = nodes.find(path);
  return found == nodes.end() ? -ENOENT : NewFd(found->second);
}

int FakeKernel::Close(int fd) {
  const auto found = fds_.find(fd);
  REQUIRE(found != fds_.end());  // closed twice, or never opened
  log.push_back("close " + found->second);
  fds_.erase(found);
  return 0;
}

int FakeKernel::Ioctl(int fd, unsigned long request, void* argument) {
  const auto found = fds_.find(fd);
  REQUIRE(found != fds_.end());
  if (const int error = Fail("ioctl " + found->second + " " + Hex(request)); error != 0) {
    return error;
  }
  return on_ioctl ? on_ioctl(found->second, request, argument) : -ENOTTY;
}

int FakeKernel::IoctlValue(int fd, unsigned long request, unsigned long value) {
  return Ioctl(fd, request, reinterpret_cast<void*>(value));
}

int FakeKernel::IoctlWait(int fd, unsigned long request, unsigned long value) {
  return Ioctl(fd, request, reinterpret_cast<void*>(value));
}

void* FakeKernel::Mmap(size_t size, int protection, int flags, int fd, uint64_t offset,
                       int* error) {
  if (fd < 0) return Syscalls::Mmap(size, protection, flags, fd, offset, error);
  const auto found = fds_.find(fd);
  REQUIRE(found != fds_.end());
  CHECK(flags == MAP_SHARED);
  CHECK(offset % 4096 == 0);
  const uint64_t page = offset / 4096;
  *error = Fail("mmap " + found->second + " " + std::to_string(page));
  if (*error != 0) return nullptr;
  void* data = mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(data != MAP_FAILED);
  maps_[static_cast<uint8_t*>(data)] = {found->second, page, size};
  if (on_map) on_map(found->second, page, static_cast<uint8_t*>(data), size);
  return data;
}

int FakeKernel::Munmap(void* address, size_t size) {
  const auto found = maps_.find(static_cast<uint8_t*>(address));
  if (found != maps_.end()) {
    CHECK(found->second.size == size);
    log.push_back("munmap " + found->second.kind + " " + std::to_string(found->second.page));
    maps_.erase(found);
  }
  return munmap(address, size);
}

int FakeKernel::Madvise(void* address, size_t size, int advice) {
  if (maps_.count(static_cast<uint8_t*>(address)) != 0) {
    if (const int error = Fail("madvise"); error != 0) return error;
  }
  return Syscalls::Madvise(address, size, advice);
}

int FakeKernel::Poll(int fd, short, int, short* revents) {
  REQUIRE(fds_.count(fd) == 1);
  log.push_back("poll");
  *revents = poll_events;
  if (poll_error != 0) return poll_error;
  return poll_events != 0 ? 1 : 0;
}

void FakeKernel::SleepMicroseconds(uint32_t) { log.push_back("sleep"); }

int FakeKernel::WriteAttribute(const char* path, std::string_view text) {
  if (const int error = Fail("write " + std::string(path)); error != 0) return error;
  return on_write ? on_write(path, text) : -ENOENT;
}

}  // namespace warpdrive::test
