#include "warpdrive/discovery/numa.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <tuple>

#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {
namespace {

constexpr int kMaxNodes = 1024;  // the kernel's MAX_NUMNODES is at most this
constexpr int kLocal = 10;
constexpr int kFar = 255;  // ACPI: unreachable

std::vector<int> ParseDistances(const std::string& text) {
  std::vector<int> distances;
  std::istringstream words(text);
  for (std::string word; words >> word && distances.size() < kMaxNodes;) {
    const auto value = ParseUnsigned(word, kFar);
    distances.push_back(value ? static_cast<int>(*value) : kFar);
  }
  return distances;
}

}  // namespace

int CallerNode() {
  unsigned node = 0;
  return syscall(SYS_getcpu, nullptr, &node, nullptr) == 0 && node < kMaxNodes
             ? static_cast<int>(node)
             : 0;
}

std::vector<int> ParseNodeList(std::string_view text) {
  std::vector<int> nodes;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    const size_t dash = part.find('-');
    const auto first = ParseUnsigned(part.substr(0, dash), kMaxNodes - 1);
    const auto last = dash == std::string_view::npos
                          ? first
                          : ParseUnsigned(part.substr(dash + 1), kMaxNodes - 1);
    if (first && last) {
      for (uint64_t node = *first; node <= *last && nodes.size() < kMaxNodes; ++node) {
        nodes.push_back(static_cast<int>(node));
      }
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

NumaDistances::NumaDistances(const std::string& sysfs_root, int from) : from_(std::max(from, 0)) {
  // A row has one number per online node, in their order: not one per number below the highest.
  const std::string directory = sysfs_root + "/devices/system/node";
  nodes_ = ParseNodeList(ReadAttribute(directory + "/online").value_or(""));
  distances_ = ParseDistances(
      ReadAttribute(directory + "/node" + std::to_string(from_) + "/distance").value_or(""));
  distances_.resize(nodes_.size(), kFar);
}

int NumaDistances::To(int node) const {
  node = std::max(node, 0);
  const auto found = std::find(nodes_.begin(), nodes_.end(), node);
  if (found != nodes_.end()) return distances_[static_cast<size_t>(found - nodes_.begin())];
  return node == from_ ? kLocal : kFar;
}

void SortByPreference(const NumaDistances& distances, std::vector<DeviceDescription>* devices) {
  const auto key = [&](const DeviceDescription& device) {
    return std::make_tuple(!device.usable, distances.To(device.numa_node), -device.priority,
                           -static_cast<int64_t>(device.available_queues),
                           std::string_view(device.name));
  };
  std::stable_sort(devices->begin(), devices->end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

}  // namespace warpdrive
