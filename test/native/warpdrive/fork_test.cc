// A process that forks without exec (another addon, a library): the child has copies of all
// objects, but neither the rings' memory nor the right to use the queue.
#include <dirent.h>
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <string>

#include "software/software_device.h"
#include "support/inflate.h"
#include "support/random.h"
#include "support/session_streams.h"
#include "warpdrive/zip_rig.h"

namespace warpdrive::test {
namespace {

/// Runs `body` in a child. @return what it returned; -1 if it crashed
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Of all eventfds of this process. A child shares them.
uint64_t EventCounts() {
  uint64_t sum = 0;
  DIR* const folder = opendir("/proc/self/fdinfo");
  REQUIRE(folder != nullptr);
  while (const dirent* entry = readdir(folder)) {
    std::ifstream info(std::string("/proc/self/fdinfo/") + entry->d_name);
    for (std::string word; info >> word;) {
      uint64_t count = 0;
      if (word == "eventfd-count:" && info >> std::hex >> count) sum += count;
    }
  }
  closedir(folder);
  return sum;
}

void Count(void* notified) { static_cast<std::atomic<uint32_t>*>(notified)->fetch_add(1); }

}  // namespace

TEST_CASE("zip fork: whatever a child calls first, its parent's queue is left alone") {
  enum Call { kSend, kReceive, kArm, kArmIdle, kWait, kClose, kCalls };
  Random random;
  for (const bool sva : {false, true}) {
    for (int call = 0; call < kCalls; ++call) {
      CAPTURE(sva);
      CAPTURE(call);
      model::Options options;
      options.generation = model::Generation::kHip09;
      ZipRig rig(options, sva);
      std::atomic<uint32_t> notified{0};
      auto queue = rig.Open({.notify = Count, .notify_context = &notified});
      const Block before(Format::kZlib, Flush::kSync, MakeData(DataKind::kMixed, 1000, random), 1);
      const Block after(Format::kGzip, Flush::kFinish, MakeData(DataKind::kMixed, 1000, random), 2);
      const bool idle = call == kArmIdle;
      if (!idle) REQUIRE(queue->Send({&before.request, 1}) == 1);
      const size_t stores = rig.function().stores().size();
      const int result = InChild([&] {
        if (call == kReceive) {
          Completion completion;
          if (queue->Receive({&completion, 1}) != 1) return 1;
          if (completion.tag != 1 || completion.status != Status::kDeviceError) return 2;
        }
        if (call == kArm && queue->Arm()) return 3;  // there is something to take
        if (call == kArmIdle && !queue->Arm()) return 4;
        if (call == kWait && !queue->Wait(1)) return 5;
        if (call != kClose) {
          // Idle and armed: what cannot be done is told like what is done.
          if (queue->Send({&after.request, 1}) != 1) return 6;
          if (idle && notified.load() != 1) return 7;
          bool found = false;
          Completion completion;
          while (queue->Receive({&completion, 1}) == 1) {
            if (completion.status != Status::kDeviceError) return 8;
            found |= completion.tag == 2;
          }
          if (!found) return 9;
          if (queue->alive() || queue->Room() != 0) return 10;
        }
        queue.reset();
        return rig.function().stores().size() == stores ? 0 : 11;
      });
      CHECK(result == 0);
      CHECK(EventCounts() == 0);
      CHECK(queue->alive());
      if (idle) REQUIRE(queue->Send({&before.request, 1}) == 1);
      rig.function().Run();
      before.CheckDone(Collect(*queue, 1).at(1));
      rig.CheckClean();
    }
  }
}

TEST_CASE("zip fork: a child's streams are compressed, by software") {
  Random random;
  ZipRig rig(Immediate(model::Generation::kHip08));
  software::SoftwareDevice software(1);
  const auto channel = OpenChannel({&rig.zip(), &software});
  const StreamScript script{.synchronous = true, .wish = kAnyHardware};
  const Bytes data = MakeData(DataKind::kMixed, 40'000, random);
  CHECK(Gunzip(CompressStream(channel, script, data)).data == data);
  CHECK(channel->device_stats(0).requests == 1);
  const size_t stores = rig.function().stores().size();
  CHECK(InChild([&] {
          const Bytes packed = CompressStream(channel, script, data);
          if (Gunzip(packed).data != data) return 1;
          if (channel->device_stats(0).requests != 1) return 2;
          return rig.function().stores().size() == stores ? 0 : 3;
        }) == 0);
  CHECK(Gunzip(CompressStream(channel, script, data)).data == data);
  CHECK(channel->device_stats(0).requests == 2);
  rig.CheckClean();
}

}  // namespace warpdrive::test
