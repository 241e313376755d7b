#include <doctest/doctest.h>

#include <cstring>

#include "bench.h"
#include "model/segments.h"
#include "support/random.h"

namespace warpdrive::model {
namespace {

Options Of(Generation generation) {
  Options options;
  options.generation = generation;
  return options;
}

/// Builds SGLs in shared memory: header of 64 bytes, entries of 32.
class SglBuilder {
 public:
  explicit SglBuilder(MappedBus* bus) : memory_(bus, 1 << 20) {}
  uint64_t Add(const std::vector<Segment>& entries, uint64_t next = 0) {
    const size_t at = used_;
    used_ += (64 + 32 * entries.size() + 63) / 64 * 64;
    uint8_t* header = memory_.data() + at;
    std::memset(header, 0, used_ - at);
    const auto count = static_cast<uint16_t>(entries.size());
    std::memcpy(header, &next, 8);
    for (const size_t offset : {8, 10, 12}) std::memcpy(header + offset, &count, 2);
    for (size_t i = 0; i < entries.size(); ++i) {
      std::memcpy(header + 64 + 32 * i, &entries[i].iova, 8);
      std::memcpy(header + 64 + 32 * i + 16, &entries[i].size, 4);
    }
    return memory_.iova() + at;
  }
  uint8_t* At(uint64_t iova) { return memory_.data() + (iova - memory_.iova()); }

 private:
  SharedMemory memory_;
  size_t used_ = 0;
};

void SetAddress(Sqe* sqe, int low, uint64_t address) {
  sqe->dw[low] = static_cast<uint32_t>(address);
  sqe->dw[low + 1] = static_cast<uint32_t>(address >> 32);
}

}  // namespace

TEST_CASE("engine: descriptors that silicon refuses") {
  for (const Generation generation : {Generation::kHip08, Generation::kHip09}) {
    Bench bench(Of(generation));
    const Sqe good = bench.Stateless(request::kZlib, Text(1000), 4096);
    const auto refused = [&](auto change, Reason reason, uint8_t code = status::kBadDescriptor) {
      bench.function.ClearRecords();
      Sqe sqe = good;
      change(&sqe);
      const Sqe done = bench.Do(kCompressQueue, sqe);
      CHECK(done.dw[3] == code);
      CHECK(done.dw[0] == 0);
      CHECK(done.dw[1] == 0);
      CHECK_MESSAGE(bench.Has(reason), bench.Why());
    };
    refused([](Sqe* sqe) { sqe->dw[7] ^= 3u << 28; }, Reason::kSqeType);
    refused([](Sqe* sqe) { sqe->dw[9] = 0x4005; }, Reason::kSqeRequest);
    refused([](Sqe* sqe) { sqe->dw[9] = 0x4043; }, Reason::kSqeRequest);  // lz77: not modelled
    refused([](Sqe* sqe) { sqe->dw[9] = 0x4202; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[9] = 0x5002; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[4] = kMaxBuffer + 1; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[14] = kMaxBuffer + 1; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[18] = sqe->dw[19] = 0; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[20] = sqe->dw[21] = 0; }, Reason::kSqeBuffer);
    refused([](Sqe* sqe) { sqe->dw[4] = 0; }, Reason::kSqeEmptyInput);
    refused([](Sqe* sqe) { SetAddress(sqe, 18, 0x10); }, Reason::kSqeDma, status::kDmaFault);
    refused([](Sqe* sqe) { SetAddress(sqe, 20, 0x10); }, Reason::kSqeDma, status::kDmaFault);
    if (generation == Generation::kHip08) {
      refused([](Sqe* sqe) { sqe->dw[9] = 0x4001; }, Reason::kSqeRequest);  // raw deflate
    }
    CHECK(bench.Do(kCompressQueue, good).dw[3] == status::kOk);
  }
}

TEST_CASE("engine: reserved bits are noted, the two published flag words are not") {
  Bench bench(Of(Generation::kHip09));
  const Sqe good = bench.Stateless(request::kRaw, Text(1000), 4096);
  Sqe sqe = good;
  sqe.dw[7] = 0x3a000000;  // as UADK has it
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == 0);
  CHECK(bench.function.violations().empty());
  for (const int index : {5, 6, 10, 11, 12, 13, 15, 16, 17, 22, 24, 27, 28, 29}) {
    bench.function.ClearRecords();
    sqe = good;
    sqe.dw[index] = 1;
    CHECK(bench.Do(kCompressQueue, sqe).dw[3] == 0);
    CHECK(bench.Has(Reason::kSqeReserved));
    CHECK(bench.function.counters().refused == 0);
  }
}

