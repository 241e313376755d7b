#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "support/random.h"
#include "warpdrive/dma.h"

namespace warpdrive::test {
namespace {

/// A device address space of its own: IOVAs are not pointers.
class FarMapper final : public DmaMapper {
 public:
  Result<uint64_t> Map(void* address, size_t size) override {
    if (refuse != 0) return SystemError(refuse, "cannot map");
    mapped_address = address;
    mapped_size = size;
    return uint64_t{0x7000000000};
  }
  void Unmap(uint64_t iova, size_t size) override {
    CHECK(iova == 0x7000000000);
    CHECK(size == mapped_size);
    mapped_size = 0;
  }
  int refuse = 0;
  void* mapped_address = nullptr;
  size_t mapped_size = 0;
};

class LimitedKernel final : public Syscalls {
 public:
  uint64_t MemlockLimit() override { return limit; }
  void* Mmap(size_t size, int protection, int flags, int fd, uint64_t offset, int* error) override {
    ++maps;
    if ((flags & MAP_HUGETLB) == 0 || !grants_huge) {
      return Syscalls::Mmap(size, protection, flags, fd, offset, error);
    }
    // Ordinary memory stands for huge pages: few machines have any set aside.
    CHECK(size % (2u << 20) == 0);
    CHECK((flags >> 26) == 21);
    ++huge_maps;
    return Syscalls::Mmap(size, protection, MAP_PRIVATE | MAP_ANONYMOUS, fd, offset, error);
  }
  int Madvise(void* address, size_t size, int advice) override {
    advices.push_back(advice);
    return advice == refused_advice ? -EINVAL : Syscalls::Madvise(address, size, advice);
  }
  bool Advised(int advice) const {
    return std::find(advices.begin(), advices.end(), advice) != advices.end();
  }
  uint64_t limit = UINT64_MAX;
  int refused_advice = -1;
  bool grants_huge = false;
  int maps = 0;
  int huge_maps = 0;
  std::vector<int> advices;
};

bool AllZero(const uint8_t* data, size_t size) {
  return std::all_of(data, data + size, [](uint8_t byte) { return byte == 0; });
}

}  // namespace

TEST_CASE("dma pool: the limit is checked before anything is reserved, and named") {
  FarMapper mapper;
  LimitedKernel kernel;
  kernel.limit = 8u << 20;
  const auto pool = DmaPool::Create(&mapper, 32u << 20, &kernel);
  REQUIRE(!pool.ok());
  CHECK(pool.error().code == ErrorCode::kMemoryLimit);
  CHECK(pool.error().message.find("RLIMIT_MEMLOCK is 8 MiB") != std::string::npos);
  CHECK(pool.error().message.find("32 MiB") != std::string::npos);
  CHECK(kernel.maps == 0);
  kernel.limit = 32u << 20;
  CHECK(DmaPool::Create(&mapper, 32u << 20, &kernel).ok());
}

TEST_CASE("dma pool: shared addresses pin nothing, so no limit applies") {
  SvaMapper mapper;
  LimitedKernel kernel;
  kernel.limit = 0;
  auto pool = DmaPool::Create(&mapper, 100000, &kernel);
  REQUIRE(pool.ok());
  const DmaBlock block = pool.value()->Take(1000);
  REQUIRE(block);
  CHECK(block.iova() == reinterpret_cast<uintptr_t>(block.data()));
}

TEST_CASE("dma pool: a refusal of the mapper comes through, want of memory names the limit") {
  FarMapper mapper;
  LimitedKernel kernel;
  mapper.refuse = EEXIST;
  auto pool = DmaPool::Create(&mapper, 4096, &kernel);
  REQUIRE(!pool.ok());
  CHECK(pool.error().system_error == EEXIST);
  mapper.refuse = ENOMEM;
  kernel.limit = 3u << 20;
  pool = DmaPool::Create(&mapper, 2u << 20, &kernel);
  REQUIRE(!pool.ok());
  CHECK(pool.error().code == ErrorCode::kMemoryLimit);
  CHECK(pool.error().message.find("RLIMIT_MEMLOCK is 3 MiB") != std::string::npos);
  // Root: no limit that could be raised.
  kernel.limit = UINT64_MAX;
  pool = DmaPool::Create(&mapper, 2u << 20, &kernel);
  REQUIRE(!pool.ok());
  CHECK(pool.error().message.find("no RLIMIT_MEMLOCK binds") != std::string::npos);
}

TEST_CASE("dma pool: forked processes and core dumps do not get it") {
  FarMapper mapper;
  LimitedKernel kernel;
  auto pool = DmaPool::Create(&mapper, 4u << 20, &kernel);
  REQUIRE(pool.ok());
  CHECK(kernel.Advised(MADV_DONTFORK));
  CHECK(kernel.Advised(MADV_DONTDUMP));
  CHECK(mapper.mapped_size == 4u << 20);
  const DmaBlock block = pool.value()->Take(64);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would turn it into an exit
    *static_cast<volatile uint8_t*>(block.data()) = 1;
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));

  kernel.refused_advice = MADV_DONTFORK;
  CHECK(!DmaPool::Create(&mapper, 4096, &kernel).ok());
}

