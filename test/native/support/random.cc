#include "support/random.h"

#include <cstdlib>

namespace warpdrive::test {

uint64_t ProcessSeed() {
  static const uint64_t seed = [] {
    const char* wanted = std::getenv("WARPDRIVE_SEED");
    return wanted ? std::strtoull(wanted, nullptr, 10) : uint64_t{std::random_device{}()};
  }();
  return seed;
}

}  // namespace warpdrive::test
