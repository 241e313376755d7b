#include "warpdrive/transports/uacce.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "warpdrive/fake_kernel.h"

namespace warpdrive::test {
namespace {

/// A HIP09 behind Linux 6.12, its fields as the kernel's headers lay them out.
struct Machine {
  FakeSysfs tree;
  FakeKernel kernel;
  uint16_t queue_number = 5;
  uint16_t type_seen = 0xffff;
  uint32_t sqe_size = 128;
  uint16_t sq_depth = 1024;
  uint16_t cq_depth = 1024;
  std::string node;
  std::atomic<bool> consent{false};

  Machine() {
    tree.AddUacce("hisi_zip-3");
    node = tree.Path("dev/hisi_zip-3");
    kernel.nodes[node] = "uacce";
    kernel.on_ioctl = [this](const std::string&, unsigned long request, void* argument) {
      auto* bytes = static_cast<uint8_t*>(argument);
      if (request == 0xC004480A) {
        std::memcpy(&type_seen, bytes + 2, 2);
        std::memcpy(bytes, &queue_number, 2);
        return 0;
      }
      if (request == 0xC010480B) {
        std::memcpy(bytes, &sqe_size, 4);
        std::memcpy(bytes + 4, &sq_depth, 2);
        std::memcpy(bytes + 6, &cq_depth, 2);
        return 0;
      }
      return request == 0x5700 || request == 0x5701 ? 0 : -EINVAL;
    };
    // Dirty memory: what a queue's user before left there.
    kernel.on_map = [](const std::string&, uint64_t page, uint8_t* data, size_t size) {
      if (page == 1) std::memset(data, 0x5a, size - 8);
    };
  }

  TransportOptions Options() {
    return {.unsafe_doorbell = &consent,
            .sva_pool_bytes = 1u << 20,
            .dev_root = tree.Path("dev"),
            .page_size = 4096,
            .calls = &kernel};
  }
  DeviceDescription Describe() {
    DiscoveryOptions options = tree.Options();
    options.calls = &kernel;
    const auto devices = DiscoverUacce(options);
    REQUIRE(devices.size() == 1);
    return devices[0];
  }
  std::unique_ptr<Transport> Open() { return MakeUacce(Describe(), Options()); }
  Error Refused(Direction direction = Direction::kCompress) {
    auto transport = Open();
    auto queue = transport->OpenQueue(direction);
    REQUIRE_FALSE(queue.ok());
    INFO(queue.error().message);
    CHECK(kernel.open_fds() == 0);  // whatever failed, nothing is left open or mapped
    CHECK(kernel.mappings() == 0);
    CHECK(queue.error().message.find("hisi_zip-3") != std::string::npos);
    return queue.error();
  }
};

bool Has(const Error& error, std::string_view words) {
  INFO(error.message);
  const bool has = error.message.find(words) != std::string::npos;
  CHECK(has);
  return has;
}

}  // namespace

TEST_CASE("uacce: a queue of each direction, set up in the kernel's order") {
  Machine machine;
  auto transport = machine.Open();
  auto opened = transport->OpenQueue(Direction::kDecompress);
  REQUIRE(opened.ok());
  auto queue = opened.Take();
  CHECK(machine.type_seen == 1);
  const FakeKernel& kernel = machine.kernel;
  CHECK(kernel.Index("open " + machine.node) < kernel.Index("ioctl uacce 0xc004480a"));
  CHECK(kernel.Index("ioctl uacce 0xc004480a") < kernel.Index("ioctl uacce 0x5700"));
  CHECK(kernel.Index("mmap uacce 1") < kernel.Index("ioctl uacce 0x5700"));

  const QueueRings& rings = queue->rings();
  CHECK(rings.queue_number == 5);
  CHECK(rings.protocol == 3);
  CHECK(rings.sqe_size == 128);
  CHECK(rings.sq_depth == 1024);
  CHECK(rings.cq_depth == 1024);
  uint8_t* dus = kernel.Mapped(1);
  CHECK(rings.sq == dus);
  CHECK(rings.cq == dus + 131072);
  CHECK(reinterpret_cast<const uint8_t*>(rings.stop_receive) == dus + 151552 - 8);
  CHECK(reinterpret_cast<const uint8_t*>(rings.stop_send) == dus + 151552 - 4);
  CHECK(rings.doorbell_offset == 0x1000);
  CHECK(rings.doorbell->size() == 8192);  // not the whole 64 KiB
  CHECK(rings.has_events);
  CHECK(queue->event_fd() >= 0);
  CHECK(queue->sva());
  // Both rings are zero, whoever had them before.
  CHECK(std::count(dus, dus + 147456, 0) == 147456);

  // The doorbell is one store to its place.
  rings.doorbell->Write64(rings.doorbell_offset, 0x0000000100000005);
  uint64_t rung = 0;
  std::memcpy(&rung, kernel.Mapped(0) + 0x1000, 8);
  CHECK(rung == 0x0000000100000005);

  queue.reset();
  CHECK(kernel.Index("ioctl uacce 0x5701") < kernel.Index("munmap uacce 1"));
  CHECK(kernel.Index("munmap uacce 1") < kernel.Index("close uacce"));
  CHECK(kernel.Index("munmap uacce 0") < kernel.Index("close uacce"));
  CHECK(kernel.Count("ioctl uacce 0x5701") == 1);
  CHECK(kernel.open_fds() == 0);
  CHECK(kernel.mappings() == 0);
}

TEST_CASE("uacce: memory for contexts is this process's own address") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = transport->OpenQueue(Direction::kCompress);
  REQUIRE(queue.ok());
  CHECK(machine.type_seen == 0);
  DmaBlock block = queue.value()->pool().Take(65536);
  REQUIRE(block);
  CHECK(block.iova() == reinterpret_cast<uintptr_t>(block.data()));
  // Queues keep the pool: the order in which owners let go does not matter.
  block.Release();
  transport.reset();
  CHECK(queue.value()->pool().Take(64));
}