TEST_CASE("dma pool: where a device may still write, nothing else will ever lie") {
  SvaMapper mapper;
  auto pool = DmaPool::Create(&mapper, 4u << 20);
  REQUIRE(pool.ok());
  DmaBlock block = pool.value()->Take(8192);
  uint8_t* const data = block.data();
  block.Abandon();
  block.Release();
  CHECK(pool.value()->in_use() == 8192);
  pool.value().reset();
  // No page that anybody may access; and none that anybody will get. Kernels before 4.17 take the
  // address for a hint.
  void* const page = mmap(data, 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(page != data);
  if (page != MAP_FAILED) munmap(page, 4096);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    *static_cast<volatile uint8_t*>(data) = 1;
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("dma pool: a child of fork() gets no block, and waits for no lock") {
  SvaMapper mapper;
  auto pool = DmaPool::Create(&mapper, 1u << 20);
  REQUIRE(pool.ok());
  const pid_t child = fork();
  if (child == 0) _exit(pool.value()->Take(64) ? 1 : 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("dma pool: where the kernel cannot populate, pages are touched; huge ones are given up") {
  FarMapper mapper;
  LimitedKernel kernel;
  kernel.refused_advice = MADV_POPULATE_WRITE;
  auto pool = DmaPool::Create(&mapper, 4u << 20, &kernel);
  REQUIRE(pool.ok());
  CHECK(!pool.value()->huge_pages());
  std::vector<unsigned char> present(1024);
  REQUIRE(mincore(mapper.mapped_address, 4u << 20, present.data()) == 0);
  CHECK(std::all_of(present.begin(), present.end(), [](unsigned char page) { return page & 1; }));
}

TEST_CASE("dma pool: huge pages that are granted are used, present, and kept from children") {
  FarMapper mapper;
  LimitedKernel kernel;
  kernel.grants_huge = true;
  auto pool = DmaPool::Create(&mapper, (4u << 20) + 1, &kernel);
  REQUIRE(pool.ok());
  CHECK(pool.value()->huge_pages());
  CHECK(pool.value()->size() == 6u << 20);
  CHECK(mapper.mapped_size == 6u << 20);
  CHECK(kernel.maps == 1);
  CHECK(kernel.huge_maps == 1);
  CHECK(kernel.Advised(MADV_POPULATE_WRITE));
  CHECK(kernel.Advised(MADV_DONTFORK));
  CHECK(kernel.Advised(MADV_DONTDUMP));
  CHECK_FALSE(kernel.Advised(MADV_HUGEPAGE));
  CHECK(pool.value()->Take(6u << 20));

  // Mapped, but not to be had: a limit of the control group.
  FarMapper other;
  LimitedKernel limited;
  limited.grants_huge = true;
  limited.refused_advice = MADV_POPULATE_WRITE;
  auto small = DmaPool::Create(&other, 4u << 20, &limited);
  REQUIRE(small.ok());
  CHECK_FALSE(small.value()->huge_pages());
  CHECK(limited.huge_maps == 1);
  CHECK(limited.maps == 2);

  // Less than one of them is not asked for.
  FarMapper third;
  LimitedKernel little;
  little.grants_huge = true;
  CHECK(DmaPool::Create(&third, 1u << 20, &little).ok());
  CHECK(little.huge_maps == 0);
}

TEST_CASE("dma pool: blocks never overlap, come zeroed, and all memory comes together again") {
  Random random;
  FarMapper mapper;
  auto created = DmaPool::Create(&mapper, 1u << 20);
  REQUIRE(created.ok());
  DmaPool& pool = *created.value();
  const auto* base = static_cast<const uint8_t*>(mapper.mapped_address);
  std::vector<DmaBlock> blocks;
  for (int step = 0; step < 3000; ++step) {
    if (blocks.empty() || random.Below(5) < 3) {
      const size_t size = 1 + random.Below(random.Below(2) != 0 ? 300 : 60000);
      const size_t alignment = size_t{64} << random.Below(7);
      DmaBlock block = pool.Take(size, alignment);
      if (!block) continue;
      CHECK(block.size() >= size);
      CHECK(reinterpret_cast<uintptr_t>(block.data()) % alignment == 0);
      CHECK(block.iova() - 0x7000000000 == static_cast<uint64_t>(block.data() - base));
      CHECK(pool.Contains(block.data(), block.size()));
      CHECK(AllZero(block.data(), block.size()));
      for (const DmaBlock& other : blocks) {
        CHECK((block.data() + block.size() <= other.data() ||
               other.data() + other.size() <= block.data()));
      }
      std::memset(block.data(), 0xA5, block.size());
      blocks.push_back(std::move(block));
    } else {
      std::swap(blocks[random.Below(blocks.size())], blocks.back());
      blocks.pop_back();
    }
  }
  blocks.clear();
  CHECK(pool.in_use() == 0);
  CHECK(AllZero(base, pool.size()));
  CHECK(pool.Take(pool.size()));
  CHECK(!pool.Take(pool.size() + 1));
  CHECK(!pool.Contains(base + pool.size() - 1, 2));
}

}  // namespace warpdrive::test
