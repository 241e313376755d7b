#include "warpdrive/hardware.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>

#include "warpdrive/fake_kernel.h"

namespace warpdrive::test {
namespace {

struct Machine {
  FakeSysfs tree;
  FakeKernel kernel;
  std::atomic<bool> consent{false};

  Machine() {
    kernel.on_ioctl = [](const std::string&, unsigned long request, void* argument) {
      if (request == 0xC010480B) {
        const uint32_t sqe_size = 128;
        const uint16_t depth = 1024;
        auto* bytes = static_cast<uint8_t*>(argument);
        std::memcpy(bytes, &sqe_size, 4);
        std::memcpy(bytes + 4, &depth, 2);
        std::memcpy(bytes + 6, &depth, 2);
      }
      return 0;
    };
  }
  void AddUacce(const std::string& name, const std::string& address, const char* api,
                const char* mmio, const char* node) {
    tree.AddUacce(name, address);
    tree.Write("sys/class/uacce/" + name + "/api", api);
    tree.Write("sys/class/uacce/" + name + "/region_mmio_size", mmio);
    tree.Write("sys/devices/pci0000:74/" + address + "/numa_node", node);
    kernel.nodes[tree.Path("dev/" + name)] = "uacce";
  }
  hardware::Options Options() {
    return {.unsafe_doorbell = &consent,
            .pool_bytes = 4u << 20,
            .caller_node = 0,
            .sysfs_root = tree.Path("sys"),
            .dev_root = tree.Path("dev"),
            .calls = &kernel};
  }
  std::vector<hardware::Found> Open() { return hardware::OpenDevices(Options()); }
};

}  // namespace

TEST_CASE("hardware: all accelerators in order of preference, none opened") {
  Machine machine;
  machine.tree.AddNodes("0-1", {{0, "10 20"}});
  machine.AddUacce("hisi_zip-0", "0000:b5:00.0", "hisi_qm_v3", "65536", "1");
  machine.AddUacce("hisi_zip-1", "0000:75:00.0", "hisi_qm_v3", "65536", "0");
  machine.AddUacce("hisi_zip-2", "0000:76:00.0", "hisi_qm_v3", "65536", "0");
  machine.tree.Write("sys/class/uacce/hisi_zip-2/isolate", "1");
  machine.tree.AddPci("0000:77:00.1", "0xa251", "0x21");
  machine.tree.Bind("0000:77:00.1", "vfio-pci");
  machine.tree.SetGroup("0000:77:00.1", 40);
  const auto found = machine.Open();
  REQUIRE(found.size() == 4);
  const char* order[] = {"hisi_zip-1", "0000:77:00.1", "hisi_zip-0", "hisi_zip-2"};
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i].description.name == order[i]);
    CHECK((found[i].device != nullptr) == found[i].description.usable);
    CHECK_FALSE(found[i].needs_consent);
    if (found[i].device) CHECK(found[i].device->Info().name == order[i]);
  }
  CHECK(found[3].device == nullptr);
  CHECK(hardware::WhyUnusable(found[3], true).why.find("isolated") != std::string::npos);
  CHECK(hardware::WhyUnusable(found[0], false).empty());
  CHECK(found[0].device->Info().transport == "uacce");
  CHECK(found[1].device->Info().transport == "vfio-pci");
  CHECK(machine.kernel.log.empty());
}

TEST_CASE("hardware: consent to a shared doorbell is asked for each queue") {
  Machine machine;
  machine.AddUacce("hisi_zip-0", "0000:75:00.0", "hisi_qm_v2", "8192", "0");
  const auto found = machine.Open();
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].device != nullptr);
  CHECK(found[0].needs_consent);
  CHECK(found[0].device->Info().shared_doorbell);
  const Complaint complaint = hardware::WhyUnusable(found[0], false);
  CHECK(complaint.why.find("its doorbell is shared") == 0);
  CHECK(complaint.advice.find("allowUnsafeDoorbell") != std::string::npos);
  CHECK(hardware::WhyUnusable(found[0], true).empty());

  std::string refusal;
  CHECK(found[0].device->OpenQueue({.depth = 64, .refusal = &refusal}) == nullptr);
  CHECK(refusal.find("hisi_zip-0: its doorbell is shared") == 0);
  CHECK(machine.kernel.log.empty());
  machine.consent = true;
  {
    const auto queue = found[0].device->OpenQueue({.depth = 64, .refusal = &refusal});
    INFO(refusal);
    REQUIRE(queue != nullptr);
    CHECK(machine.kernel.Count("ioctl uacce 0x5700") >= 1);
  }
  CHECK(machine.kernel.open_fds() == 0);
  CHECK(machine.kernel.mappings() == 0);
}

TEST_CASE("hardware: a busy device refuses with a reason, and is there when it is free") {
  Machine machine;
  machine.AddUacce("hisi_zip-0", "0000:75:00.0", "hisi_qm_v3", "65536", "0");
  const auto found = machine.Open();
  REQUIRE(found.size() == 1);
  const std::string open = "open " + machine.tree.Path("dev/hisi_zip-0");
  machine.kernel.failures[open] = {-EBUSY};
  std::string refusal;
  CHECK(found[0].device->OpenQueue({.depth = 64, .refusal = &refusal}) == nullptr);
  CHECK(refusal.find("no queue is free") != std::string::npos);
  machine.kernel.failures.erase(open);
  CHECK(found[0].device->OpenQueue({.depth = 64, .refusal = &refusal}) != nullptr);
}

