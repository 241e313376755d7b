#include "warpdrive/discovery/discovery.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "support/random.h"
#include "warpdrive/discovery/identity.h"
#include "warpdrive/discovery/numa.h"
#include "warpdrive/discovery/sysfs.h"
#include "warpdrive/fake_sysfs.h"

namespace warpdrive::test {
namespace {

constexpr char kZip[] = "sys/class/uacce/hisi_zip-3/";

// The one device of the tree.
DeviceDescription Only(const DiscoveryOptions& options) {
  const std::vector<DeviceDescription> devices = Discover(options);
  REQUIRE(devices.size() == 1);
  CHECK(devices[0].usable == devices[0].why_unusable.empty());
  return devices[0];
}

bool Says(const DeviceDescription& device, std::string_view words) {
  const std::string text = Explanation(device);
  INFO(text);
  CHECK(device.usable == device.advice.empty());  // no reason without what to do
  const bool says = !device.usable && text.find(words) != std::string::npos;
  CHECK(says);
  return says;
}

}  // namespace

TEST_CASE("sysfs: numbers are whole numbers or nothing") {
  CHECK(ParseUnsigned("256\n") == 256);
  CHECK(ParseUnsigned(" 0 ") == 0);
  for (const char* bad : {"", "\n", "-1", "+1", "1x", "0x10", "1 2", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseUnsigned(bad));
  }
  CHECK_FALSE(ParseUnsigned("11", 10));
  CHECK(ParseSigned("-1\n") == -1);
  CHECK_FALSE(ParseSigned("2147483648"));
  CHECK(ParseHex("0x19e5\n") == 0x19e5);
  CHECK(ParseHex("a250") == 0xa250);
  CHECK_FALSE(ParseHex("0x"));
  CHECK_FALSE(ParseHex("0x1ffffffff"));
  CHECK(Lines("zlib\n\ngzip \n") == std::vector<std::string>{"zlib", "gzip"});
  CHECK(IsUuid(kUuid));
  CHECK_FALSE(IsUuid("83b8f4f2-509f-382f-3c1e-e6bfe0fa100"));
  CHECK_FALSE(IsUuid("../../../../../../../../../../etc/passwd"));
}

TEST_CASE("sysfs: an attribute cannot bring control characters or more than a page") {
  FakeSysfs tree;
  tree.Write("sys/a", std::string_view("\x1b[2Jx\0y\xff\n", 9));
  CHECK(ReadAttribute(tree.Path("sys/a")) == "?[2Jx?y?");
  tree.Write("sys/long", std::string(10000, 'z'));
  CHECK(ReadAttribute(tree.Path("sys/long"))->size() == kMaxAttributeBytes);
  CHECK_FALSE(ReadAttribute(tree.Path("sys/missing")));
  CHECK_FALSE(ReadAttribute(tree.Path("sys")));
}

TEST_CASE("discovery: api strings") {
  CHECK(ParseApi("hisi_qm_v1").protocol == 1);
  CHECK(ParseApi("hisi_qm_v2").protocol == 2);
  CHECK(ParseApi("hisi_qm_v3").protocol == 3);
  CHECK(ParseApi("hisi_qm_v5").protocol == 3);
  CHECK(ParseApi("hisi_qm_v2_noiommu").protocol == 2);
  CHECK(ParseApi("hisi_qm_v2_noiommu").no_iommu);
  for (const char* bad : {"", "hisi_qm_v", "hisi_qm_v6", "hisi_qm_v0", "hisi_qm_v2x", "qat_v2"}) {
    CAPTURE(bad);
    CHECK(ParseApi(bad).protocol == 0);
  }
}

TEST_CASE("discovery: a machine without accelerators has none") {
  FakeSysfs tree;
  CHECK(Discover(tree.Options()).empty());
  DiscoveryOptions nowhere = tree.Options();
  nowhere.sysfs_root = "/nonexistent";
  CHECK(Discover(nowhere).empty());
}

TEST_CASE("discovery uacce: a HIP09 with SVA, field by field") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  tree.Write("sys/devices/pci0000:74/0000:76:00.0/numa_node", "1\n");
  DiscoveryOptions options = tree.Options();
  options.allow_unsafe_doorbell = false;
  const DeviceDescription device = Only(options);
  CHECK(device.usable);
  CHECK(device.name == "hisi_zip-3");
  CHECK(device.transport == TransportKind::kUacce);
  CHECK(device.api == "hisi_qm_v3");
  CHECK(device.protocol == 3);
  CHECK(device.algorithms == std::vector<std::string>{"zlib", "gzip", "deflate", "lz77_zstd"});
  CHECK(device.generation == "HIP09");
  CHECK(device.numa_node == 1);
  CHECK(device.available_queues == 256);
  CHECK(device.dma == DmaMode::kSva);
  CHECK(device.doorbell == DoorbellSafety::kPrivate);
  CHECK_FALSE(device.isolated);
  CHECK(device.dev_path == tree.Path("dev/hisi_zip-3"));
}

