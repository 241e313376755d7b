#include "warpdrive/transports/spimdev.h"

#include <doctest/doctest.h>
#include <linux/vfio.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "warpdrive/discovery/sysfs.h"
#include "warpdrive/fake_kernel.h"

namespace warpdrive::test {
namespace {

constexpr char kParent[] = "0000:75:00.0";
constexpr char kSecondUuid[] = "93b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

/// Which of the trees is running.
enum class Tree { kDevelopment, kMailed, kOpenEuler, kSdmdev };

struct Machine {
  FakeSysfs tree;
  FakeKernel kernel;
  Tree kind;
  uint32_t number = 7;   ///< what the ring begins with
  uint32_t version = 1;  ///< 0 with number 0: the RFC's tree, which tells nothing
  int queues_left = 4;
  std::atomic<bool> consent{true};
  int wait_answer = 0;
  unsigned long get_queue_argument = ~0ul;
  std::vector<unsigned long> operations;
  std::vector<std::pair<uint64_t, uint64_t>> maps;  ///< iova, size

  explicit Machine(Tree which = Tree::kDevelopment) : kind(which) {
    tree.AddSpimdev(kParent, kind == Tree::kSdmdev ? "sdmdev" : "spimdev");
    if (kind == Tree::kOpenEuler) {
      version = 2;
      tree.Write(TypePath() + "/device_api", "hisi_qm_v2");
    }
    AddMdev(kUuid, 12);
    kernel.nodes[tree.Path("dev/vfio/vfio")] = "container";
    kernel.on_ioctl = [this](const std::string& fd, unsigned long request, void* argument) {
      return Answer(fd, request, argument);
    };
    kernel.on_map = [this](const std::string&, uint64_t page, uint8_t* data, size_t size) {
      if (page != 1) return;
      std::memset(data, 0x5a, size);
      std::memcpy(data, &number, 4);
      std::memcpy(data + 4, &version, 4);
    };
  }

  static std::string TypePath() {
    std::string path = "sys/devices/pci0000:74/";
    path += kParent;
    return path += "/mdev_supported_types/hisi_zip-hisi_zip";
  }
  void AddMdev(const std::string& uuid, int group) {
    tree.AddMdev(kParent, "hisi_zip-hisi_zip", uuid, group);
    kernel.nodes[Group(group)] = "group";
  }
  std::string Group(int group) { return tree.Path("dev/vfio/" + std::to_string(group)); }

  int Answer(const std::string& fd, unsigned long request, void* argument) {
    if (fd == "container") return AnswerContainer(request, argument);
    if (fd == "group" && request == VFIO_GROUP_GET_STATUS) {
      static_cast<vfio_group_status*>(argument)->flags = VFIO_GROUP_FLAGS_VIABLE;
      return 0;
    }
    if (fd == "group" && request == VFIO_GROUP_SET_CONTAINER) return 0;
    if (fd == "group" && request == VFIO_GROUP_GET_DEVICE_FD) return kernel.NewFd("mdev");
    if (fd == "mdev" && kind != Tree::kSdmdev) return AnswerMdev(request, argument);
    return AnswerQueue(request, argument);
  }

  int AnswerContainer(unsigned long request, void* argument) {
    switch (request) {
      case VFIO_GET_API_VERSION:
        return VFIO_API_VERSION;
      case VFIO_CHECK_EXTENSION:
        return reinterpret_cast<uintptr_t>(argument) == VFIO_TYPE1_IOMMU;
      case VFIO_SET_IOMMU:
        return 0;
      case VFIO_IOMMU_MAP_DMA: {
        const auto* map = static_cast<const vfio_iommu_type1_dma_map*>(argument);
        CHECK(map->iova == map->vaddr);
        maps.emplace_back(map->iova, map->size);
        return 0;
      }
      case VFIO_IOMMU_UNMAP_DMA: {
        const auto* unmap = static_cast<const vfio_iommu_type1_dma_unmap*>(argument);
        std::erase(maps, std::pair<uint64_t, uint64_t>(unmap->iova, unmap->size));
        return 0;
      }
      default:
        return -ENOTTY;
    }
  }

  int AnswerMdev(unsigned long request, void* argument) {
    const unsigned long known = kind == Tree::kDevelopment ? 0x40085702 : 0x5701;
    if (request != known) return -EINVAL;
    get_queue_argument = reinterpret_cast<uintptr_t>(argument);
    if (queues_left == 0) return -ENODEV;
    --queues_left;
    return kernel.NewFd("queue");
  }

