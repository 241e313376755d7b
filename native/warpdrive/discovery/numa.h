// How far a device is from the caller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "warpdrive/transport.h"

namespace warpdrive {

/// The NUMA node of the CPU that the calling thread runs on; 0 if the kernel does not say.
int CallerNode();

/// "0-1,3": the numbers, ascending, at most 1024 of them; what does not parse is left out.
std::vector<int> ParseNodeList(std::string_view text);

/// Distances as the firmware gives them (ACPI SLIT): 10 = the same node.
class NumaDistances {
 public:
  /// Of all nodes from `from`, read below `sysfs_root`/devices/system/node.
  NumaDistances(const std::string& sysfs_root, int from);
  /// -1 (unknown) counts as node 0. A node that the firmware does not list is far away.
  int To(int node) const;

 private:
  int from_;
  std::vector<int> nodes_;
  std::vector<int> distances_;  ///< of nodes_
};

/// Usable devices first; among them the nearest, then the highest priority, then the most queues
/// left, then by name.
void SortByPreference(const NumaDistances& distances, std::vector<DeviceDescription>* devices);

}  // namespace warpdrive