TEST_CASE("discovery uacce: a shared doorbell needs consent") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  DiscoveryOptions refused = tree.Options();
  refused.allow_unsafe_doorbell = false;
  SUBCASE("V2") {
    tree.Write(std::string(kZip) + "api", "hisi_qm_v2\n");
    tree.Write(std::string(kZip) + "region_mmio_size", "8192\n");
  }
  SUBCASE("V2 with 64 KiB pages, whose region has the size of a private one") {
    tree.Write(std::string(kZip) + "api", "hisi_qm_v2\n");
    refused.page_size = 65536;
    tree.Write(std::string(kZip) + "region_dus_size", "262144\n");
  }
  SUBCASE("V3 without doorbell isolation") {
    tree.Write(std::string(kZip) + "region_mmio_size", "8192\n");
  }
  SUBCASE("V1") {
    tree.Write(std::string(kZip) + "api", "hisi_qm_v1\n");
    tree.Write(std::string(kZip) + "region_mmio_size", "4096\n");
  }
  const DeviceDescription device = Only(refused);
  CHECK(device.doorbell == DoorbellSafety::kShared);
  Says(device, "WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1");
  Says(device, "make the whole device reset");
  DiscoveryOptions allowed = refused;
  allowed.allow_unsafe_doorbell = true;
  CHECK(Only(allowed).usable);
}

TEST_CASE("discovery uacce: what makes a device unusable is named") {
  struct Case {
    const char* attribute;
    const char* text;  // nullptr: the attribute is not there
    const char* says;
  };
  const Case cases[] = {
      {"api", "hisi_qm_v9\n", "'hisi_qm_v9' is not known"},
      {"api", "", "'' is not known"},
      {"api", nullptr, "'' is not known"},
      {"api", "hisi_qm_v2_noiommu\n", "physical addresses"},
      {"flags", "2\n", "physical addresses"},
      {"flags", "3\n", "physical addresses"},
      {"flags", "128\n", "SS region"},
      {"flags", "0\n", "without shared virtual addressing"},
      {"flags", "one\n", "cannot read a number"},
      {"flags", nullptr, "cannot read a number"},
      {"available_instances", "0\n", "no queue is left"},
      {"available_instances", "-19\n", "cannot read a number"},
      {"available_instances", nullptr, "cannot read a number"},
      {"algorithms", "lz77_zstd\nlz77_only\n", "it offers: lz77_zstd, lz77_only"},
      {"algorithms", "zlibx\n", "zlibx"},
      {"algorithms", nullptr, "it offers: nothing"},
      {"region_mmio_size", nullptr, "region_mmio_size"},
      {"region_mmio_size", "4096\n", "does not reach the doorbell"},
      {"region_mmio_size", "99999999999999999999\n", "region_mmio_size"},
      {"region_dus_size", nullptr, "region_dus_size"},
      {"region_dus_size", "0\n", "not a number of pages"},
      {"region_dus_size", "151553\n", "not a number of pages"},
      {"region_dus_size", "1099511627776\n", "region_dus_size"},
      {"isolate", "1\n", "isolated it after hardware errors"},
      {"isolate", "2\n", "cannot read 0 or 1"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.attribute);
    CAPTURE(item.text);
    FakeSysfs tree;
    tree.AddUacce("hisi_zip-3");
    const std::string path = kZip + std::string(item.attribute);
    if (item.text == nullptr) {
      tree.Remove(path);
    } else {
      tree.Write(path, item.text);
    }
    // A class without any compression algorithm is somebody else's device, and not shown.
    if (std::string_view(item.says) == "zlibx") {
      CHECK(DiscoverUacce(tree.Options()).empty());
    } else {
      Says(Only(tree.Options()), item.says);
    }
  }
}

