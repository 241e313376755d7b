// A sysfs tree in a temporary folder, as the kernels that the transports know would show it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "warpdrive/discovery/discovery.h"

namespace warpdrive::test {

/// Answers access() from a table, so that root can test what a user without permission sees.
class FakeAccess : public Syscalls {
 public:
  int Access(const char* path, int mode) override;
  std::map<std::string, int> answers;  ///< path -> 0 or -errno; others ask the real kernel
};

class FakeSysfs {
 public:
  FakeSysfs();
  ~FakeSysfs();
  FakeSysfs(const FakeSysfs&) = delete;
  FakeSysfs& operator=(const FakeSysfs&) = delete;

  /// Paths are relative to the folder: "sys/class/...", "dev/...". Directories are made.
  void Write(const std::string& path, std::string_view text);
  void Link(const std::string& path, const std::string& target);
  void Remove(const std::string& path);
  std::string Path(const std::string& path) const { return root_ + "/" + path; }

  /// /sys/class/uacce/`name` and its node, as Linux 6.12 shows a HIP09 with SVA; the PCI function
  /// below is `address`.
  void AddUacce(const std::string& name, const std::string& address = "0000:76:00.0");
  /// /sys/class/spimdev/`address` as the RFC's tree shows it (one type), without an mdev.
  void AddSpimdev(const std::string& address, const std::string& class_name = "spimdev");
  /// An mdev of type `type`, in group `group`, with its node.
  void AddMdev(const std::string& address, const std::string& type, const std::string& uuid,
               int group);
  /// A ZIP function on PCI: the files alone, no driver, no group.
  void AddPci(const std::string& address, std::string_view device, std::string_view revision);
  void Bind(const std::string& address, const std::string& driver);
  void SetGroup(const std::string& address, int group);
  /// `rows`: "10 21", one per node 0, 1, ...
  void AddNodes(const std::string& online, const std::map<int, std::string>& rows);

  /// Options for this tree with 4 KiB pages and the caller on node 0.
  DiscoveryOptions Options();
  FakeAccess access;

 private:
  std::string root_;
};

inline constexpr const char kUuid[] = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

}  // namespace warpdrive::test
