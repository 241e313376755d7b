// Streams on a ZIP function with software beside it.
#include <doctest/doctest.h>

#include "software/software_device.h"
#include "support/inflate.h"
#include "support/random.h"
#include "support/session_streams.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {

TEST_CASE("zip streams: software does not begin with memory that the device may still write") {
  Random random;
  model::Options options;
  options.generation = model::Generation::kHip09;
  ZipRig rig(options, true, 8u << 20, 30);
  rig.transport().CannotStop();
  software::SoftwareDevice software(1);
  const auto channel = OpenChannel({&rig.zip(), &software});
  // One request: as an error like others it would run again though the queue is still open.
  const Bytes data = MakeData(DataKind::kMixed, 50'000, random);
  const Bytes packed = CompressStream(channel, {.wish = kAnyHardware}, data);
  CHECK(Gunzip(packed).data == data);
  CHECK(channel->stats().failovers == 1);
  CHECK(rig.function().Run() == 0);  // the queue was closed before
}

}  // namespace warpdrive::test