TEST_CASE("discovery uacce: what kernels leave out or add does no harm") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  tree.Remove(std::string(kZip) + "isolate");  // before Linux 6.3
  tree.Remove(std::string(kZip) + "isolate_strategy");
  tree.Write("sys/devices/pci0000:74/0000:76:00.0/numa_node", "-1\n");
  tree.Write(std::string(kZip) + "dev_state", "0\n");  // KAE
  const DeviceDescription device = Only(tree.Options());
  CHECK(device.usable);
  CHECK(device.numa_node == -1);
}

TEST_CASE("discovery uacce: permissions, as an operator would put them") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  const std::string node = tree.Path("dev/hisi_zip-3");
  tree.access.answers[node] = -EACCES;
  Says(Only(tree.Options()), "no permission to read and write " + node + "; let a udev rule");
  tree.access.answers.clear();
  tree.Remove("dev/hisi_zip-3");
  Says(Only(tree.Options()), node + " does not exist");
}

TEST_CASE("discovery uacce: several reasons are all named") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  tree.Write(std::string(kZip) + "isolate", "1\n");
  tree.Write(std::string(kZip) + "available_instances", "0\n");
  const DeviceDescription device = Only(tree.Options());
  CHECK(device.isolated);
  Says(device, "no queue is left");
  Says(device, "; the kernel isolated it");
}

TEST_CASE("discovery uacce: other accelerators of the class are not ours") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3");
  tree.Write("sys/class/uacce/hisi_sec2-0/algorithms", "cipher\ndigest\naead\n");
  tree.Write("sys/class/uacce/hisi_sec2-0/api", "hisi_qm_v3\n");
  CHECK(Only(tree.Options()).name == "hisi_zip-3");
}

TEST_CASE("discovery spimdev: the RFC's tree with an mdev") {
  FakeSysfs tree;
  tree.AddSpimdev("0000:75:00.0");
  tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", kUuid, 12);
  const DeviceDescription device = Only(tree.Options());
  CHECK(device.usable);
  CHECK(device.name == "0000:75:00.0");
  CHECK(device.transport == TransportKind::kSpimdev);
  CHECK(device.protocol == 1);
  CHECK(device.generation == "HIP08 engineering sample");
  CHECK(device.algorithms == std::vector<std::string>{"zlib", "gzip"});
  CHECK(device.available_queues == 1023);
  CHECK(device.dma == DmaMode::kMapped);
  CHECK(device.doorbell == DoorbellSafety::kShared);
  CHECK(device.iommu_type == 1);
  CHECK_FALSE(device.mdev_is_queue);
  REQUIRE(device.mdevs.size() == 1);
  CHECK(device.mdevs[0].ends_with(kUuid));
  CHECK(device.dev_path == tree.Path("dev/vfio/12"));
  DiscoveryOptions refused = tree.Options();
  refused.allow_unsafe_doorbell = false;
  Says(Only(refused), "its doorbell is shared");
}

TEST_CASE("discovery spimdev: openEuler's tree") {
  FakeSysfs tree;
  tree.AddSpimdev("0000:75:00.0");
  const std::string parent = "sys/devices/pci0000:74/0000:75:00.0/";
  tree.Remove(parent + "params");
  tree.Remove(parent + "mdev_supported_types");
  tree.Write(parent + "spimdev_para/iommu_type", "1\n");
  tree.Write(parent + "spimdev_para/dma_flag", "33\n");  // 0x20: takes SGLs
  tree.Write(parent + "spimdev_para/node_id", "2\n");
  tree.Write(parent + "revision", "0x21\n");
  for (const char* name : {"zlib", "gzip"}) {
    const std::string type = parent + "mdev_supported_types/hisi_zip-" + name;
    tree.Write(type + "/name", name);
    tree.Write(type + "/type", "zip");
    tree.Write(type + "/device_api", "hisi_qm_v2");
    tree.Write(type + "/available_instances", "64");
  }
  tree.AddMdev("0000:75:00.0", "hisi_zip-zlib", kUuid, 3);
  const DeviceDescription device = Only(tree.Options());
  CHECK(device.usable);
  CHECK(device.protocol == 2);
  CHECK(device.generation == "HIP08");
  CHECK(device.algorithms == std::vector<std::string>{"gzip", "zlib"});
  CHECK(device.numa_node == 2);
  CHECK(device.available_queues == 64);
  DiscoveryOptions large_pages = tree.Options();
  large_pages.page_size = 65536;
  Says(Only(large_pages), "needs 4 KiB pages");
}

