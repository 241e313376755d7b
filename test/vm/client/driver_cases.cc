// The user library on a real kernel, without Node: discovery, transport, ZIP device, queues.
//   driver_cases TRANSPORT            spimdev, uacce or vfio-pci
//   driver_cases TRANSPORT DEVICE     succeeds if the device is refused as another process's
//   driver_cases TRANSPORT busy N     N requests, never sleeping: for counting system calls
//   driver_cases TRANSPORT slow N     N requests, one at a time, waiting for each
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "warpdrive/discovery/discovery.h"
#include "warpdrive/hisilicon/zip_device.h"
#include "warpdrive/transports/spimdev.h"
#include "warpdrive/transports/uacce.h"
#include "warpdrive/transports/vfio_pci.h"

namespace {

using warpdrive::Completion;
using warpdrive::DeviceDescription;
using warpdrive::Flush;
using warpdrive::Format;
using warpdrive::Operation;
using warpdrive::Queue;
using warpdrive::Request;
using warpdrive::Status;
using warpdrive::TransportKind;
using warpdrive::hisilicon::ZipDevice;

TransportKind wanted;
std::string problem;  ///< of the running case; empty = none
int number = 0, failures = 0;

bool Check(bool good, const std::string& what) {
  if (!good && problem.empty()) problem = what;
  return good;
}

void Case(const char* name, const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  problem.clear();
  run();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  ++number;
  if (problem.empty()) {
    std::printf("ok %d - driver: %s # %lld ms\n", number, name, static_cast<long long>(ms.count()));
  } else {
    ++failures;
    std::printf("not ok %d - driver: %s\n# %s\n", number, name, problem.c_str());
  }
  std::fflush(stdout);
}

std::vector<DeviceDescription> Found() {
  warpdrive::DiscoveryOptions options;
  options.allow_unsafe_doorbell = true;
  std::vector<DeviceDescription> found;
  for (DeviceDescription& one : Discover(options)) {
    if (one.transport == wanted) found.push_back(std::move(one));
  }
  return found;
}

std::unique_ptr<ZipDevice> Open(const DeviceDescription& description) {
  warpdrive::hisilicon::ZipDeviceOptions options;
  options.patience.base_ms = 60000;  // a guest gets little of its host's time
  static const std::atomic<bool> consent = true;
  warpdrive::TransportOptions transport;
  transport.unsafe_doorbell = &consent;
  std::unique_ptr<warpdrive::Transport> made =
      wanted == TransportKind::kVfioPci   ? MakeVfioPci(description, {})
      : wanted == TransportKind::kSpimdev ? MakeSpimdev(description, transport)
                                          : MakeUacce(description, transport);
  return std::make_unique<ZipDevice>(std::move(made), options);
}

std::unique_ptr<Queue> OpenQueue(ZipDevice* device) {
  std::string refusal;
  warpdrive::QueueOptions options;
  options.refusal = &refusal;
  auto queue = device->OpenQueue(options);
  Check(queue != nullptr, refusal);
  return queue;
}

bool Finish(Queue* queue, Completion* completion) {
  for (int i = 0; i < 600; ++i) {
    if (queue->Receive({completion, 1}) == 1) return true;
    queue->Wait(100);
  }
  return Check(false, "no completion in 60 s");
}

std::vector<uint8_t> Text(size_t n) {
  static const char* const kWords[] = {"warp", "drive ", "queue", " doorbell", "zip ", "\n"};
  std::vector<uint8_t> text;
  for (uint32_t x = 1; text.size() < n;) {
    x = x * 1103515245u + 12345u;
    for (const char* s = kWords[(x >> 16) % 6]; *s; ++s) text.push_back(*s);
  }
  text.resize(n);
  return text;
}

std::vector<uint8_t> Inflate(const std::vector<uint8_t>& raw, size_t size) {
  std::vector<uint8_t> out(size + 1);
  z_stream z{};
  inflateInit2(&z, -15);
  z.next_in = const_cast<uint8_t*>(raw.data());
  z.avail_in = raw.size();
  z.next_out = out.data();
  z.avail_out = out.size();
  const int result = inflate(&z, Z_FINISH);
  Check(result == Z_STREAM_END && z.avail_in == 0, "zlib says " + std::to_string(result));
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

/// Raw deflate of `text` in blocks, and the checksum that the device made of it.
std::vector<uint8_t> Compress(Queue* queue, Format format, const std::vector<uint8_t>& text,
                              uint32_t block) {
  std::vector<uint8_t> body;
  for (size_t at = 0; at < text.size() && problem.empty(); at += block) {
    Request request;
    request.tag = at;
    request.params.format = format;
    request.input = text.data() + at;
    request.input_size = std::min<size_t>(block, text.size() - at);
    request.flush = at + block >= text.size() ? Flush::kFinish : Flush::kSync;
    std::vector<uint8_t> output(warpdrive::CompressBound(request.input_size));
    request.output = output.data();
    request.output_size = output.size();
    Completion done;
    if (!Check(queue->Send({&request, 1}) == 1, "Send() took nothing") || !Finish(queue, &done)) {
      break;
    }
    Check(done.status == Status::kOk && done.consumed == request.input_size,
          "status " + std::to_string(static_cast<int>(done.status)));
    const uint32_t sum = format == Format::kGzip ? crc32(0, request.input, request.input_size)
                                                 : adler32(1, request.input, request.input_size);
    Check(format == Format::kRaw || done.checksum == sum, "wrong checksum");
    body.insert(body.end(), output.begin(), output.begin() + done.produced);
  }
  return body;
}

void Discovery() {
  const auto found = Found();
  Check(!found.empty(), "no such device");
  for (const DeviceDescription& one : found) {
    std::printf("# %s: %s, protocol %d, %s, %u queues, doorbell %s\n", one.name.c_str(),
                one.api.c_str(), one.protocol,
                one.dma == warpdrive::DmaMode::kSva ? "SVA" : "mapped", one.available_queues,
                one.doorbell == warpdrive::DoorbellSafety::kPrivate ? "private" : "shared");
    Check(one.usable, one.name + ": " + one.why_unusable);
  }
}

void Blocks(Queue* queue) {
  const auto text = Text(1 << 20);
  for (Format format : {Format::kRaw, Format::kZlib, Format::kGzip}) {
    for (uint32_t block : {1000000u, 262144u, 70001u}) {
      Check(Inflate(Compress(queue, format, text, block), text.size()) == text, "other bytes");
    }
  }
  const std::vector<uint8_t> noise = [] {
    std::vector<uint8_t> bytes(300000);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(std::rand() >> 7);
    return bytes;
  }();
  Check(Inflate(Compress(queue, Format::kGzip, noise, 100000), noise.size()) == noise, "noise");
}

/// `count` requests of `size` bytes, 64 in flight, completions taken and requests sent as they
/// come. If `busy`, it looks for completions until there are some.
void InFlight(Queue* queue, uint32_t count, uint32_t size, bool busy) {
  constexpr uint32_t kDepth = 64;
  const auto text = Text(size_t{size} * kDepth);
  std::vector<std::vector<uint8_t>> outputs(kDepth);
  for (auto& output : outputs) output.resize(warpdrive::CompressBound(size));
  std::vector<uint64_t> free;
  for (uint64_t i = 0; i < kDepth; ++i) free.push_back(i);
  uint32_t sent = 0, done = 0, doorbells = 0;
  for (int idle = 0; done < count && Check(idle < 600, "no completion in 60 s");) {
    std::vector<Request> batch;
    while (!free.empty() && sent + batch.size() < count) {
      const uint64_t slot = free.back();
      free.pop_back();
      Request request;
      request.tag = slot;
      request.flush = Flush::kSync;
      request.params.format = Format::kGzip;
      request.input = text.data() + slot * size;
      request.input_size = size;
      request.output = outputs[slot].data();
      request.output_size = outputs[slot].size();
      batch.push_back(request);
    }
    if (!batch.empty()) {
      ++doorbells;
      if (!Check(queue->Send(batch) == batch.size(), "Send() took less")) return;
      sent += batch.size();
    }
    Completion completions[kDepth];
    const size_t n = queue->Receive(completions);
    for (size_t i = 0; i < n; ++i) {
      Check(completions[i].status == Status::kOk, "status");
      free.push_back(completions[i].tag);
    }
    done += n;
    if (n == 0 && !busy && !queue->Wait(100)) ++idle;
  }
  std::printf("# %u requests of %u bytes by %u batches\n", sent, size, doorbells);
}

void Decompress(ZipDevice* device, Queue* queue, Format format) {
  const auto text = Text(700000);
  std::vector<uint8_t> packed(800000), out(text.size());
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, format == Format::kGzip ? 31 : 15, 8, 0);
  z.next_in = const_cast<uint8_t*>(text.data());
  z.avail_in = text.size();
  z.next_out = packed.data();
  z.avail_out = packed.size();
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);