  int AnswerQueue(unsigned long request, void* argument) {
    if (request == 0x40086405 && kind == Tree::kOpenEuler) {
      operations.push_back(reinterpret_cast<uintptr_t>(argument));
      return 0;
    }
    const bool wait = (request == 0x40085701 && kind == Tree::kDevelopment) ||
                      (request == 0x5701 && kind == Tree::kSdmdev);
    return wait ? wait_answer : -EINVAL;
  }

  DeviceDescription Describe(bool create = false) {
    DiscoveryOptions options = tree.Options();
    options.create_mdev = create;
    options.calls = &kernel;
    const auto devices = DiscoverSpimdev(options);
    REQUIRE(devices.size() == 1);
    return devices[0];
  }
  TransportOptions Options() {
    return {.unsafe_doorbell = &consent,
            .mapped_pool_bytes = 1u << 20,
            .dev_root = tree.Path("dev"),
            .page_size = 4096,
            .calls = &kernel};
  }
  std::unique_ptr<Transport> Open() { return MakeSpimdev(Describe(), Options()); }
  Error Refused(const DeviceDescription& device, const TransportOptions& options) {
    auto queue = MakeSpimdev(device, options)->OpenQueue(Direction::kCompress);
    REQUIRE_FALSE(queue.ok());
    CHECK(queue.error().message.starts_with(kParent));
    CHECK(kernel.open_fds() == 0);  // whatever failed, nothing is left open or mapped
    CHECK(kernel.mappings() == 0);
    CHECK(maps.empty());
    return queue.error();
  }
};

std::unique_ptr<TransportQueue> Queue(Transport& transport, Direction direction) {
  auto queue = transport.OpenQueue(direction);
  const std::string problem = queue.ok() ? "" : queue.error().message;
  INFO(problem);
  REQUIRE(queue.ok());
  return queue.Take();
}

bool Has(const Error& error, std::string_view words) {
  INFO(error.message);
  const bool has = error.message.find(words) != std::string::npos;
  CHECK(has);
  return has;
}

}  // namespace

TEST_CASE("spimdev: a queue of the development tree, opened and closed in order") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = Queue(*transport, Direction::kCompress);
  const FakeKernel& kernel = machine.kernel;
  CHECK(machine.get_queue_argument == 0);
  const QueueRings& rings = queue->rings();
  CHECK(rings.queue_number == 7);
  CHECK(rings.protocol == 1);
  CHECK(rings.sq == kernel.Mapped(1));
  CHECK(rings.cq == kernel.Mapped(1) + 131072);
  CHECK(rings.sq_depth == 1024);
  CHECK(rings.cq_depth == 1024);
  CHECK(rings.sqe_size == 128);
  CHECK(rings.doorbell_offset == 0x340);
  CHECK(rings.doorbell->size() == 4096);
  CHECK(rings.stop_send == nullptr);
  CHECK_FALSE(rings.has_events);
  CHECK(rings.waits);
  CHECK_FALSE(queue->sva());
  CHECK(queue->event_fd() == -1);
  CHECK(queue->Alive());
  // The number is taken before the ring is cleared, the two words with it.
  CHECK(std::count(kernel.Mapped(1), kernel.Mapped(1) + 147456, 0) == 147456);
  CHECK(machine.maps.size() == 1);
  DmaBlock block = queue->pool().Take(4096);
  CHECK(block.iova() == reinterpret_cast<uintptr_t>(block.data()));
  block.Release();

  // This hardware cannot stop a queue.
  CHECK_FALSE(queue->Stop());
  CHECK_FALSE(queue->Alive());
  transport.reset();  // the queue keeps what it needs
  CHECK(machine.maps.size() == 1);
  machine.kernel.log.clear();
  queue.reset();
  const std::vector<std::string> order = {
      "munmap queue 0", "munmap queue 1",  "close queue", "ioctl container 0x3b72",
      "close mdev",     "close container", "close group"};
  std::vector<std::string> seen = machine.kernel.log;
  if (seen.size() >= 2 && seen[0] == "munmap queue 1") std::swap(seen[0], seen[1]);
  CHECK(seen == order);
  CHECK(machine.maps.empty());
  CHECK(kernel.open_fds() == 0);
  CHECK(kernel.mappings() == 0);
}

TEST_CASE("spimdev: the number of GET_Q is found once") {
  for (const Tree tree : {Tree::kDevelopment, Tree::kMailed, Tree::kOpenEuler}) {
    Machine machine(tree);
    auto transport = machine.Open();
    auto first = Queue(*transport, Direction::kCompress);
    auto second = Queue(*transport, Direction::kCompress);
    const bool development = tree == Tree::kDevelopment;
    CHECK(machine.kernel.Count("ioctl mdev 0x40085702") == (development ? 2 : 1));
    CHECK(machine.kernel.Count("ioctl mdev 0x5701") == (development ? 0 : 2));
  }
}