TEST_CASE("engine: at most 16 bytes of output: never answered") {
  Bench bench(Of(Generation::kHip08));
  const Sqe ignored = bench.Stateless(request::kZlib, Text(1000), 16);
  CHECK(bench.Do(kCompressQueue, ignored).dw[3] == 0xffffffff);
  CHECK(bench.Has(Reason::kSqeOutputTooSmall));
  CHECK(bench.function.counters().completions == 0);
  // The next one is, and says which slot it was.
  bench.Put(kCompressQueue, bench.Stateless(request::kZlib, Text(1000), 4096));
  bench.RingSq(kCompressQueue);
  bench.function.Run();
  Cqe cqe;
  Sqe done;
  REQUIRE(bench.Take(kCompressQueue, &cqe, &done));
  CHECK(cqe.sq_head == 1);
}

TEST_CASE("engine: a DMA fault may also be no answer at all") {
  Options options = Of(Generation::kHip08);
  options.dma_fault_completes = false;
  Bench bench(options);
  Sqe sqe = bench.Stateless(request::kZlib, Text(1000), 4096);
  SetAddress(&sqe, 20, 0x10);
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == 0xffffffff);
  CHECK(bench.Has(Reason::kSqeDma));
}

TEST_CASE("engine: output too small, data damaged, trailer wrong, input cut off") {
  Bench bench(Of(Generation::kHip08));
  const std::vector<uint8_t> text = Text(50000);
  Sqe done = bench.Do(kCompressQueue, bench.Stateless(request::kGzip, text, 1000));
  CHECK(done.dw[3] == status::kNoSpace);
  CHECK(done.dw[1] == 0);
  std::vector<uint8_t> body = ZlibCompress(text, 31);
  body.erase(body.begin(), body.begin() + 10);
  const auto status_of = [&](const std::vector<uint8_t>& input, uint32_t output) {
    return bench.Do(kDecompressQueue, bench.Stateless(request::kGzip, input, output)).dw[3];
  };
  CHECK(status_of(body, 49999) == status::kNoSpace);
  CHECK(status_of(body, 50000) == status::kOk);
  std::vector<uint8_t> wrong = body;
  wrong[wrong.size() - 8] ^= 1;  // CRC
  CHECK(status_of(wrong, 50000) == status::kChecksum);
  wrong = body;
  wrong.back() ^= 1;  // length
  CHECK(status_of(wrong, 50000) == status::kChecksum);
  wrong = body;
  wrong[0] |= 6;
  CHECK(status_of(wrong, 50000) == status::kBadData);
  wrong.assign(body.begin(), body.end() - 1);
  CHECK(status_of(wrong, 60000) == status::kBadData);
  // What follows is not consumed.
  wrong = body;
  wrong.resize(body.size() + 100, 0xaa);
  done = bench.Do(kDecompressQueue, bench.Stateless(request::kGzip, wrong, 60000));
  CHECK(done.dw[3] == status::kOk);
  CHECK(done.dw[0] == body.size());
}

TEST_CASE("engine: random decompression input never reads or writes outside") {
  test::Random random;
  Bench bench(Of(Generation::kHip09));
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> input = ZlibCompress(Text(random.Between(1, 2000), random.Next()), -15);
    for (size_t n = random.Between(0, 4); n > 0; --n) {
      input[random.Below(input.size())] = static_cast<uint8_t>(random.Next());
    }
    const auto size = static_cast<uint32_t>(random.Between(17, 3000));
    bench.out.data()[size] = 0x5a;
    const Sqe done = bench.Do(kDecompressQueue, bench.Stateless(request::kRaw, input, size));
    CHECK(bench.out.data()[size] == 0x5a);
    CHECK(done.dw[0] <= input.size());
    CHECK(done.dw[1] <= size);
  }
}

