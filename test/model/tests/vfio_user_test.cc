#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>

#include "bench.h"
#include "support/random.h"
#include "vfio_user_client.h"

namespace warpdrive::model::vfio_user {
namespace {

constexpr uint64_t kIova = 0x7f0000000000;
constexpr size_t kMemory = 1 << 20;

/// Guest memory: rings, contexts and data at fixed offsets of one mapping.
struct Guest {
  static constexpr uint64_t kEq = 0x10000, kAeq = 0x12000, kTables = 0x14000, kScratch = 0x16000;
  static constexpr uint64_t kSq = 0x20000, kCq = 0x40000, kIn = 0x80000, kOut = 0xc0000;

  uint8_t* memory;
  Client* client;

  template <typename Number>
  void Put(uint64_t offset, Number value) {
    std::memcpy(memory + offset, &value, sizeof(value));
  }
  void Mailbox(uint8_t command, uint16_t queue, uint64_t address) {
    uint8_t message[16] = {command, 0x20};
    std::memcpy(message + 2, &queue, 2);
    std::memcpy(message + 4, &address, 8);
    REQUIRE(client->Write(2, 0x300, message, 8) == 0);  // as QEMU's TCG splits it
    REQUIRE(client->Write(2, 0x308, message + 8, 8) == 0);
    uint32_t word;
    REQUIRE(client->Read(2, 0x300, &word, 4) == 0);
    REQUIRE((word >> 9 & 0x1f) == 0);
  }
  void BringUp(bool events) {
    const uint16_t command = 6;
    REQUIRE(client->Write(7, 4, &command, 2) == 0);
    std::memset(memory + kScratch, 0, 32);
    Put<uint64_t>(kScratch + 4, kIova + kEq);
    Put<uint32_t>(kScratch + 24, 2047 | 1u << 16);
    Mailbox(2, 0, kIova + kScratch);
    Put<uint64_t>(kScratch + 4, kIova + kAeq);
    Put<uint32_t>(kScratch + 24, 1023 | 1u << 16);
    Mailbox(3, 0, kIova + kScratch);
    Mailbox(4, 0, kIova + kTables);
    Mailbox(5, 0, kIova + kTables + 0x1000);
    const uint32_t unmasked = 0;
    REQUIRE(client->Write(2, 0xc, &unmasked, 4) == 0);
    std::memset(memory + kScratch, 0, 32);
    Put<uint64_t>(kScratch + 4, kIova + kSq);
    Put<uint32_t>(kScratch + 12, 0x73ff);
    Put<uint16_t>(kScratch + 26, 0x0010);
    Mailbox(0, 0, kIova + kScratch);
    std::memset(memory + kScratch, 0, 32);
    Put<uint64_t>(kScratch + 4, kIova + kCq);
    Put<uint32_t>(kScratch + 12, 0x43ff);
    Put<uint32_t>(kScratch + 24, events ? 3 : 1);
    Mailbox(1, 0, kIova + kScratch);
  }
  void Request(uint32_t slot, const std::vector<uint8_t>& text) {
    std::memcpy(memory + kIn, text.data(), text.size());
    uint8_t* sqe = memory + kSq + 128 * slot;
    std::memset(sqe, 0, 128);
    const uint64_t sqe_at = kSq + 128 * slot;
    Put<uint32_t>(sqe_at + 16, static_cast<uint32_t>(text.size()));
    Put<uint32_t>(sqe_at + 36, 0x4002);
    Put<uint32_t>(sqe_at + 56, 0x40000);
    Put<uint64_t>(sqe_at + 72, kIova + kIn);
    Put<uint64_t>(sqe_at + 80, kIova + kOut);
    const uint64_t bell = static_cast<uint64_t>(slot + 1) << 32;
    REQUIRE(client->Write(2, 0x1000, &bell, 8) == 0);
  }
};

Options SplitOptions() {
  Options options;
  options.split_mailbox = true;
  return options;
}

bool WaitEvent(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  uint64_t count;
  return poll(&entry, 1, timeout_ms) == 1 && read(fd, &count, sizeof(count)) == sizeof(count);
}

template <typename Info>
Info Ask(Client* client, Command command, uint32_t index) {
  std::vector<uint8_t> payload(sizeof(Info)), reply;
  const uint32_t argsz = sizeof(Info);
  std::memcpy(payload.data(), &argsz, 4);
  if (command != Command::kGetInfo) std::memcpy(payload.data() + 8, &index, 4);
  REQUIRE(client->Call(command, payload, &reply) == 0);
  REQUIRE(reply.size() == sizeof(Info));
  Info info;
  std::memcpy(&info, reply.data(), sizeof(info));
  return info;
}

}  // namespace

TEST_CASE("vfio-user: the device as QEMU asks for it") {
  Options options;
  options.generation = Generation::kHip09;
  Client client(options);
  std::vector<uint8_t> reply;
  CHECK(client.Call(Command::kReset, {}, &reply) == EINVAL);  // version first
  REQUIRE(client.Negotiate() == 0);
  CHECK(client.Negotiate() == EINVAL);
  const auto device = Ask<DeviceInfo>(&client, Command::kGetInfo, 0);
  CHECK(device.flags == 3);
  CHECK(device.num_regions >= 8);
  CHECK(device.num_irqs >= 3);
  const uint64_t sizes[] = {0, 0, 0x10000, 0, 0x100000, 0, 0, 4096, 0};
  for (uint32_t i = 0; i < 9; ++i) {
    const auto region = Ask<RegionInfo>(&client, Command::kGetRegionInfo, i);
    CHECK(region.size == sizes[i]);
    CHECK(region.flags == (sizes[i] > 0 ? 3 : 0));
    CHECK(region.index == i);
  }
  CHECK(Ask<IrqInfo>(&client, Command::kGetIrqInfo, 0).count == 0);
  CHECK(Ask<IrqInfo>(&client, Command::kGetIrqInfo, 1).count == 4);
  uint32_t identity;
  REQUIRE(client.Read(7, 0, &identity, 4) == 0);
  CHECK(identity == 0xa25119e5);
  CHECK(client.Call(Command::kReset, {}, &reply) == 0);
}

TEST_CASE("vfio-user: a request through shared memory, with its interrupt and its log") {
  const std::string path = "/tmp/model-vfio-user-" + std::to_string(getpid()) + ".log";
  {
    Client client(SplitOptions(), path);
    REQUIRE(client.Negotiate() == 0);
    const Fd file = MemoryFile(kMemory);
    auto* memory = static_cast<uint8_t*>(
        mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
    REQUIRE(memory != MAP_FAILED);
    // Page by page, as an emulated IOMMU relays it.
    for (uint64_t at = 0; at < kMemory; at += 4096) {
      REQUIRE(client.Map(kIova + at, 4096, at, file.get()) == 0);
    }
    const Fd event(eventfd(0, EFD_CLOEXEC));
    REQUIRE(client.SetIrqs(kIrqDataEventfd | kIrqTrigger, kMsiIrq, 0, 1, {event.get()}) == 0);
    Guest guest{memory, &client};
    guest.BringUp(true);
    const std::vector<uint8_t> text = Text(100000);
    guest.Request(0, text);
    REQUIRE(WaitEvent(event.get(), 20000));
    CHECK((memory[Guest::kCq + 14] & 1) == 1);
    uint32_t done[4];
    std::memcpy(done, memory + Guest::kSq, sizeof(done));
    CHECK(done[0] == text.size());
    CHECK(done[3] == 0);
    std::vector<uint8_t> whole = StreamHeader(request::kZlib);
    whole.insert(whole.end(), memory + Guest::kOut, memory + Guest::kOut + done[1]);
    CHECK(ZlibDecompress(whole, 15) == text);

    // Output unmapped: the request fails, the rest goes on.
    REQUIRE(client.Unmap(kIova + Guest::kOut, 4096) == 0);
    guest.Request(1, text);
    for (int i = 0; i < 2000 && (memory[Guest::kCq + 16 + 14] & 1) == 0; ++i) {
      poll(nullptr, 0, 10);
    }
    std::memcpy(done, memory + Guest::kSq + 128, sizeof(done));
    CHECK(done[3] == status::kDmaFault);
    munmap(memory, kMemory);
  }
  std::ifstream log(path);
  std::string line;
  int doorbells = 0, mailboxes = 0, interrupts = 0, faults = 0;
  while (std::getline(log, line)) {
    const auto has = [&](const char* text) { return line.find(text) != std::string::npos; };
    doorbells += has("\"event\":\"store\"") && has("\"offset\":4096,\"size\":8");
    mailboxes += has("\"reason\":\"split-mailbox\",\"refused\":false");
    interrupts += has("\"event\":\"interrupt\",\"vector\":0");
    faults += has("\"reason\":\"sqe-dma\"");
  }
  CHECK(doorbells == 2);
  CHECK(mailboxes == 6);
  CHECK(interrupts == 1);
  CHECK(faults == 1);
  std::remove(path.c_str());
}

TEST_CASE("vfio-user: memory without a file is reached by messages") {
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  client.served.resize(kMemory);
  client.served_at = kIova;
  REQUIRE(client.Map(kIova, kMemory, 0, -1) == 0);
  Guest guest{client.served.data(), &client};
  guest.BringUp(false);
  CHECK(client.served_reads >= 6);  // contexts, tables
  const std::vector<uint8_t> text = Text(200000);
  guest.Request(0, text);
  // The client serves DMA while it waits for the reply of something else.
  for (int i = 0; i < 2000 && (client.served[Guest::kCq + 14] & 1) == 0; ++i) {
    uint32_t word;
    REQUIRE(client.Read(2, 0xc, &word, 4) == 0);
  }
  uint32_t done[4];
  std::memcpy(done, client.served.data() + Guest::kSq, sizeof(done));
  CHECK(done[0] == text.size());
  std::vector<uint8_t> whole = StreamHeader(request::kZlib);
  whole.insert(whole.end(), client.served.data() + Guest::kOut,
               client.served.data() + Guest::kOut + done[1]);
  CHECK(ZlibDecompress(whole, 15) == text);
  CHECK(client.served_writes > 0);
}

TEST_CASE("vfio-user: mappings are checked") {
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  const Fd file = MemoryFile(65536);
  CHECK(client.Map(0x10000, 65536, 4096, file.get()) == EINVAL);  // behind the file's end
  CHECK(client.Map(0x10000, 4096, UINT64_MAX - 10, file.get()) == EINVAL);
  CHECK(client.Map(0x10000, 0, 0, file.get()) == EINVAL);
  CHECK(client.Map(UINT64_MAX - 10, 4096, 0, file.get()) == EINVAL);
  CHECK(client.Map(0x10000, 4096, 0, file.get(), 7) == EINVAL);
  CHECK(client.Map(0x10000, 4096, 0, file.get(), 0) == EINVAL);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  CHECK(client.Map(0x10000, 4096, 0, pipes[0]) == EINVAL);
  close(pipes[0]);
  close(pipes[1]);
  REQUIRE(client.Map(0x10000, 8192, 0, file.get()) == 0);
  CHECK(client.Map(0x11000, 4096, 0, file.get()) == EEXIST);
  CHECK(client.Map(0xf000, 8192, 0, file.get()) == EEXIST);
  REQUIRE(client.Map(0x12000, 4096, 8192, file.get()) == 0);
  CHECK(client.Unmap(0x11000, 4096) == EINVAL);  // part of a mapping
  CHECK(client.Unmap(0x10000, 4096) == EINVAL);
  CHECK(client.Unmap(0, UINT64_MAX) == 0);  // many at once
  CHECK(client.Unmap(0x10000, 8192) == 0);  // and none left, as VFIO takes it
  CHECK(client.Unmap(0x10000, 0) == EINVAL);
  CHECK(client.Unmap(0x10000, 4096, kUnmapAll) == EINVAL);
  CHECK(client.Unmap(0, 0, kUnmapAll) == 0);
  CHECK(client.Unmap(0x10000, 4096, 4) == EINVAL);
}

TEST_CASE("vfio-user: a file that was cut is a fault, not a crash") {
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  const Fd file = MemoryFile(kMemory);
  auto* memory = static_cast<uint8_t*>(
      mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
  REQUIRE(memory != MAP_FAILED);
  REQUIRE(client.Map(kIova, kMemory, 0, file.get()) == 0);
  Guest guest{memory, &client};
  guest.BringUp(false);
  REQUIRE(ftruncate(file.get(), 4096) == 0);
  const uint64_t bell = 1ull << 32;
  REQUIRE(client.Write(2, 0x1000, &bell, 8) == 0);
  uint32_t word;
  for (int i = 0; i < 200; ++i) REQUIRE(client.Read(2, 0xc, &word, 4) == 0);
  CHECK(client.server().function()->counters().completions == 0);
  CHECK(client.server().function()->counters().refused > 0);
  munmap(memory, kMemory);
}

TEST_CASE("vfio-user: accesses and interrupts out of range") {
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  uint8_t data[64] = {};
  CHECK(client.Read(7, 4092, data, 8) == EINVAL);
  CHECK(client.Read(7, UINT64_MAX, data, 8) == EINVAL);
  CHECK(client.Read(2, 0xfffc, data, 8) == EINVAL);
  CHECK(client.Read(2, 0, data, 3) == EINVAL);
  CHECK(client.Read(2, 0, data, 0) == EINVAL);
  CHECK(client.Read(4, 0, data, 4) == EINVAL);  // no BAR4 on HIP08
  CHECK(client.Read(8, 0, data, 4) == EINVAL);
  CHECK(client.Read(0xffffffff, 0, data, 4) == EINVAL);
  CHECK(client.Write(2, 0x10000, data, 4) == EINVAL);
  CHECK(client.Write(7, 0x44, data, 64) == 0);
  std::vector<uint8_t> payload, reply;
  Append(&payload, RegionAccess{0, 7, 0xffffffff});
  CHECK(client.Call(Command::kRegionWrite, payload, &reply) == EINVAL);  // count is a lie
  CHECK(client.Call(Command::kRegionRead, payload, &reply) == EINVAL);

  const Fd event(eventfd(0, EFD_CLOEXEC));
  const uint32_t assign = kIrqDataEventfd | kIrqTrigger;
  CHECK(client.SetIrqs(assign, kMsiIrq, 0, 3, {event.get(), event.get(), event.get()}) == EINVAL);
  CHECK(client.SetIrqs(assign, kMsiIrq, 2, 1, {event.get()}) == EINVAL);
  CHECK(client.SetIrqs(assign, kMsiIrq, 0xffffffff, 2, {event.get()}) == EINVAL);
  CHECK(client.SetIrqs(assign, kMsiIrq, 0, 2, {event.get()}) == EINVAL);
  CHECK(client.SetIrqs(assign, 0, 0, 1, {event.get()}) == EINVAL);
  CHECK(client.SetIrqs(assign, 9, 0, 1, {event.get()}) == EINVAL);
  CHECK(client.SetIrqs(kIrqDataNone | kIrqMask, kMsiIrq, 0, 1, {}) == EINVAL);
  CHECK(client.SetIrqs(kIrqDataBool | kIrqTrigger, kMsiIrq, 0, 2, {}, {1}) == EINVAL);
  CHECK(client.SetIrqs(assign | kIrqDataBool, kMsiIrq, 0, 1, {event.get()}) == EINVAL);
  // What works: assign, trigger by hand, by booleans, take away.
  REQUIRE(client.SetIrqs(assign, kMsiIrq, 0, 2, {event.get(), event.get()}) == 0);
  REQUIRE(client.SetIrqs(kIrqDataNone | kIrqTrigger, kMsiIrq, 0, 1, {}) == 0);
  CHECK(WaitEvent(event.get(), 5000));
  REQUIRE(client.SetIrqs(kIrqDataBool | kIrqTrigger, kMsiIrq, 0, 2, {}, {0, 1}) == 0);
  CHECK(WaitEvent(event.get(), 5000));
  REQUIRE(client.SetIrqs(assign, kMsiIrq, 0, 2, {}) == 0);
  REQUIRE(client.SetIrqs(kIrqDataNone | kIrqTrigger, kMsiIrq, 0, 2, {}) == 0);
  CHECK_FALSE(WaitEvent(event.get(), 0));
  REQUIRE(client.SetIrqs(kIrqDataNone | kIrqTrigger, kMsiIrq, 0, 0, {}) == 0);
}

TEST_CASE("vfio-user: what is no message closes the connection") {
  const std::vector<std::vector<uint8_t>> cases = {
      {1, 0, 1, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},             // shorter than its header
      {1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},              // size 0
      {1, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0},  // 4 GiB
      {1, 0, 1, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3},    // ends within
      {1, 0, 1}};
  for (const std::vector<uint8_t>& bytes : cases) {
    Client client(SplitOptions());
    CHECK(client.SendRaw(bytes));
    client.Join();
  }
}

TEST_CASE("vfio-user: payloads of the wrong size, unknown commands, descriptors nobody asked for") {
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  std::vector<uint8_t> reply;
  const Fd event(eventfd(0, EFD_CLOEXEC));
  for (uint16_t number = 0; number < 24; ++number) {
    const auto command = static_cast<Command>(number);
    for (const size_t size : {0, 1, 7, 15, 19, 23, 31, 33, 4000}) {
      CAPTURE(number);
      CAPTURE(size);
      if (command == Command::kReset && size == 0) continue;
      CHECK(client.Call(command, std::vector<uint8_t>(size), &reply) != 0);
      CHECK(client.Call(command, std::vector<uint8_t>(size, 0xff), &reply, {event.get()}) != 0);
    }
  }
  uint32_t identity;
  CHECK(client.Read(7, 0, &identity, 4) == 0);
  CHECK(identity == 0xa25119e5);
}

TEST_CASE("vfio-user: random messages never bring the server down") {
  test::Random random;
  Client client(SplitOptions());
  REQUIRE(client.Negotiate() == 0);
  const Fd file = MemoryFile(65536);
  std::vector<uint8_t> reply;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> payload(random.Between(0, 48));
    for (uint8_t& byte : payload) {
      byte = random.Chance(3) ? static_cast<uint8_t>(random.Next()) : 0;
    }
    // Often sizes and regions that pass the first checks.
    if (payload.size() >= 16 && random.Chance(2)) {
      const uint32_t argsz = static_cast<uint32_t>(payload.size());
      std::memcpy(payload.data(), &argsz, 4);
    }
    if (payload.size() > 16 && random.Chance(2)) {
      const uint32_t access[2] = {random.Chance(2) ? 2u : 7u,
                                  static_cast<uint32_t>(payload.size() - 16)};
      std::memcpy(payload.data() + 8, access, 8);
    }
    const auto command = static_cast<Command>(random.Between(0, 18));
    client.Call(command, payload, &reply,
                random.Chance(3) ? std::vector<int>{file.get()} : std::vector<int>());
  }
  uint32_t identity;
  CHECK(client.Read(7, 0, &identity, 4) == 0);
}

TEST_CASE("vfio-user: control commands") {
  Client client(SplitOptions());
  Server& server = client.server();
  client.Hangup();
  client.Join();  // Control() is for the server's thread
  const auto ok = [&](const char* line) { return server.Control(line).find("{\"ok\":true") == 0; };
  CHECK(ok("fault lose queue=1 after=3 count=2 one-in=4"));
  CHECK(ok("fault mutate-sqe dword=1 value=0xffffffff"));
  CHECK(ok("clear-faults"));
  CHECK(ok("reset"));
  CHECK(ok("remove"));
  CHECK_FALSE(ok(""));
  CHECK_FALSE(ok("fault"));
  CHECK_FALSE(ok("fault nonsense"));
  CHECK_FALSE(ok("fault lose queue"));
  CHECK_FALSE(ok("fault lose queue=x"));
  CHECK_FALSE(ok("fault lose value=99999999999"));
  CHECK_FALSE(ok("fault lose color=1"));
  CHECK_FALSE(ok("reset now"));
  CHECK(server.Control("fault \"\x01").find("\\\"\\u0001") != std::string::npos);
  CHECK(server.Control("counters").find("\"descriptors\":0") != std::string::npos);
  CHECK_FALSE(server.quit());
  CHECK(ok("quit"));
  CHECK(server.quit());
}

}  // namespace warpdrive::model::vfio_user