TEST_CASE("discovery spimdev: what makes a device unusable is named") {
  struct Case {
    const char* attribute;
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"params/dma_flag", "0\n", "lets it reach no memory"},
      {"params/dma_flag", "2\n", "no released kernel"},
      {"params/dma_flag", "4\n", "no released kernel"},
      {"params/dma_flag", "8\n", "no released kernel"},
      {"params/dma_flag", "16\n", "physical addresses"},
      {"params/dma_flag", "x\n", "cannot read a number"},
      {"params/iommu_type", "64\n", "no IOMMU between"},
      {"params/iommu_type", "8\n", "no IOMMU between"},
      {"params/iommu_type", "", "cannot read a number"},
      {"mdev_supported_types/hisi_zip-hisi_zip/device_api", "hisi_qm_v3", "is not known"},
      {"mdev_supported_types/hisi_zip-hisi_zip/device_api", "vfio-pci", "'vfio-pci' is not known"},
      {"mdev_supported_types/hisi_zip-hisi_zip/available_instances", "0", "no queue is left"},
      {"mdev_supported_types/hisi_zip-hisi_zip/available_instances", "many", "cannot read"},
      {"mdev_supported_types/hisi_zip-hisi_zip/name", "memcopy", "it offers: memcopy"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.attribute);
    CAPTURE(item.text);
    FakeSysfs tree;
    tree.AddSpimdev("0000:75:00.0");
    tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", kUuid, 12);
    tree.Write("sys/devices/pci0000:74/0000:75:00.0/" + std::string(item.attribute), item.text);
    Says(Only(tree.Options()), item.says);
  }
}

TEST_CASE("discovery spimdev: mdevs missing, foreign, or without permission") {
  FakeSysfs tree;
  tree.AddSpimdev("0000:75:00.0");
  Says(Only(tree.Options()), "as root, write a UUID to");
  DiscoveryOptions creating = tree.Options();
  creating.create_mdev = true;
  CHECK(Only(creating).usable);
  CHECK(Only(creating).mdevs.empty());
  const std::string create = tree.Path(
      "sys/class/spimdev/0000:75:00.0/device/mdev_supported_types/hisi_zip-hisi_zip/create");
  tree.access.answers[create] = -EACCES;
  Says(Only(creating), "as root, write a UUID to");

  tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", "not-a-uuid", 11);
  Says(Only(tree.Options()), "as root, write a UUID to");
  tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", kUuid, 12);
  tree.access.answers[tree.Path("dev/vfio/12")] = -EACCES;
  Says(Only(tree.Options()), "no permission to read and write " + tree.Path("dev/vfio/12"));
  // A second one that may be opened makes up for it.
  tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", "93b8f4f2-509f-382f-3c1e-e6bfe0fa1002", 13);
  CHECK(Only(tree.Options()).dev_path == tree.Path("dev/vfio/13"));
  tree.access.answers[tree.Path("dev/vfio/vfio")] = -ENOENT;
  Says(Only(tree.Options()), "load the modules vfio and vfio_iommu_type1");
}

TEST_CASE("discovery sdmdev: the queue belongs to the mdev") {
  FakeSysfs tree;
  tree.AddSpimdev("0000:75:00.0", "sdmdev");
  tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", kUuid, 12);
  tree.Write(
      "sys/devices/pci0000:74/0000:75:00.0/mdev_supported_types/hisi_zip-hisi_zip/"
      "available_instances",
      "0");
  const DeviceDescription device = Only(tree.Options());
  CHECK(device.mdev_is_queue);
  CHECK(device.usable);
}