  warpdrive::StreamParams params;
  params.format = format;
  const auto context = device->MakeInflateContext(params, {});
  if (!Check(context != nullptr, "no context")) return;
  size_t used = 0, made = 0;
  Completion done;
  for (int step = 0; problem.empty() && done.status != Status::kStreamEnd; ++step) {
    Request request;
    request.operation = Operation::kDecompress;
    request.params = params;
    request.context = context.get();
    request.input = packed.data() + used;
    request.input_size = std::min<size_t>(100000, packed.size() - used);
    request.output = out.data() + made;
    request.output_size = std::min<size_t>(65536, out.size() - made);
    request.flush = used + request.input_size == packed.size() ? Flush::kFinish : Flush::kSync;
    if (!Check(step < 1000, "no end") || !Check(queue->Send({&request, 1}) == 1, "Send()") ||
        !Finish(queue, &done)) {
      return;
    }
    Check(done.status == Status::kOk || done.status == Status::kOutputFull ||
              done.status == Status::kStreamEnd,
          "status " + std::to_string(static_cast<int>(done.status)));
    used += done.consumed;
    made += done.produced;
  }
  Check(made == text.size() && out == text, std::to_string(made) + " bytes");
}

/// A child of fork() that does not exec: the queue is its parent's, and stays whole.
void ForkedChild(ZipDevice* device, Queue* queue) {
  const auto text = Text(8192);
  std::vector<uint8_t> output(warpdrive::CompressBound(text.size()));
  Request request;
  request.params.format = Format::kGzip;
  request.flush = Flush::kFinish;
  request.input = text.data();
  request.input_size = text.size();
  request.output = output.data();
  request.output_size = output.size();
  const pid_t child = fork();
  if (child == 0) {
    Completion done;
    std::string refusal;
    bool good = queue->Send({&request, 1}) == 1 && queue->Receive({&done, 1}) == 1 &&
                done.status == Status::kDeviceError && !queue->alive();
    delete queue;
    good &= device->OpenQueue({.refusal = &refusal}) == nullptr &&
            refusal.find("before fork()") != std::string::npos;
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
        "the child ended with " + std::to_string(status));
  Check(queue->alive(), "the parent's queue is dead");
  Check(Inflate(Compress(queue, Format::kGzip, text, 5000), text.size()) == text, "other bytes");
}

