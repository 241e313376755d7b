#include "software/software_device.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "software/executor.h"
#include "software/software_queue.h"
#include "software/worker_thread.h"
#include "support/data.h"
#include "support/inflate.h"
#include "support/session_streams.h"

namespace warpdrive::test {
namespace {

using software::SoftwareDevice;

struct Job {
  explicit Job(Bytes data) : input(std::move(data)), output(CompressBound(Size())) {}
  uint32_t Size() const { return static_cast<uint32_t>(input.size()); }
  Request ToRequest(uint64_t tag) {
    return {.tag = tag,
            .flush = Flush::kFinish,
            .params = {.format = Format::kGzip},
            .input = input.data(),
            .input_size = Size(),
            .output = output.data(),
            .output_size = static_cast<uint32_t>(output.size())};
  }
  Bytes input;
  Bytes output;
};

std::vector<Completion> ReceiveAll(Queue& queue, size_t count) {
  std::vector<Completion> all;
  std::array<Completion, 16> some;
  while (all.size() < count) {
    const size_t got = queue.Receive(some);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(got));
    if (got == 0) REQUIRE(queue.Wait(20000));
  }
  return all;
}

/// A thread's slice in ns (sched_getattr(2)); 0 from a kernel that has none to ask for.
uint64_t SliceOf(pid_t thread) {
  std::array<uint64_t, 6> attributes{};  // sched_runtime is behind three words
  REQUIRE(syscall(SYS_sched_getattr, thread, &attributes, sizeof(attributes), 0) == 0);
  return attributes[3];
}

/// The workers' threads, by number.
std::vector<pid_t> Workers() {
  std::vector<pid_t> workers;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(entry.path() / "comm") >> name;
    if (name == "warpdrive") {
      workers.push_back(static_cast<pid_t>(std::stol(entry.path().filename())));
    }
  }
  return workers;
}

}  // namespace

TEST_CASE("software device: no thread before the first submission") {
  SoftwareDevice device(3);
  auto queue = device.OpenQueue({.depth = 8});
  CHECK(device.RunningThreads() == 0);
  Job job(Bytes(1000, 'a'));
  const Request request = job.ToRequest(1);
  REQUIRE(queue->Send({&request, 1}) == 1);
  CHECK(device.RunningThreads() == 3);
  ReceiveAll(*queue, 1);
}

TEST_CASE("software device: workers let others run first, where the kernel knows slices") {
  SoftwareDevice device(2);
  auto queue = device.OpenQueue({.depth = 8});
  std::vector<Job> jobs(2, Job(Bytes(1000, 'a')));
  for (uint64_t i = 0; i < 2; ++i) {
    const Request request = jobs[i].ToRequest(i);
    REQUIRE(queue->Send({&request, 1}) == 1);
  }
  ReceiveAll(*queue, 2);
  const uint64_t own = SliceOf(0);
  CHECK(own != software::kWorkerSliceNs);
  // A filter of system calls may kill for asking, so with one nobody asks.
  const bool filtered = prctl(PR_GET_SECCOMP) != 0;
  const uint64_t expected = own == 0 ? 0 : filtered ? own : software::kWorkerSliceNs;
  int workers = 0;
  // The other worker may be starting still.
  for (const pid_t worker : Workers()) workers += SliceOf(worker) == expected ? 1 : 0;
  CHECK(workers >= 1);
}

TEST_CASE("software device: many requests, each answered once and rightly") {
  Random random;
  for (const uint32_t threads : {1u, 2u, 5u}) {
    SoftwareDevice device(threads);
    auto queue = device.OpenQueue({.depth = 16});
    std::vector<Job> jobs;
    for (int i = 0; i < 60; ++i) {
      jobs.emplace_back(
          MakeData(kDataKinds[random.Below(kDataKinds.size())], random.Below(40000), random));
    }
    std::vector<Request> requests;
    for (size_t i = 0; i < jobs.size(); ++i) requests.push_back(jobs[i].ToRequest(i));
    std::span<const Request> rest(requests);
    std::vector<Completion> done;
    while (done.size() < jobs.size()) {
      rest = rest.subspan(queue->Send(rest));
      for (const Completion& completion : ReceiveAll(*queue, 1)) done.push_back(completion);
    }
    std::vector<bool> seen(jobs.size());
    for (const Completion& completion : done) {
      CHECK_FALSE(seen[completion.tag]);
      seen[completion.tag] = true;
      CHECK(completion.status == Status::kOk);
      const Job& job = jobs[completion.tag];
      const Inflated back = InflateRaw(std::span(job.output).first(completion.produced));
      CHECK(back.ended);
      CHECK(back.data == job.input);
    }
  }
}