TEST_CASE("discovery vfio-pci: a virtual function of each revision") {
  struct Case {
    const char* revision;
    int protocol;
    const char* generation;
  };
  for (const Case& item : {Case{"0x20", 1, "HIP08 engineering sample"}, Case{"0x21", 2, "HIP08"},
                           Case{"0x30", 3, "HIP09"}, Case{"0x51", 3, "after HIP09"}}) {
    FakeSysfs tree;
    tree.AddPci("0000:75:00.1", "0xa251", item.revision);
    tree.Bind("0000:75:00.1", "vfio-pci");
    tree.SetGroup("0000:75:00.1", 40);
    DiscoveryOptions options = tree.Options();
    options.allow_unsafe_doorbell = false;  // the function is all ours
    const DeviceDescription device = Only(options);
    CHECK(device.usable);
    CHECK(device.name == "0000:75:00.1");
    CHECK(device.transport == TransportKind::kVfioPci);
    CHECK(device.protocol == item.protocol);
    CHECK(device.generation == item.generation);
    CHECK(device.dma == DmaMode::kMapped);
    CHECK(device.doorbell == DoorbellSafety::kPrivate);
    CHECK(device.dev_path == tree.Path("dev/vfio/40"));
    CHECK(device.algorithms.size() == (item.protocol == 3 ? 3 : 2));
  }
}

TEST_CASE("discovery vfio-pci: what keeps a function from being used") {
  FakeSysfs tree;
  tree.AddPci("0000:75:00.1", "0xa251", "0x21");
  Says(Only(tree.Options()), "no driver is bound to it; bind it to vfio-pci");
  tree.Bind("0000:75:00.1", "hisi_zip");
  Says(Only(tree.Options()), "unbind it from hisi_zip and bind it to vfio-pci");
  tree.Bind("0000:75:00.1", "vfio-pci");
  Says(Only(tree.Options()), "in no IOMMU group");
  tree.SetGroup("0000:75:00.1", 40);
  CHECK(Only(tree.Options()).usable);
  tree.Write("sys/kernel/iommu_groups/40/name", "vfio-noiommu\n");
  Says(Only(tree.Options()), "no-IOMMU mode");
  tree.Write("sys/kernel/iommu_groups/40/name", "\n");
  tree.access.answers[tree.Path("dev/vfio/40")] = -EACCES;
  Says(Only(tree.Options()), tree.Path("dev/vfio/40"));
  tree.access.answers.clear();
  tree.Write("sys/devices/pci0000:74/0000:75:00.1/revision", "0x99\n");
  Says(Only(tree.Options()), "its PCI revision is none of");
  tree.Write("sys/devices/pci0000:74/0000:75:00.1/revision", "0x21\n");

  // Another function of the group with a driver of the host's.
  tree.Write("sys/devices/pci0000:74/0000:7d:00.0/vendor", "0x8086\n");
  tree.Bind("0000:7d:00.0", "e1000e");
  tree.SetGroup("0000:7d:00.0", 40);
  Says(Only(tree.Options()), "0000:7d:00.0 is bound to e1000e");
}

TEST_CASE("discovery vfio-pci: physical functions are pointed at the way to a virtual one") {
  FakeSysfs tree;
  tree.AddPci("0000:75:00.0", "0xa250", "0x21");
  Says(Only(tree.Options()), "load the module hisi_zip");
  tree.Bind("0000:75:00.0", "hisi_zip");
  Says(Only(tree.Options()), "uacce_mode=1");
  tree.Bind("0000:75:00.0", "vfio-pci");
  tree.SetGroup("0000:75:00.0", 40);
  Says(Only(tree.Options()), "physical function");
  tree.Bind("0000:75:00.0", "uio_pci_generic");
  Says(Only(tree.Options()), "bound to uio_pci_generic");
}

TEST_CASE("discovery: a function that uacce already shows is not shown twice") {
  FakeSysfs tree;
  tree.AddUacce("hisi_zip-3", "0000:76:00.0");
  CHECK(Only(tree.Options()).transport == TransportKind::kUacce);
  tree.AddPci("0000:77:00.0", "0xa258", "0x30");  // hpre: not ours
  CHECK(Discover(tree.Options()).size() == 1);
}