TEST_CASE("uacce: every step that the kernel refuses says what it was and leaves nothing") {
  struct Case {
    const char* call;
    int error;
    ErrorCode code;
    const char* says;
  };
  const Case cases[] = {
      {"open NODE", -EBUSY, ErrorCode::kBusy, "no queue is free"},
      {"open NODE", -ENODEV, ErrorCode::kGone, "cannot open"},
      {"open NODE", -EINVAL, ErrorCode::kGone, "was removed"},
      {"open NODE", -EACCES, ErrorCode::kPermission, "udev rule"},
      {"open NODE", -EPERM, ErrorCode::kBusy, "being reset"},
      {"open NODE", -ENOMEM, ErrorCode::kMemoryLimit, "cannot open"},
      {"ioctl uacce 0xc004480a", -EINVAL, ErrorCode::kUnsupported, "SET_QP_CTX"},
      {"ioctl uacce 0xc004480a", -ENXIO, ErrorCode::kGone, "SET_QP_CTX"},
      {"ioctl uacce 0xc010480b", -ENXIO, ErrorCode::kGone, "SET_QP_INFO"},
      {"mmap uacce 0", -EINVAL, ErrorCode::kUnsupported, "registers"},
      {"mmap uacce 1", -EEXIST, ErrorCode::kSystem, "rings"},
      {"mmap uacce 1", -ENXIO, ErrorCode::kGone, "rings"},
      {"ioctl uacce 0x5700", -EIO, ErrorCode::kSystem, "cannot start"},
      {"ioctl uacce 0x5700", -EBUSY, ErrorCode::kBusy, "cannot start"},
      {"ioctl uacce 0x5700", -EPERM, ErrorCode::kBusy, "cannot start"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.call);
    CAPTURE(item.error);
    Machine machine;
    std::string call = item.call;
    if (call == "open NODE") call = "open " + machine.node;
    machine.kernel.failures[call] = {item.error};
    const Error error = machine.Refused();
    CHECK(error.code == item.code);
    CHECK(error.system_error == -item.error);
    Has(error, item.says);
    CHECK(machine.kernel.Count("ioctl uacce 0x5701") == 0);  // never started: nothing to stop
  }
}