TEST_CASE("spimdev: a kernel with neither GET_Q says so") {
  Machine machine;
  machine.kernel.failures["ioctl mdev 0x40085702"] = {-EINVAL};
  machine.kernel.failures["ioctl mdev 0x5701"] = {-ENOTTY};
  auto queue = machine.Open()->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(queue.ok());
  CHECK(queue.error().code == ErrorCode::kUnsupported);
  Has(queue.error(), "neither of the two known numbers");
}

TEST_CASE("spimdev: openEuler's V2 has its doorbell at 0 and both directions") {
  Machine machine(Tree::kOpenEuler);
  auto transport = machine.Open();
  auto compress = Queue(*transport, Direction::kCompress);
  CHECK(machine.operations.empty());
  auto decompress = Queue(*transport, Direction::kDecompress);
  CHECK(machine.operations == std::vector<unsigned long>{1});
  CHECK(decompress->rings().doorbell_offset == 0);
  CHECK(decompress->rings().protocol == 2);
}

TEST_CASE("spimdev: where queues only compress, decompression is refused and nothing left") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = transport->OpenQueue(Direction::kDecompress);
  REQUIRE_FALSE(queue.ok());
  CHECK(queue.error().code == ErrorCode::kUnsupported);
  Has(queue.error(), "only compress");
  CHECK(machine.kernel.Count("close queue") == 1);
  CHECK(machine.kernel.mappings() == 0);
  Queue(*transport, Direction::kCompress);
}

TEST_CASE("spimdev: a queue whose number is not told is used alone") {
  Machine machine;
  machine.number = machine.version = 0;
  auto transport = machine.Open();
  auto first = Queue(*transport, Direction::kCompress);
  CHECK(first->rings().queue_number == 0);
  auto second = transport->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(second.ok());
  Has(second.error(), "only one can be used");
  CHECK(machine.kernel.Count("close queue") == 1);
  first.reset();
  Queue(*transport, Direction::kCompress);
}

TEST_CASE("spimdev: impossible numbers are refused") {
  Machine machine;
  SUBCASE("another version") { machine.version = 2; }
  SUBCASE("number beyond the doorbell's field") { machine.number = 0x10000; }
  SUBCASE("garbage") {
    machine.number = 0x5a5a5a5a;
    machine.version = 0x5a5a5a5a;
  }
  auto queue = machine.Open()->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(queue.ok());
  CHECK(queue.error().code == ErrorCode::kProtocol);
  CHECK(machine.kernel.open_fds() == 0);
}

TEST_CASE("spimdev: every step that the kernel refuses says what it was and leaves nothing") {
  struct Case {
    const char* call;
    int error;
    ErrorCode code;
    const char* says;
  };
  const Case cases[] = {
      {"open GROUP", -EACCES, ErrorCode::kPermission, "/dev/vfio/12"},
      {"open GROUP", -EBUSY, ErrorCode::kBusy, "another process"},
      {"open GROUP", -ENOENT, ErrorCode::kGone, "/dev/vfio/12"},
      {"open CONTAINER", -EACCES, ErrorCode::kPermission, "/dev/vfio/vfio"},
      {"ioctl group 0x3b68", -EBUSY, ErrorCode::kBusy, "attach"},
      {"ioctl container 0x3b66", -ENODEV, ErrorCode::kGone, "IOMMU type 1"},
      {"ioctl group 0x3b6a", -ENODEV, ErrorCode::kGone, kUuid},
      {"ioctl group 0x3b6a", -EBUSY, ErrorCode::kBusy, "one at a time"},
      {"ioctl container 0x3b71", -ENOMEM, ErrorCode::kMemoryLimit, "DMA"},
      {"ioctl mdev 0x40085702", -ENODEV, ErrorCode::kBusy, "none is free"},
      {"ioctl mdev 0x40085702", -EMFILE, ErrorCode::kSystem, "GET_Q"},
      {"mmap queue 1", -EINVAL, ErrorCode::kUnsupported, "region 1"},
      {"mmap queue 0", -EINVAL, ErrorCode::kUnsupported, "region 0"},
      {"madvise", -EINVAL, ErrorCode::kUnsupported, "child processes"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.call);
    CAPTURE(item.error);
    Machine machine;
    std::string call = item.call;
    if (call == "open GROUP") call = "open " + machine.Group(12);
    if (call == "open CONTAINER") call = "open " + machine.tree.Path("dev/vfio/vfio");
    machine.kernel.failures[call] = {item.error};
    const Error error = machine.Refused(machine.Describe(), machine.Options());
    CHECK(error.code == item.code);
    Has(error, item.says);
  }
}