TEST_CASE("numa: lists of nodes, with gaps and nonsense") {
  CHECK(ParseNodeList("0-1,3\n") == std::vector<int>{0, 1, 3});
  CHECK(ParseNodeList("2").size() == 1);
  CHECK(ParseNodeList("").empty());
  CHECK(ParseNodeList("x,1,-,5-,7-6") == std::vector<int>{1});
  CHECK(ParseNodeList("0-4294967296").empty());
  CHECK(ParseNodeList("0-1023,0-1023").size() == 1024);
  CHECK(CallerNode() >= 0);
}

TEST_CASE("numa: rows have one distance per online node") {
  FakeSysfs tree;
  tree.AddNodes("0,2", {{0, "10 32"}, {2, "32 10"}});
  const NumaDistances near0(tree.Path("sys"), 0);
  CHECK(near0.To(0) == 10);
  CHECK(near0.To(2) == 32);
  CHECK(near0.To(-1) == 10);  // unknown counts as 0
  CHECK(near0.To(1) == 255);
  const NumaDistances nothing("/nonexistent", 1);
  CHECK(nothing.To(1) == 10);
  CHECK(nothing.To(0) == 255);
}

TEST_CASE("discovery: the nearest usable device comes first") {
  FakeSysfs tree;
  tree.AddNodes("0-3", {{0, "10 12 20 22"}, {2, "20 22 10 12"}});
  const auto add = [&](const std::string& name, const std::string& address, int node, int queues) {
    tree.AddUacce(name, address);
    tree.Write("sys/devices/pci0000:74/" + address + "/numa_node", std::to_string(node));
    tree.Write("sys/class/uacce/" + name + "/available_instances", std::to_string(queues));
  };
  add("hisi_zip-0", "0000:75:00.0", 2, 250);
  add("hisi_zip-1", "0000:76:00.0", 0, 10);
  add("hisi_zip-2", "0000:b5:00.0", 0, 20);
  add("hisi_zip-4", "0000:b6:00.0", 0, 0);
  add("hisi_zip-5", "0000:b7:00.0", 1, 255);
  const auto names = [&](int node) {
    DiscoveryOptions options = tree.Options();
    options.caller_node = node;
    std::vector<std::string> result;
    for (const DeviceDescription& device : Discover(options)) result.push_back(device.name);
    return result;
  };
  CHECK(names(0) == std::vector<std::string>{"hisi_zip-2", "hisi_zip-1", "hisi_zip-5", "hisi_zip-0",
                                             "hisi_zip-4"});
  CHECK(names(2).front() == "hisi_zip-0");
  CHECK(names(2).back() == "hisi_zip-4");  // not usable: last, however near
}

TEST_CASE("discovery: random bytes in any attribute never make nonsense usable") {
  Random random;
  for (int round = 0; round < 150; ++round) {
    FakeSysfs tree;
    tree.AddUacce("hisi_zip-3");
    tree.AddSpimdev("0000:75:00.0");
    tree.AddMdev("0000:75:00.0", "hisi_zip-hisi_zip", kUuid, 12);
    tree.AddPci("0000:75:00.1", "0xa251", "0x21");
    tree.Bind("0000:75:00.1", "vfio-pci");
    tree.SetGroup("0000:75:00.1", 40);
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(tree.Path("sys/devices"))) {
      if (entry.is_regular_file() && !entry.is_symlink()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (int i = 0; i < 3; ++i) {
      std::string text(random.Below(40), '\0');
      for (char& c : text) {
        c = random.Below(2) == 0 ? "0123456789-\n_vx "[random.Below(16)]
                                 : static_cast<char>(random.Below(256));
      }
      std::ofstream(files[random.Below(files.size())], std::ios::binary) << text;
    }
    for (const DeviceDescription& device : Discover(tree.Options())) {
      CAPTURE(device.name);
      CHECK(device.usable == device.why_unusable.empty());
      if (!device.usable) continue;
      CHECK(device.protocol >= 1);
      CHECK(device.protocol <= 3);
      CHECK(device.dma != DmaMode::kUnsupported);
      CHECK(std::any_of(device.algorithms.begin(), device.algorithms.end(), IsUsable));
      CHECK(device.numa_node >= -1);
      if (device.transport != TransportKind::kVfioPci) CHECK(device.available_queues > 0);
    }
  }
}

}  // namespace warpdrive::test