TEST_CASE("uacce: kernels that do not tell the geometry have the default one") {
  Machine machine;
  machine.kernel.failures["ioctl uacce 0xc010480b"] = {-EINVAL};
  auto queue = machine.Open()->OpenQueue(Direction::kCompress);
  REQUIRE(queue.ok());
  CHECK(queue.value()->rings().sq_depth == 1024);
  CHECK(queue.value()->rings().sqe_size == 128);
}

TEST_CASE("uacce: geometry that cannot be is refused before anything is mapped") {
  Machine machine;
  SUBCASE("SQE size") { machine.sqe_size = 64; }
  SUBCASE("SQE size 0") { machine.sqe_size = 0; }
  SUBCASE("rings beyond the region") { machine.sq_depth = 1200; }
  SUBCASE("completion ring beyond the region") { machine.cq_depth = 65535; }
  SUBCASE("the stop words under the rings") {
    // 151552 = 131072 + 16 * 1280: exactly the region, no room for 8 bytes more.
    machine.cq_depth = 1280;
  }
  SUBCASE("no submission ring") { machine.sq_depth = 0; }
  SUBCASE("no completion ring") { machine.cq_depth = 1; }
  SUBCASE("queue number") { machine.queue_number = 1024; }
  CHECK(machine.Refused().code == ErrorCode::kProtocol);
  CHECK(machine.kernel.Count("mmap uacce 0") == 0);
}

TEST_CASE("uacce: sizes are read again at open") {
  Machine machine;
  auto transport = machine.Open();
  SUBCASE("the doorbell is out of reach") {
    machine.tree.Write("sys/class/uacce/hisi_zip-3/region_mmio_size", "4096");
  }
  SUBCASE("the attribute is gone") {
    machine.tree.Remove("sys/class/uacce/hisi_zip-3/region_mmio_size");
  }
  SUBCASE("half pages") {
    machine.tree.Write("sys/class/uacce/hisi_zip-3/region_dus_size", "151560");
  }
  auto queue = transport->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(queue.ok());
  CHECK(machine.kernel.Count("open " + machine.node) == 0);
}

TEST_CASE("uacce: V1 has its doorbell in the first page") {
  Machine machine;
  machine.tree.Write("sys/class/uacce/hisi_zip-3/api", "hisi_qm_v1\n");
  machine.tree.Write("sys/class/uacce/hisi_zip-3/region_mmio_size", "4096\n");
  machine.queue_number = 3000;
  machine.consent = true;
  auto queue = machine.Open()->OpenQueue(Direction::kCompress);
  REQUIRE(queue.ok());
  CHECK(queue.value()->rings().doorbell_offset == 0x340);
  CHECK(queue.value()->rings().doorbell->size() == 4096);
  CHECK(queue.value()->rings().queue_number == 3000);
}

TEST_CASE("uacce: no consent, no queue, even if the description says usable") {
  Machine machine;
  machine.tree.Write("sys/class/uacce/hisi_zip-3/api", "hisi_qm_v2\n");
  machine.tree.Write("sys/class/uacce/hisi_zip-3/region_mmio_size", "8192\n");
  DeviceDescription device = machine.Describe();
  REQUIRE(device.usable);
  auto transport = MakeUacce(device, machine.Options());
  auto queue = transport->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(queue.ok());
  CHECK(queue.error().code == ErrorCode::kUnsupported);
  Has(queue.error(), "WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1");
  CHECK(machine.kernel.Count("open " + machine.node) == 0);
  machine.consent = true;
  CHECK(transport->OpenQueue(Direction::kCompress).ok());
  machine.consent = false;  // withdrawn: for queues that come
  CHECK_FALSE(transport->OpenQueue(Direction::kCompress).ok());
  machine.consent = true;
  device.usable = false;
  device.why_unusable = "isolated";
  auto isolated = MakeUacce(device, machine.Options())->OpenQueue(Direction::kCompress);
  REQUIRE_FALSE(isolated.ok());
  Has(isolated.error(), "isolated");
}

