// Compresses files by every codec setting that a level could stand for, and by the levels' plans,
// each block after block as streams do. benchmarks/calibrate.js reads what it prints:
//   FILE NAME BYTES NANOSECONDS
// NAME is "libdeflate 6", "isal 2" or "plan 6"; the time is CPU time of this thread, the shorter of
// two runs. With --only NAME before the files it measures no other.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "device/device.h"
#include "software/executor.h"

namespace {

using namespace warpdrive;            // NOLINT
using namespace warpdrive::software;  // NOLINT

constexpr int kRuns = 2;

struct Result {
  size_t bytes = 0;
  uint64_t nanoseconds = 0;
};

uint64_t ThreadTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

const char* only = nullptr;

[[noreturn]] void Stop(const char* what, const char* which) {
  std::fprintf(stderr, "codec_settings: %s: %s\n", what, which);
  std::exit(1);
}

std::vector<uint8_t> ReadFile(const char* path) {
  FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) Stop("cannot be opened", path);
  std::vector<uint8_t> data;
  std::vector<uint8_t> part(1u << 20);
  size_t count = 0;
  while ((count = std::fread(part.data(), 1, part.size(), file)) != 0) {
    data.insert(data.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) Stop("cannot be read", path);
  return data;
}

/// Calls compress(input, history, final), which returns bytes written, for each block.
template <typename Compress>
Result Run(const BlockPlan& plan, const std::vector<uint8_t>& data, const Compress& compress) {
  const StreamPlan stream{.block_size = plan.block_size, .first_block = plan.first_block};
  Result result;
  const uint64_t start = ThreadTime();
  for (size_t at = 0; at < data.size();) {
    const size_t size = std::min<size_t>(stream.NextBlock(at), data.size() - at);
    const size_t history = std::min<size_t>(at, kMaxHistory);
    const size_t bytes =
        compress(std::span(data).subspan(at, size), std::span(data).subspan(at - history, history),
                 at + size == data.size());
    if (bytes == 0) Stop("a block failed", "out of memory?");
    result.bytes += bytes;
    at += size;
  }
  result.nanoseconds = ThreadTime() - start;
  return result;
}

template <typename Compress>
void Measure(const char* file, const std::string& name, const BlockPlan& plan,
             const std::vector<uint8_t>& data, const Compress& compress) {
  if (only != nullptr && name != only) return;
  Result best;
  for (int run = 0; run < kRuns; ++run) {
    const Result result = Run(plan, data, compress);
    if (run == 0 || result.nanoseconds < best.nanoseconds) best = result;
  }
  std::printf("%s\t%s\t%zu\t%llu\n", file, name.c_str(), best.bytes,
              static_cast<unsigned long long>(best.nanoseconds));
}

void MeasureCodec(const char* file, const std::vector<uint8_t>& data, CodecKind kind,
                  const char* codec_name, int level, std::span<uint8_t> output) {
  const auto codec = MakeBlockCodec(kind);
  if (!codec) return;
  const BlockPlan plan = PlanFor({.level = 6});
  Measure(file, std::string(codec_name) + " " + std::to_string(level), plan, data,
          [&](auto input, auto history, bool final) {
            return codec->Compress({.input = input,
                                    .history = history,
                                    .output = output,
                                    .final = final,
                                    .codec_level = level,
                                    .params = {.level = 6}});
          });
}

void MeasurePlan(const char* file, const std::vector<uint8_t>& data, int level,
                 std::span<uint8_t> output) {
  Executor executor;
  const StreamParams params{.level = static_cast<int8_t>(level)};
  Measure(file, "plan " + std::to_string(level), PlanFor(params), data,
          [&](auto input, auto history, bool final) -> size_t {
            const Completion completion =
                executor.Execute({.operation = Operation::kCompress,
                                  .flush = final ? Flush::kFinish : Flush::kSync,
                                  .params = params,
                                  .input = input.data(),
                                  .input_size = static_cast<uint32_t>(input.size()),
                                  .history = history.data(),
                                  .history_size = static_cast<uint32_t>(history.size()),
                                  .output = output.data(),
                                  .output_size = static_cast<uint32_t>(output.size())});
            return completion.status == Status::kOk ? completion.produced : 0;
          });
}

}  // namespace

int main(int count, char** arguments) {
  int first = 1;
  if (count > 2 && std::strcmp(arguments[1], "--only") == 0) {
    only = arguments[2];
    first = 3;
  }
  if (count <= first) Stop("name at least one file", "codec-settings [--only NAME] FILE...");
  std::vector<uint8_t> output(BlockBound(4u << 20));
  for (int index = first; index < count; ++index) {
    const char* const file = arguments[index];
    const std::vector<uint8_t> data = ReadFile(file);
    for (int level = 1; level <= 9; ++level) MeasurePlan(file, data, level, output);
    for (int level = 1; level <= 3; ++level) {
      MeasureCodec(file, data, CodecKind::kIsal, "isal", level, output);
    }
    for (int level = 1; level <= 10; ++level) {
      MeasureCodec(file, data, CodecKind::kLibdeflate, "libdeflate", level, output);
    }
  }
  return 0;
}
