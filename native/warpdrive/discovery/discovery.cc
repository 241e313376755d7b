#include "warpdrive/discovery/discovery.h"

#include <unistd.h>

#include <iterator>
#include <utility>

#include "warpdrive/discovery/numa.h"

namespace warpdrive {
namespace {

void Append(std::vector<DeviceDescription> more, std::vector<DeviceDescription>* devices) {
  devices->insert(devices->end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<DeviceDescription> Discover(const DiscoveryOptions& given) {
  DiscoveryOptions options = given;
  if (options.page_size == 0) options.page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (options.caller_node < 0) options.caller_node = CallerNode();
  std::vector<DeviceDescription> devices = DiscoverUacce(options);
  Append(DiscoverSpimdev(options), &devices);
  Append(DiscoverVfioPci(options, devices), &devices);
  SortByPreference(NumaDistances(options.sysfs_root, options.caller_node), &devices);
  return devices;
}

}  // namespace warpdrive
