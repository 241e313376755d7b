#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "support/random.h"

int main(int argc, char** argv) {
  std::printf("WARPDRIVE_SEED=%llu\n",
              static_cast<unsigned long long>(warpdrive::test::ProcessSeed()));
  doctest::Context context(argc, argv);
  return context.run();
}