TEST_CASE("engine: scatter-gather lists") {
  Bench bench(Of(Generation::kHip08));
  SglBuilder sgl(&bench.bus);
  const std::vector<uint8_t> text = Text(30000);
  Sqe sqe = bench.Stateless(request::kZlib, text, 40000);
  const uint64_t in = bench.in.iova(), out = bench.out.iova();
  // Input in three pieces over two lists, 5 bytes skipped; output in two, 2 for the header.
  const uint64_t tail = sgl.Add({{in + 20000, 10000}});
  std::memmove(bench.in.data() + 5, bench.in.data(), 10000);
  std::memcpy(bench.in.data() + 20000, text.data() + 20000, 10000);
  std::memcpy(bench.in.data() + 50000, text.data() + 10000, 10000);
  const uint64_t head = sgl.Add({{in, 10005}, {in + 50000, 10000}}, tail);
  const uint64_t dest = sgl.Add({{out, 3000}, {out + 100000, 40000}});
  sqe.dw[9] = request::kZlib | 1u << 8 | 4u << 12;
  sqe.dw[7] |= 5;
  sqe.dw[8] = 2;
  SetAddress(&sqe, 18, head);
  SetAddress(&sqe, 20, dest);
  bench.out.data()[0] = 0x78;
  bench.out.data()[1] = 0x9c;
  Sqe done = bench.Do(kCompressQueue, sqe);
  CHECK(done.dw[3] == 0);
  CHECK(done.dw[0] == text.size());
  REQUIRE(done.dw[1] > 3000);
  std::vector<uint8_t> whole(done.dw[1] + 2);
  std::memcpy(whole.data(), bench.out.data(), 3000);
  std::memcpy(whole.data() + 3000, bench.out.data() + 100000, whole.size() - 3000);
  CHECK(ZlibDecompress(whole, 15) == text);
  CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());

  const auto status_with = [&](uint64_t source) {
    bench.function.ClearRecords();
    SetAddress(&sqe, 18, source);
    return bench.Do(kCompressQueue, sqe).dw[3];
  };
  CHECK(status_with(sgl.Add({{in, 30004}})) == status::kBadDescriptor);  // one byte short
  CHECK(bench.Has(Reason::kSqeBuffer));
  CHECK(status_with(sgl.Add({{in, 30005}})) == 0);
  CHECK(status_with(sgl.Add({{in, 0}, {in, 40000}})) == status::kBadDescriptor);
  CHECK(status_with(sgl.Add({{in, kMaxBuffer + 1}})) == status::kBadDescriptor);
  CHECK(status_with(head + 32) == status::kBadDescriptor);  // alignment
  CHECK(status_with(sgl.Add({{in, 10}}, 0x1000)) == status::kDmaFault);
  CHECK(status_with(sgl.Add({{0x1000, 40000}})) == status::kDmaFault);
  const uint64_t lying = sgl.Add({{in, 40000}});
  sgl.At(lying)[10] = 2;  // more valid entries than slots
  CHECK(status_with(lying) == status::kBadDescriptor);
  const uint64_t loop = sgl.Add({{in, 1}});
  std::memcpy(sgl.At(loop), &loop, 8);  // its own successor
  CHECK(status_with(loop) == status::kBadDescriptor);
}

TEST_CASE("engine: any descriptor at all is answered or ignored, and stays inside") {
  test::Random random;
  for (const Generation generation : {Generation::kV1, Generation::kHip08, Generation::kHip09}) {
    Bench bench(Of(generation));
    for (int i = 0; i < 4000; ++i) {
      Sqe sqe = bench.Stateless(request::kZlib, Text(200), 1000);
      if (random.Chance(2)) sqe.dw[7] = bench.StatefulFlags(random.Chance(2), random.Chance(2));
      if (random.Chance(2)) SetAddress(&sqe, 22, bench.context.iova());
      for (size_t n = random.Between(1, 4); n > 0; --n) {
        const size_t index = random.Below(32);
        sqe.dw[index] = random.Chance(2) ? static_cast<uint32_t>(random.Next())
                                         : sqe.dw[index] ^ 1u << random.Below(32);
      }
      const auto queue = static_cast<uint16_t>(random.Below(2));
      bench.Put(queue, sqe);
      bench.RingSq(queue);
      bench.function.Run();
      Cqe cqe;
      Sqe done;
      if (bench.Take(queue, &cqe, &done)) CHECK(cqe.sq_num == queue);
    }
  }
}

}  // namespace warpdrive::model
