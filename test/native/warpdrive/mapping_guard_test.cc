#include "warpdrive/mapping_guard.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "warpdrive/fd.h"

namespace warpdrive::test {
namespace {

/// A shared mapping whose pages can be taken away, as a driver does at removal.
struct Removable {
  size_t size = 4 * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  UniqueFd fd{memfd_create("removable", MFD_CLOEXEC)};
  Mapping map;
  Removable() {
    REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
    map = Mapping(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), size);
    REQUIRE(map);
  }
  void Remove() { REQUIRE(ftruncate(fd.get(), 0) == 0); }
  volatile uint8_t* bytes() { return map.data(); }
};

int Status(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

void NoCoreDump() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

TEST_CASE("mapping guard: what was taken away reads as ones, and takes stores") {
  Removable device;
  MappingGuard guard(device.map.data(), device.size);
  device.bytes()[5000] = 7;
  CHECK(device.bytes()[5000] == 7);
  CHECK_FALSE(guard.lost());
  device.Remove();
  CHECK(device.bytes()[5000] == 0xff);
  CHECK(guard.lost());
  device.bytes()[0] = 1;
  CHECK(device.bytes()[0] == 1);
  for (size_t i = 1; i < device.size; ++i) REQUIRE(device.bytes()[i] == 0xff);
}

TEST_CASE("mapping guard: many threads meet the same removal, and none sees anything else") {
  Removable device;
  MappingGuard guard(device.map.data(), device.size);
  std::memset(device.map.data(), 0x11, device.size);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  std::atomic<int> running{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ++running;
      while (!guard.lost()) {
        for (size_t i = 0; i < device.size; i += 512) {
          const uint8_t seen = device.bytes()[i];
          if (seen != 0x11 && seen != 0xff) ++wrong;
        }
      }
    });
  }
  while (running.load() < 4) std::this_thread::yield();
  device.Remove();
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("mapping guard: a guard that is gone guards nothing, and its place is used again") {
  for (int i = 0; i < 3 * MappingGuard::kMaxGuards; ++i) {
    uint8_t page = 0;
    MappingGuard guard(&page, 1);
    MappingGuard moved(std::move(guard));
    CHECK_FALSE(moved.lost());
  }
  const pid_t child = fork();
  if (child == 0) {
    NoCoreDump();
    signal(SIGBUS, SIG_DFL);  // the sanitizers have one of their own
    Removable device;
    { MappingGuard guard(device.map.data(), device.size); }
    device.Remove();
    _exit(device.bytes()[0]);
  }
  const int status = Status(child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGBUS);
}

TEST_CASE("mapping guard: other faults go to the handler that was there") {
  // In a program of its own, as it were: here the first guard has long been made.
  const pid_t child = fork();
  if (child == 0) {
    NoCoreDump();
    Removable guarded;
    Removable other;
    MappingGuard guard(guarded.map.data(), guarded.size);
    close(STDERR_FILENO);  // a sanitizer's handler tells a long story
    guarded.Remove();
    other.Remove();
    if (guarded.bytes()[0] != 0xff) _exit(91);
    // What the process had before was the default, or a sanitizer's: both end it.
    const uint8_t seen = other.bytes()[0];
    _exit(seen == 0xff ? 92 : 93);
  }
  const int status = Status(child);
  const bool ended = WIFSIGNALED(status) || WEXITSTATUS(status) < 90;
  CAPTURE(WEXITSTATUS(status));
  CHECK(ended);
}

}  // namespace warpdrive::test