TEST_CASE("software device: one notification for what is finished, and only when armed") {
  SoftwareDevice device(2);
  std::atomic<int> notified{0};
  auto queue = device.OpenQueue(
      {.depth = 64,
       .notify = [](void* context) { static_cast<std::atomic<int>*>(context)->fetch_add(1); },
       .notify_context = &notified});
  std::vector<Job> jobs(20, Job(Bytes(2000, 'x')));
  std::vector<Request> requests;
  for (size_t i = 0; i < jobs.size(); ++i) requests.push_back(jobs[i].ToRequest(i));
  REQUIRE(queue->Send(requests) == requests.size());
  ReceiveAll(*queue, requests.size());
  CHECK(notified == 0);

  CHECK(queue->Arm());
  REQUIRE(queue->Send(requests) == requests.size());
  ReceiveAll(*queue, requests.size());
  // The notification follows the completion: give the worker the time to make it.
  for (int i = 0; i < 20'000 && notified == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(notified == 1);
}

TEST_CASE("software device: Arm() refuses while completions wait") {
  SoftwareDevice device(1);
  auto queue = device.OpenQueue({.depth = 4, .notify = [](void*) {}});
  Job job(Bytes(10, 'x'));
  const Request request = job.ToRequest(0);
  queue->Send({&request, 1});
  REQUIRE(queue->Wait(20000));
  CHECK_FALSE(queue->Arm());
  ReceiveAll(*queue, 1);
  CHECK(queue->Arm());
}

TEST_CASE("software device: a queue closed in the middle touches nothing afterwards") {
  SoftwareDevice device(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<Job> jobs(30, Job(Bytes(50000, 'y')));
    {
      auto queue = device.OpenQueue({.depth = 64});
      std::vector<Request> requests;
      for (size_t i = 0; i < jobs.size(); ++i) requests.push_back(jobs[i].ToRequest(i));
      REQUIRE(queue->Send(requests) == requests.size());
    }
    jobs.clear();  // under ASan and TSan: nobody may be looking
  }
}

TEST_CASE("software device: what is canceled is not begun, and answered all the same") {
  SoftwareDevice device(2);
  auto queue = device.OpenQueue({.depth = 64});
  std::vector<Job> jobs(40, Job(Bytes(50'000, 'x')));
  std::vector<Request> requests;
  for (size_t i = 0; i < jobs.size(); ++i) {
    requests.push_back(jobs[i].ToRequest(i));
    requests[i].canceled = i % 4 == 0;
  }
  REQUIRE(queue->Send(requests) == requests.size());
  for (size_t i = 1; i < jobs.size(); i += 4) queue->Cancel(i);  // of which some may have begun
  for (const Completion& completion : ReceiveAll(*queue, jobs.size())) {
    const size_t kind = completion.tag % 4;
    const Job& job = jobs[completion.tag];
    if (kind != 1) CHECK(completion.status == (kind == 0 ? Status::kCanceled : Status::kOk));
    if (completion.status == Status::kOk) {
      CHECK(InflateRaw(std::span(job.output).first(completion.produced)).data == job.input);
    } else {
      CHECK(completion.status == Status::kCanceled);
      CHECK(completion.produced == 0);
      CHECK(job.output == Bytes(job.output.size()));
    }
  }
}

TEST_CASE("software device: small requests and large ones get half of the work each") {
  using software::kLargeRequests;
  using software::kSmallRequests;
  software::QueueEntry entry({.depth = 64});
  std::array<ring::Host, 2> hosts = {ring::Host(&entry.memory(kSmallRequests)),
                                     ring::Host(&entry.memory(kLargeRequests))};
  std::array<Job, 2> jobs = {Job(Bytes(100'000, 's')), Job(Bytes(1'000'000, 'l'))};
  const auto send = [&](software::RingKind kind, int count) {
    for (int i = 0; i < count; ++i) hosts[kind].Push(jobs[kind].ToRequest(i));
    hosts[kind].RingDoorbell();
  };
  software::Executor executor;
  const auto run = [&] {
    std::string order;
    Completion completion;
    while (entry.RunOne(executor)) {
      order += hosts[kSmallRequests].Pop(&completion) ? 's' : 'l';
      if (order.back() == 'l') CHECK(hosts[kLargeRequests].Pop(&completion));
    }
    return order;
  };
  send(kLargeRequests, 3);
  send(kSmallRequests, 14);
  CHECK(run() ==
        "slssssssssss"
        "lsssl");
  // Who had nothing to do has nothing to catch up on.
  send(kLargeRequests, 3);
  CHECK(run() == "lll");
  send(kLargeRequests, 2);
  send(kSmallRequests, 3);
  CHECK(run() == "slssl");
}

TEST_CASE("software device: the number of threads can change while it works") {
  SoftwareDevice device(2);
  auto queue = device.OpenQueue({.depth = 64});
  std::vector<Job> jobs(40, Job(Bytes(30000, 'z')));
  std::vector<Request> requests;
  for (size_t i = 0; i < jobs.size(); ++i) requests.push_back(jobs[i].ToRequest(i));
  REQUIRE(queue->Send(requests) == requests.size());
  device.SetThreads(5);
  CHECK(device.RunningThreads() == 5);
  device.SetThreads(1);
  CHECK(device.RunningThreads() == 1);
  CHECK(ReceiveAll(*queue, requests.size()).size() == requests.size());
  device.SetThreads(0);
  CHECK(device.threads() == 1);
}

TEST_CASE("software device: workers that stay when the number changes are the same ones") {
  SoftwareDevice device(2);
  auto queue = device.OpenQueue({.depth = 8});
  std::vector<Job> jobs(2, Job(Bytes(1000, 'a')));
  std::vector<Request> requests = {jobs[0].ToRequest(0), jobs[1].ToRequest(1)};
  const auto named = [](size_t count) {
    while (Workers().size() != count) std::this_thread::yield();  // a thread takes its name itself
    return Workers();
  };
  REQUIRE(queue->Send(requests) == 2);
  ReceiveAll(*queue, 2);
  const std::vector<pid_t> first = named(2);
  device.SetThreads(4);
  const std::vector<pid_t> more = named(4);
  CHECK(std::ranges::includes(more, first));
  device.SetThreads(1);
  const std::vector<pid_t> one = named(1);
  CHECK(std::ranges::includes(first, one));
  REQUIRE(queue->Send(requests) == 2);
  ReceiveAll(*queue, 2);
}

TEST_CASE("software device: the number changes while a worker hands out parts of a stream") {
  Random random;
  SoftwareDevice maker(1);
  const auto channel =
      std::make_shared<Channel>(std::vector<Device*>{&maker}, QueueOptions{.depth = 8}, 4);
  const Bytes member = CompressStream(channel, {}, MakeData(DataKind::kText, 60'000, random));
  Bytes members;
  for (int i = 0; i < 20; ++i) members.insert(members.end(), member.begin(), member.end());
  for (int round = 0; round < 12; ++round) {
    SoftwareDevice device(32);
    auto queue = device.OpenQueue({.depth = 8});
    const StreamParams params{.format = Format::kGzip, .window_bits = 0};
    const auto context = device.MakeInflateContext(params, {});
    Bytes output(2'000'000);
    const Request request{.operation = Operation::kDecompress,
                          .params = params,
                          .input = members.data(),
                          .input_size = static_cast<uint32_t>(members.size()),
                          .output = output.data(),
                          .output_size = static_cast<uint32_t>(output.size()),
                          .context = context.get()};
    std::thread other([&device, round] {
      std::this_thread::sleep_for(std::chrono::microseconds(100 * (round % 4)));
      device.SetThreads(2);
    });
    REQUIRE(queue->Send({&request, 1}) == 1);
    const std::vector<Completion> done = ReceiveAll(*queue, 1);
    other.join();
    CHECK(done[0].produced == 20 * 60'000);
  }
}

TEST_CASE("software device: queues of odd depth, and requests that are too large") {
  SoftwareDevice device(1);
  for (const uint32_t depth : {0u, 1u, 3u, 100u, 65536u}) {
    CHECK(device.OpenQueue({.depth = depth}) == nullptr);
  }
  auto queue = device.OpenQueue({.depth = 4});
  Job job(Bytes(10, 'x'));
  Request request = job.ToRequest(0);
  request.input_size = kMaxRequestBytes + 1;
  queue->Send({&request, 1});
  CHECK(ReceiveAll(*queue, 1)[0].status == Status::kUnsupported);
  request = job.ToRequest(0);
  request.history_size = kMaxHistory + 1;
  Completion completion;
  CHECK(queue->RunInline(request, &completion));
  CHECK(completion.status == Status::kUnsupported);
}

}  // namespace warpdrive::test
