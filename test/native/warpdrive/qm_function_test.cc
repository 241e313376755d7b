#include "warpdrive/hisilicon/qm_function.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "model/registers.h"
#include "warpdrive/hisilicon/qm_queue.h"
#include "warpdrive/hisilicon/zip_sqe.h"
#include "warpdrive/model_device.h"

namespace warpdrive::test {
namespace {

using model::Generation;

std::vector<model::Options> AllFunctions() {
  model::Options v1;
  v1.generation = Generation::kV1;
  model::Options v2;
  model::Options v3;
  v3.generation = Generation::kHip09;
  model::Options shared = v3;
  shared.doorbell_isolation = false;
  model::Options no_stop = v3;
  no_stop.stop_qp = false;
  model::Options shallow = v3;
  shallow.sq_depth = 64;
  shallow.cq_depth = 32;
  model::Options physical;
  physical.virtual_function = false;
  return {v1, v2, v3, shared, no_stop, shallow, physical};
}

void CheckClean(ModelDevice& device) {
  for (const model::Violation& violation : device.function().violations()) {
    FAIL_CHECK(model::ReasonName(violation.reason), ": ", violation.detail);
  }
}

}  // namespace

TEST_CASE("qm function: every generation comes up as the registers want it") {
  for (const model::Options& options : AllFunctions()) {
    ModelDevice device(options);
    const Outcome outcome = device.Start();
    if (!outcome) FAIL(outcome.error().message);
    CheckClean(device);
    CHECK(device.qm().queue_count() == (options.generation == Generation::kV1 ? 1024u : 16u));
    // Stores: widths, and the order of the steps.
    std::vector<uint64_t> mailboxes;
    for (const model::Store& store : device.function().stores()) {
      if (store.bar != 2) continue;
      if (store.offset == model::reg::kMailbox) {
        CHECK(store.size == 16);
        mailboxes.push_back(store.word() & 0xFF);
      } else if (store.offset == model::reg::kEventBell ||
                 store.offset == model::reg::kDoorbellV1) {
        CHECK(store.size == 8);
      } else {
        CHECK(store.size == 4);
      }
    }
    std::vector<uint64_t> expected = {2, 3, 4, 5};  // EQC, AEQC, SQC table, CQC table
    if (options.generation != Generation::kV1) expected.insert(expected.begin(), 6);
    CHECK(mailboxes == expected);
  }
}

TEST_CASE("qm function: queues start, stop, and start again under the same number") {
  for (const model::Options& options : AllFunctions()) {
    ModelDevice device(options);
    REQUIRE(device.Start().ok());
    for (int round = 0; round < 3; ++round) {
      const Result<QueueRings> compress = device.qm().StartQueue(Direction::kCompress);
      if (!compress) FAIL(compress.error().message);
      const Result<QueueRings> decompress = device.qm().StartQueue(Direction::kDecompress);
      REQUIRE(decompress.ok());
      CHECK(compress.value().queue_number == 0);
      CHECK(decompress.value().queue_number == 1);
      CHECK(hisilicon::QmQueue::Check(compress.value()).ok());
      CHECK(compress.value().sq_depth == std::min<uint32_t>(1024, options.sq_depth));
      CHECK(compress.value().cq_depth == std::min<uint32_t>(1024, options.cq_depth));
      for (const uint16_t number : {0, 1}) {
        CHECK(device.qm().StopQueue(number));
        CHECK(device.qm().StopQueue(number));
        device.qm().ReleaseQueue(number);
      }
      CHECK(device.qm().Healthy());
    }
    CheckClean(device);
  }
}

TEST_CASE("qm function: no more queues than there are, and room in the arena for each") {
  model::Options options;
  options.queue_count = 3;
  ModelDevice device(options, false, 1u << 20);
  REQUIRE(device.Start().ok());
  for (int i = 0; i < 3; ++i) REQUIRE(device.qm().StartQueue(Direction::kCompress).ok());
  const Result<QueueRings> fourth = device.qm().StartQueue(Direction::kCompress);
  REQUIRE(!fourth.ok());
  CHECK(fourth.error().code == ErrorCode::kBusy);

  ModelDevice small(model::Options{}, false, 192u << 10);
  REQUIRE(small.Start().ok());
  REQUIRE(small.qm().StartQueue(Direction::kCompress).ok());
  CHECK(small.qm().StartQueue(Direction::kCompress).error().code == ErrorCode::kBusy);
}

TEST_CASE("qm function: a mailbox that fails or stays silent is an error that names the command") {
  for (const model::FaultKind kind :
       {model::FaultKind::kMailboxStatus, model::FaultKind::kMailboxBusy}) {
    for (uint64_t after = 0; after < 5; ++after) {
      model::Options options;
      ModelDevice device(options);
      device.function().Inject({.kind = kind, .value = 3, .after = after});
      const Outcome outcome = device.Start();
      if (kind == model::FaultKind::kMailboxBusy) {  // busy for three reads only
        CHECK(outcome.ok());
        continue;
      }
      REQUIRE(!outcome.ok());
      CHECK(outcome.error().code == ErrorCode::kProtocol);
      CHECK(outcome.error().message.find("status 3") != std::string::npos);
    }
  }
}

TEST_CASE("qm function: a queue that does not start breaks the function until its reset") {
  model::Options options;
  ModelDevice device(options);
  REQUIRE(device.Start().ok());
  const Result<QueueRings> first = device.qm().StartQueue(Direction::kCompress);
  REQUIRE(first.ok());
  device.function().Inject({.kind = model::FaultKind::kMailboxStatus, .value = 1});
  CHECK_FALSE(device.qm().StartQueue(Direction::kCompress).ok());
  CHECK_FALSE(device.qm().Healthy());
  CHECK(*first.value().stop_send == 1);
  CHECK_FALSE(device.qm().StopQueue(0));
  CHECK(device.qm().StartQueue(Direction::kCompress).error().code == ErrorCode::kGone);
}

TEST_CASE("qm function: removal and asynchronous events are noticed") {
  ModelDevice removed{model::Options{}};
  REQUIRE(removed.Start().ok());
  CHECK(removed.qm().Healthy());
  removed.function().Remove();
  CHECK_FALSE(removed.qm().Healthy());
  CHECK_FALSE(removed.qm().StartQueue(Direction::kCompress).ok());

  ModelDevice failed{model::Options{}};
  REQUIRE(failed.Start().ok());
  REQUIRE(failed.qm().StartQueue(Direction::kCompress).ok());
  failed.function().RaiseAsyncEvent(model::AsyncEvent::kCqOverflow, 0);
  CHECK_FALSE(failed.qm().Healthy());
}

TEST_CASE("qm function: other devices and unknown revisions are refused") {
  class OtherConfig final : public hisilicon::PciConfig {
   public:
    OtherConfig(uint32_t id, uint32_t revision) : id_(id), revision_(revision) {}
    uint32_t Read32(uint32_t offset) override {
      return offset == 0 ? id_ : offset == 8 ? revision_ : 0;
    }
    void Write16(uint32_t, uint16_t) override { FAIL("written before it was known"); }

   private:
    uint32_t id_;
    uint32_t revision_;
  };
  model::MappedBus bus;
  model::ZipFunction function(model::Options{}, &bus);
  ModelMmio bar2(&function, 2);
  ModelMapper mapper(&bus);
  const auto refusal = [&](uint32_t id, uint32_t revision) {
    OtherConfig config(id, revision);
    const auto started = hisilicon::QmFunction::Start(
        {.config = &config, .bar2 = &bar2, .mapper = &mapper, .arena_size = 1u << 20});
    REQUIRE(!started.ok());
    CHECK(started.error().code == ErrorCode::kUnsupported);
    return started.error().message;
  };
  CHECK(refusal(0x12348086, 0x21).find("0x12348086") != std::string::npos);
  CHECK(refusal(0xA25119E5, 0x22).find("0x00000022") != std::string::npos);
  CHECK(function.stores().empty());
}

}  // namespace warpdrive::test