/// Another process may not use a device without SVA at the same time, and is told so.
void SecondProcess(const std::string& device) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "driver_cases", warpdrive::NameOf(wanted), device.c_str(), nullptr);
    _exit(9);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
        "the other process ended with " + std::to_string(status));
}

/// 0 if the device cannot be opened since another process has it.
int Refused(const std::string& name) {
  for (const DeviceDescription& one : Found()) {
    if (one.name != name) continue;
    problem.clear();
    const auto device = Open(one);
    OpenQueue(device.get());
    std::printf("# the other process is told: %s\n", problem.c_str());
    return problem.find("another process") == std::string::npos ? 4 : 0;
  }
  return 3;
}

/// `count` requests one after the other, each of which is slept for.
void OneByOne(Queue* queue, uint32_t count) {
  const auto text = Text(8192);
  for (uint32_t n = 0; n < count && problem.empty(); ++n) {
    Compress(queue, Format::kGzip, text, static_cast<uint32_t>(text.size()));
  }
}

int Requests(uint32_t count, bool busy) {
  const auto found = Found();
  if (found.empty()) return 3;
  const auto device = Open(found[0]);
  const auto queue = OpenQueue(device.get());
  const auto start = std::chrono::steady_clock::now();
  // Small: the faster they are done, the fewer looks for the device are allowed.
  if (queue && busy) InFlight(queue.get(), count, 256, true);
  if (queue && !busy) OneByOne(queue.get(), count);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  std::printf("# busy for %lld ms\n", static_cast<long long>(ms.count()));
  if (!problem.empty()) std::printf("# %s\n", problem.c_str());
  return problem.empty() ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  for (TransportKind kind :
       {TransportKind::kSpimdev, TransportKind::kUacce, TransportKind::kVfioPci}) {
    if (name == warpdrive::NameOf(kind)) wanted = kind;
  }
  if (argc > 3) {
    return Requests(static_cast<uint32_t>(std::atoi(argv[3])), std::string(argv[2]) == "busy");
  }
  if (argc > 2) return Refused(argv[2]);
  Case("discovery", Discovery);
  const auto found = Found();
  if (found.empty()) return 1;
  std::unique_ptr<ZipDevice> device;
  std::unique_ptr<Queue> queue;
  Case("opens a queue", [&] {
    device = Open(found[0]);
    queue = OpenQueue(device.get());
  });
  if (queue) {
    Case("blocks of every format", [&] { Blocks(queue.get()); });
    Case("64 requests in flight", [&] { InFlight(queue.get(), 2000, 8192, false); });
    Case("decompression, zlib", [&] { Decompress(device.get(), queue.get(), Format::kZlib); });
    Case("decompression, gzip", [&] { Decompress(device.get(), queue.get(), Format::kGzip); });
    Case("a forked child leaves the queue alone", [&] { ForkedChild(device.get(), queue.get()); });
    if (wanted != TransportKind::kUacce)
      Case("a second process is refused", [&] { SecondProcess(found[0].name); });
    Case("the queue closes", [&] { queue.reset(); });
  }
  return failures;
}
