// Random numbers that a failing run can be repeated with.
#pragma once

#include <cstdint>
#include <random>

namespace warpdrive::test {

/// The environment's WARPDRIVE_SEED, else a new one per process. main() prints it.
uint64_t ProcessSeed();

/// A generator that starts from ProcessSeed() alone, so each test case repeats without the others.
class Random {
 public:
  Random() : engine_(ProcessSeed()) {}
  explicit Random(uint64_t seed) : engine_(seed) {}
  /// 0 to limit - 1; 0 for limit 0.
  size_t Below(size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  size_t Between(size_t low, size_t high) { return low + Below(high - low + 1); }
  bool Chance(size_t one_in) { return Below(one_in) == 0; }
  uint64_t Next() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace warpdrive::test