TEST_CASE("uacce: stop words, isolation, removal and stopping end a queue's life") {
  Machine machine;
  auto transport = machine.Open();
  auto opened = transport->OpenQueue(Direction::kCompress);
  REQUIRE(opened.ok());
  TransportQueue& queue = *opened.value();
  CHECK(queue.Alive());
  uint8_t* dus = machine.kernel.Mapped(1);
  SUBCASE("stop receiving") { dus[151552 - 8] = 1; }
  SUBCASE("stop sending") { dus[151552 - 4] = 1; }
  SUBCASE("isolated") { machine.tree.Write("sys/class/uacce/hisi_zip-3/isolate", "1\n"); }
  SUBCASE("removed") { machine.tree.Remove("sys/class/uacce/hisi_zip-3"); }
  SUBCASE("stopped") {
    CHECK(queue.Stop());
    CHECK(queue.Stop());
    CHECK(machine.kernel.Count("ioctl uacce 0x5701") == 1);
  }
  CHECK_FALSE(queue.Alive());
}

TEST_CASE("uacce: a queue that the kernel cannot stop keeps its memory") {
  Machine machine;
  auto transport = machine.Open();
  auto queue = transport->OpenQueue(Direction::kCompress);
  REQUIRE(queue.ok());
  SUBCASE("mailbox dead") {
    machine.kernel.failures["ioctl uacce 0x5701"] = {-ETIMEDOUT};
    CHECK_FALSE(queue.value()->Stop());
    // Nor did anything stop it since.
    CHECK_FALSE(queue.value()->Stop());
    CHECK(machine.kernel.Count("ioctl uacce 0x5701") == 1);
    queue.value().reset();
    CHECK(machine.kernel.open_fds() == 0);
    CHECK(machine.kernel.Index("munmap uacce 1") < machine.kernel.Index("close uacce"));
  }
  SUBCASE("already a zombie") {
    machine.kernel.failures["ioctl uacce 0x5701"] = {-ENXIO};
    CHECK(queue.value()->Stop());
  }
}

TEST_CASE("uacce: waiting polls, and never spins on a broken descriptor") {
  Machine machine;
  auto transport = machine.Open();
  auto opened = transport->OpenQueue(Direction::kCompress);
  REQUIRE(opened.ok());
  TransportQueue& queue = *opened.value();
  queue.Wait(10);
  CHECK(machine.kernel.Count("poll") == 1);
  CHECK(machine.kernel.Count("sleep") == 0);
  machine.kernel.poll_events = POLLERR;
  queue.Wait(10);
  CHECK(machine.kernel.Count("sleep") == 1);
  machine.kernel.poll_events = 0;
  machine.kernel.poll_error = -EINTR;
  queue.Wait(10);
  CHECK(machine.kernel.Count("sleep") == 1);
  machine.kernel.poll_error = -EBADF;
  queue.Wait(10);
  CHECK(machine.kernel.Count("sleep") == 2);
  queue.Stop();
  queue.Wait(10);
  CHECK(machine.kernel.Count("poll") == 4);
}

TEST_CASE("uacce: a child of fork() neither uses nor stops its parent's queue") {
  Machine machine;
  auto transport = machine.Open();
  auto opened = transport->OpenQueue(Direction::kCompress);
  REQUIRE(opened.ok());
  auto queue = opened.Take();
  const pid_t child = fork();
  if (child == 0) {
    const size_t before = machine.kernel.log.size();
    bool right = !queue->Alive() && !queue->Stop() && queue->event_fd() == -1;
    queue->Wait(1);
    auto refused = transport->OpenQueue(Direction::kCompress);
    right = right && !refused.ok() && refused.error().code == ErrorCode::kGone;
    queue.reset();
    // Closing is all that reached the kernel: no PUT_Q, no munmap of what is not mapped here.
    for (size_t i = before; i < machine.kernel.log.size(); ++i) {
      const std::string& entry = machine.kernel.log[i];
      right = right && (entry == "sleep" || entry == "close uacce");
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
