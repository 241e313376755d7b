#include "warpdrive/fake_sysfs.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace warpdrive::test {
namespace fs = std::filesystem;

int FakeAccess::Access(const char* path, int mode) {
  const auto found = answers.find(path);
  return found != answers.end() ? found->second : Syscalls::Access(path, mode);
}

FakeSysfs::FakeSysfs() {
  std::string pattern = (fs::temp_directory_path() / "warpdrive-sysfs-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  root_ = pattern;
  Write("dev/vfio/vfio", "");
}

FakeSysfs::~FakeSysfs() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void FakeSysfs::Write(const std::string& path, std::string_view text) {
  const fs::path file = Path(path);
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

void FakeSysfs::Link(const std::string& path, const std::string& target) {
  const fs::path link = Path(path);
  fs::create_directories(link.parent_path());
  fs::remove(link);
  fs::create_directory_symlink(Path(target), link);
}

void FakeSysfs::Remove(const std::string& path) { fs::remove_all(Path(path)); }

void FakeSysfs::AddPci(const std::string& address, std::string_view device,
                       std::string_view revision) {
  const std::string function = "sys/devices/pci0000:74/" + address;
  Write(function + "/vendor", "0x19e5\n");
  Write(function + "/device", std::string(device) + "\n");
  Write(function + "/revision", std::string(revision) + "\n");
  Write(function + "/numa_node", "0\n");
  Link("sys/bus/pci/devices/" + address, function);
}

void FakeSysfs::Bind(const std::string& address, const std::string& driver) {
  Write("sys/bus/pci/drivers/" + driver + "/bind", "");
  Link("sys/devices/pci0000:74/" + address + "/driver", "sys/bus/pci/drivers/" + driver);
}

void FakeSysfs::SetGroup(const std::string& address, int group) {
  const std::string directory = "sys/kernel/iommu_groups/" + std::to_string(group);
  const std::string function = "sys/devices/pci0000:74/" + address;
  Link(directory + "/devices/" + address, function);
  Link(function + "/iommu_group", directory);
  Write("dev/vfio/" + std::to_string(group), "");
}

void FakeSysfs::AddUacce(const std::string& name, const std::string& address) {
  AddPci(address, "0xa250", "0x30");
  Bind(address, "hisi_zip");
  const std::string directory = "sys/devices/pci0000:74/" + address + "/uacce/" + name;
  Write(directory + "/api", "hisi_qm_v3\n");
  Write(directory + "/flags", "1\n");
  Write(directory + "/available_instances", "256\n");
  Write(directory + "/algorithms", "zlib\ngzip\ndeflate\nlz77_zstd\n\n");
  Write(directory + "/region_mmio_size", "65536\n");
  Write(directory + "/region_dus_size", "151552\n");
  Write(directory + "/isolate", "0\n");
  Write(directory + "/isolate_strategy", "0\n");
  Link(directory + "/device", "sys/devices/pci0000:74/" + address);
  Link("sys/class/uacce/" + name, directory);
  Write("dev/" + name, "");
}

void FakeSysfs::AddSpimdev(const std::string& address, const std::string& class_name) {
  AddPci(address, "0xa250", "0x20");
  Bind(address, "hisi_zip");
  const std::string function = "sys/devices/pci0000:74/" + address;
  Write(function + "/params/iommu_type", "1\n");
  Write(function + "/params/dma_flag", "1\n");
  const std::string type = function + "/mdev_supported_types/hisi_zip-hisi_zip";
  Write(type + "/name", "hisi_zip");
  Write(type + "/device_api", "hisi_qm_v1");
  Write(type + "/available_instances", "1023");
  Write(type + "/flags", "0");
  Write(type + "/create", "");
  const std::string entry = function + "/" + class_name + "/" + address;
  Link(entry + "/device", function);
  Link("sys/class/" + class_name + "/" + address, entry);
}

void FakeSysfs::AddMdev(const std::string& address, const std::string& type,
                        const std::string& uuid, int group) {
  const std::string function = "sys/devices/pci0000:74/" + address;
  const std::string directory = "sys/kernel/iommu_groups/" + std::to_string(group);
  Write(directory + "/name", "\n");
  Link(function + "/" + uuid + "/iommu_group", directory);
  Link(function + "/mdev_supported_types/" + type + "/devices/" + uuid, function + "/" + uuid);
  Write("dev/vfio/" + std::to_string(group), "");
}

void FakeSysfs::AddNodes(const std::string& online, const std::map<int, std::string>& rows) {
  Write("sys/devices/system/node/online", online + "\n");
  for (const auto& [node, row] : rows) {
    Write("sys/devices/system/node/node" + std::to_string(node) + "/distance", row + "\n");
  }
}

DiscoveryOptions FakeSysfs::Options() {
  return {.sysfs_root = Path("sys"),
          .dev_root = Path("dev"),
          .allow_unsafe_doorbell = true,
          .caller_node = 0,
          .page_size = 4096,
          .calls = &access};
}

}  // namespace warpdrive::test