TEST_CASE("spimdev: the memory limit is checked before anything is pinned") {
  Machine machine;
  machine.kernel.memlock = 64 << 10;
  const Error error = machine.Refused(machine.Describe(), machine.Options());
  CHECK(error.code == ErrorCode::kMemoryLimit);
  Has(error, "RLIMIT_MEMLOCK");
  CHECK(machine.kernel.Count("ioctl container 0x3b71") == 0);
}

TEST_CASE("spimdev: an mdev that another process has is passed over") {
  Machine machine;
  machine.AddMdev(kSecondUuid, 13);
  machine.kernel.failures["open " + machine.Group(12)] = {-EBUSY};
  auto transport = machine.Open();
  auto queue = Queue(*transport, Direction::kCompress);
  CHECK(machine.kernel.Count("open " + machine.Group(13)) == 1);
}

TEST_CASE("spimdev: no consent, no device") {
  Machine machine;
  machine.consent = false;
  Has(machine.Refused(machine.Describe(), machine.Options()), "its doorbell is shared");
  CHECK(machine.kernel.Count("open " + machine.Group(12)) == 0);
}

TEST_CASE("spimdev: nothing is held before the first queue and after the last") {
  Machine machine;
  auto transport = machine.Open();
  CHECK(machine.kernel.log.empty());
  for (int round = 0; round < 3; ++round) {
    auto first = Queue(*transport, Direction::kCompress);
    auto second = Queue(*transport, Direction::kCompress);
    machine.queues_left += 2;
    first.reset();
    CHECK(machine.maps.size() == 1);
    second.reset();
    CHECK(machine.kernel.open_fds() == 0);
    CHECK(machine.maps.empty());
  }
  CHECK(machine.kernel.Count("open " + machine.Group(12)) == 3);
  // What was removed meanwhile, and made anew under another name, is found.
  machine.tree.Remove(Machine::TypePath() + "/devices/" + kUuid);
  machine.AddMdev(kSecondUuid, 13);
  Queue(*transport, Direction::kCompress);
  CHECK(machine.kernel.Count("open " + machine.Group(13)) == 1);
}

TEST_CASE("spimdev: an mdev is made when asked, and removed with the transport") {
  Machine machine;
  machine.tree.Remove(Machine::TypePath() + "/devices");
  std::string made;
  machine.kernel.on_write = [&](const std::string& path, std::string_view text) {
    if (path.ends_with("/create")) {
      CHECK(IsUuid(text));
      CHECK(text[14] == '4');
      made = text;
      machine.AddMdev(made, 20);
    } else {
      CHECK(path.ends_with(made + "/remove"));
      CHECK(text == "1");
      // The kernel would wait for ever: everything of it has to be closed before.
      CHECK(machine.kernel.open_fds() == 0);
    }
    return 0;
  };
  TransportOptions options = machine.Options();
  const DeviceDescription device = machine.Describe(true);
  Has(machine.Refused(device, options), "was not asked for");
  options.create_mdev = true;
  {
    auto transport = MakeSpimdev(device, options);
    Queue(*transport, Direction::kCompress);
    CHECK(machine.kernel.Count("open " + machine.Group(20)) == 1);
  }
  const std::string remove = device.type_path + "/devices/" + made + "/remove";
  CHECK(machine.kernel.Count("write " + remove) == 1);

  machine.kernel.failures["write " + device.type_path + "/create"] = {-EACCES};
  machine.tree.Remove(Machine::TypePath() + "/devices");
  CHECK(machine.Refused(device, options).code == ErrorCode::kPermission);
  machine.kernel.failures["write " + device.type_path + "/create"] = {-ENODEV};
  CHECK(machine.Refused(device, options).code == ErrorCode::kBusy);
}

TEST_CASE("spimdev: an mdev that could not be opened after it was made is removed") {
  Machine machine;
  machine.tree.Remove(Machine::TypePath() + "/devices");
  int removed = 0;
  machine.kernel.on_write = [&](const std::string& path, std::string_view text) {
    if (path.ends_with("/create")) {
      machine.AddMdev(std::string(text), 20);
    } else {
      ++removed;
    }
    return 0;
  };
  machine.kernel.failures["open " + machine.Group(20)] = {-EACCES};
  TransportOptions options = machine.Options();
  options.create_mdev = true;
  machine.Refused(machine.Describe(true), options);
  CHECK(removed == 1);
}