TEST_CASE("hardware: the doctor opens what looks usable, and says what to do about a refusal") {
  struct Case {
    int error;
    const char* why;
    const char* advice;
  };
  const Case cases[] = {
      {EBUSY, "no queue is free", "fuser -v"},    {EACCES, "cannot open", "udev"},
      {EPERM, "reset", "another process has it"}, {ENODEV, "cannot open", "kernel log"},
      {ENOMEM, "cannot open", "ulimit -l"},       {EIO, "cannot open", "report its version"}};
  Machine machine;
  machine.AddUacce("hisi_zip-0", "0000:75:00.0", "hisi_qm_v3", "65536", "0");
  machine.AddUacce("hisi_zip-1", "0000:76:00.0", "hisi_qm_v3", "65536", "0");
  machine.tree.Write("sys/class/uacce/hisi_zip-1/available_instances", "0");
  const auto found = machine.Open();
  REQUIRE(found.size() == 2);
  const std::string open = "open " + machine.tree.Path("dev/hisi_zip-0");
  for (const Case& refusal : cases) {
    machine.kernel.failures[open] = {-refusal.error};
    const Complaint complaint = hardware::TryToOpen(found[0], true);
    INFO(complaint.why << " | " << complaint.advice);
    CHECK(complaint.why.find(refusal.why) != std::string::npos);
    CHECK(complaint.advice.find(refusal.advice) != std::string::npos);
  }
  machine.kernel.failures.erase(open);
  CHECK(hardware::TryToOpen(found[0], true).empty());
  CHECK(machine.kernel.open_fds() == 0);
  CHECK(machine.kernel.mappings() == 0);
  // What does not look usable is not opened.
  const size_t calls = machine.kernel.log.size();
  const Complaint busy = hardware::TryToOpen(found[1], true);
  CHECK(busy.why.find("no queue is left") == 0);
  CHECK(busy.advice.find("fuser -v " + machine.tree.Path("dev/hisi_zip-1")) != std::string::npos);
  CHECK(machine.kernel.log.size() == calls);
}

TEST_CASE("hardware: what was busy or missing at the start is found later, with back-off between") {
  Machine machine;
  machine.AddUacce("hisi_zip-0", "0000:75:00.0", "hisi_qm_v3", "65536", "0");
  machine.tree.Write("sys/class/uacce/hisi_zip-0/available_instances", "0");
  hardware::Inventory inventory(machine.Options());
  REQUIRE(inventory.found().size() == 1);
  CHECK(inventory.found()[0].device == nullptr);
  CHECK(inventory.found()[0].description.for_now);

  // Looks at 1 s, and then each time twice as long after the last.
  uint64_t now = 5'000;
  CHECK(inventory.LookAgain(now).empty());
  for (const uint64_t wait : {1u, 2u, 4u, 8u, 16u, 32u, 60u, 60u}) {
    CHECK(inventory.due_ms() == now + wait * 1000);
    now = inventory.due_ms();
    CHECK(inventory.LookAgain(now).empty());
  }
  machine.tree.Write("sys/class/uacce/hisi_zip-0/available_instances", "3");
  CHECK(inventory.LookAgain(inventory.due_ms() - 1).empty());
  now = inventory.due_ms();
  const std::vector<Device*> first = inventory.LookAgain(now);
  REQUIRE(first.size() == 1);
  CHECK(first[0]->Info().name == "hisi_zip-0");
  CHECK(first[0]->OpenQueue({.depth = 64}) != nullptr);
  CHECK(inventory.found()[0].device.get() == first[0]);

  // Somebody asks by name: at once, and what is used stays as it is.
  CHECK(inventory.LookNow().empty());
  CHECK(inventory.found()[0].device.get() == first[0]);
  machine.tree.Write("sys/class/uacce/hisi_zip-0/isolate", "1");
  CHECK(inventory.LookNow().empty());
  CHECK(inventory.found()[0].device.get() == first[0]);
  machine.tree.Write("sys/class/uacce/hisi_zip-0/isolate", "0");

  // After news in a second. All is in use: only a change of the class's entries is looked into.
  CHECK(inventory.due_ms() == now + 1000);
  machine.AddUacce("hisi_zip-1", "0000:76:00.0", "hisi_qm_v3", "65536", "0");
  now = inventory.due_ms();
  const std::vector<Device*> second = inventory.LookAgain(now);
  REQUIRE(second.size() == 1);
  CHECK(second[0]->Info().name == "hisi_zip-1");
  REQUIRE(inventory.found().size() == 2);
  CHECK(inventory.found()[0].device.get() == first[0]);  // as it was
  CHECK(inventory.LookAgain(inventory.due_ms()).empty());
  CHECK(inventory.due_ms() == now + 1000 + 2000);
}

}  // namespace warpdrive::test