TEST_CASE("spimdev: waiting takes what the kernel has") {
  Machine machine(Tree::kDevelopment);
  FakeKernel& kernel = machine.kernel;
  SUBCASE("WAIT, whose positive answer is no error") {
    machine.wait_answer = 3;
    auto transport = machine.Open();
    auto queue = Queue(*transport, Direction::kCompress);
    CHECK(queue->Wait(20) == WaitEnd::kWoken);
    CHECK(kernel.Count("ioctl queue 0x40085701") == 2);  // one to find out
    CHECK(queue->Alive());
    machine.wait_answer = 0;
    CHECK(queue->Wait(20) == WaitEnd::kTimeout);
    machine.wait_answer = -EINTR;
    CHECK(queue->Wait(20) == WaitEnd::kWoken);
    CHECK(queue->Alive());
    machine.wait_answer = -ENODEV;
    CHECK(queue->Wait(20) == WaitEnd::kGone);
    CHECK_FALSE(queue->Alive());
    CHECK(queue->Wait(20) == WaitEnd::kGone);  // sleeps: nobody may spin on what is gone
    CHECK(kernel.Count("ioctl queue 0x40085701") == 5);
    CHECK(kernel.Count("sleep") == 1);
  }
  SUBCASE("poll()") {
    machine.kind = Tree::kMailed;
    auto transport = machine.Open();
    auto queue = Queue(*transport, Direction::kCompress);
    CHECK(queue->rings().waits);
    const size_t before = kernel.Count("poll");
    queue->Wait(20);
    CHECK(kernel.Count("poll") == before + 1);
    CHECK(kernel.Count("sleep") == 0);
    kernel.poll_events = POLLHUP;
    queue->Wait(20);
    CHECK_FALSE(queue->Alive());
  }
  SUBCASE("a sleep, where poll() says readable of whatever") {
    machine.kind = Tree::kMailed;
    kernel.poll_events = POLLIN;
    auto transport = machine.Open();
    auto queue = Queue(*transport, Direction::kCompress);
    CHECK_FALSE(queue->rings().waits);
    const size_t before = kernel.Count("poll");
    queue->Wait(20);
    CHECK(kernel.Count("poll") == before);
    CHECK(kernel.Count("sleep") == 1);
    CHECK(queue->Alive());
  }
}

TEST_CASE("spimdev: a removed mdev is noticed") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = Queue(*transport, Direction::kCompress);
  CHECK(queue->Alive());
  machine.tree.Remove(Machine::TypePath() + "/devices/" + kUuid);
  CHECK_FALSE(queue->Alive());
}

TEST_CASE("sdmdev: the mdev is the queue, once") {
  Machine machine(Tree::kSdmdev);
  auto transport = machine.Open();
  auto queue = Queue(*transport, Direction::kCompress);
  CHECK(machine.kernel.Count("ioctl mdev 0x40085702") == 0);
  CHECK(machine.kernel.Count("mmap mdev 1") == 1);
  CHECK(machine.kernel.Count("ioctl mdev 0x5701") == 1);  // its WAIT
  queue->Wait(20);
  CHECK(machine.kernel.Count("ioctl mdev 0x5701") == 2);
  CHECK_FALSE(transport->OpenQueue(Direction::kCompress).ok());
  queue.reset();
  CHECK(machine.kernel.open_fds() == 0);
  Queue(*transport, Direction::kCompress);  // a fresh one: the mdev was closed in between
}

TEST_CASE("spimdev: a child of fork() leaves its parent's queue alone") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = Queue(*transport, Direction::kCompress);
  const pid_t child = fork();
  if (child == 0) {
    const size_t before = machine.kernel.log.size();
    bool right = !queue->Alive() && !queue->Stop();
    queue->Wait(1);
    auto refused = transport->OpenQueue(Direction::kCompress);
    right = right && !refused.ok() && refused.error().code == ErrorCode::kGone;
    queue.reset();
    transport.reset();
    // No ioctl, above all no UNMAP_DMA; no munmap of what is not mapped here.
    for (size_t i = before; i < machine.kernel.log.size(); ++i) {
      right = right &&
              (machine.kernel.log[i].starts_with("close ") || machine.kernel.log[i] == "sleep");
    }
    _exit(right ? 7 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(queue->Alive());
}

}  // namespace warpdrive::test
