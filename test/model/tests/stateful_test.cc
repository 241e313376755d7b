#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "bench.h"
#include "support/random.h"

namespace warpdrive::model {
namespace {

Options Of(Generation generation) {
  Options options;
  options.generation = generation;
  return options;
}

uint32_t ReverseBits(uint32_t word) {
  uint32_t reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (word >> i & 1) << (31 - i);
  return reversed;
}

/// A stream as careful software drives it.
class StreamHost {
 public:
  StreamHost(Bench* bench, uint8_t request) : bench_(bench), request_(request) {
    std::memset(bench->context.data(), 0, kContextBytes);
  }

  Sqe Prepare(const std::vector<uint8_t>& input, uint32_t output_size, bool last) {
    Sqe sqe = bench_->Stateless(request_, input, output_size);
    sqe.dw[7] = bench_->StatefulFlags(first_, last);
    sqe.dw[22] = static_cast<uint32_t>(bench_->context.iova());
    sqe.dw[23] = static_cast<uint32_t>(bench_->context.iova() >> 32);
    for (int i = 0; i < 5; ++i) sqe.dw[kStateDwords[i]] = state_[i];
    return sqe;
  }
  Sqe Send(uint16_t queue, const std::vector<uint8_t>& input, uint32_t output_size, bool last) {
    const Sqe done = bench_->Do(queue, Prepare(input, output_size, last));
    first_ = false;
    for (int i = 0; i < 5; ++i) state_[i] = done.dw[kStateDwords[i]];
    return done;
  }
  uint32_t state(int i) const { return state_[i]; }
  void Forge(int i, uint32_t value) { state_[i] = value; }

 private:
  Bench* bench_;
  uint8_t request_;
  bool first_ = true;
  uint32_t state_[5] = {};
};

std::vector<uint8_t> Part(const std::vector<uint8_t>& data, size_t from, size_t size) {
  const size_t start = std::min(from, data.size());
  const size_t end = std::min(data.size(), start + size);
  return {data.begin() + static_cast<ptrdiff_t>(start), data.begin() + static_cast<ptrdiff_t>(end)};
}

/// The cached bits say whether the stream ends in them: an empty block of fixed codes, or stored.
bool EndsInCache(const Bench& bench, uint32_t dw15, uint32_t dw29) {
  const uint32_t count = dw15 >> 10 & 0x3f;
  const uint32_t window = dw29 & 0xffff;
  uint64_t bits;
  std::memcpy(&bits, bench.context.data() + 0xc00 + (window + 15) / 16 * 16, 8);
  // BFINAL, BTYPE 01, then seven zeroes: RFC 1951, 3.2.6.
  return count >= 10 && (bits & 0x3ff) == 3;
}

/// Decompresses as the procedure for streams says; the output, or nothing on an error.
std::vector<uint8_t> Decompress(Bench* bench, uint8_t request, const std::vector<uint8_t>& body,
                                const std::vector<size_t>& chunks, uint32_t output_size,
                                uint8_t* status, size_t* used) {
  StreamHost host(bench, request);
  std::vector<uint8_t> output;
  size_t at = 0, chunk = 0;
  bool again = false;
  int idle = 0;
  *status = 0xff;
  while (idle < 3) {
    const std::vector<uint8_t> input =
        again ? std::vector<uint8_t>() : Part(body, at, chunks[chunk++ % chunks.size()]);
    const Sqe done = host.Send(kDecompressQueue, input, output_size, false);
    *status = done.dw[3] & 0xff;
    if (done.dw[0] > input.size() || done.dw[1] > output_size) break;
    at += done.dw[0];
    const std::vector<uint8_t> part = bench->Output(done);
    output.insert(output.end(), part.begin(), part.end());
    *used = at;
    if (*status == status::kStreamEnd) return output;
    if (*status != status::kOk && *status != status::kNoSpace) break;
    const uint32_t state = done.dw[15] & 0xf;
    again = state == 1 || (state == 2 && at == body.size() && (done.dw[15] & 0x80) != 0 &&
                           (done.dw[28] & 0x7ffff) != 0);
    if (state == 3 && request == request::kRaw)
      again = EndsInCache(*bench, done.dw[15], done.dw[29]);
    idle = done.dw[0] == 0 && done.dw[1] == 0 && !again ? idle + 1 : 0;
    if (again && done.dw[0] == 0 && done.dw[1] == 0) again = false, ++idle;
  }
  return {};
}

}  // namespace

TEST_CASE("stateful: compression in pieces is one stream with a right trailer") {
  for (const Generation generation : {Generation::kHip08, Generation::kHip09}) {
    for (const uint8_t request : {request::kRaw, request::kZlib, request::kGzip}) {
      if (request == request::kRaw && generation != Generation::kHip09) continue;
      CAPTURE(int{request});
      Bench bench(Of(generation));
      StreamHost host(&bench, request);
      const std::vector<uint8_t> text = Text(300000);
      std::vector<uint8_t> whole = StreamHeader(request);
      for (size_t at = 0; at < text.size(); at += 70000) {
        const std::vector<uint8_t> chunk = Part(text, at, 70000);
        const bool last = at + chunk.size() == text.size();
        const Sqe done = host.Send(kCompressQueue, chunk, 1 << 20, last);
        REQUIRE(done.dw[3] == 0);
        CHECK(done.dw[0] == chunk.size());
        const std::vector<uint8_t> out = bench.Output(done);
        whole.insert(whole.end(), out.begin(), out.end());
        CHECK(done.dw[30] == at + chunk.size());
        // A sync flush ends on a byte, with an empty stored block.
        if (!last)
          CHECK(std::vector<uint8_t>(out.end() - 4, out.end()) ==
                std::vector<uint8_t>{0, 0, 0xff, 0xff});
        CHECK(bench.function.open_streams() == (last ? 0 : 1));
      }
      CHECK(ZlibDecompress(whole, WindowBitsOf(request)) == text);
      // The running checksum, by the published conversions.
      const uint32_t sum = host.state(4);
      const size_t size = whole.size();
      if (request == request::kZlib) {
        CHECK(sum == (uint32_t{whole[size - 4]} << 24 | whole[size - 3] << 16 |
                      whole[size - 2] << 8 | whole[size - 1]));
      } else if (request == request::kGzip) {
        uint32_t crc;
        std::memcpy(&crc, &whole[size - 8], 4);
        CHECK(ReverseBits(~sum) == crc);
      } else {
        CHECK(sum == 0);
      }
      CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
    }
  }
}

TEST_CASE("stateful: incompressible input grows, within 9/8, as negative compression") {
  Bench bench(Of(Generation::kHip08));
  StreamHost host(&bench, request::kGzip);
  test::Random random;
  std::vector<uint8_t> noise(65536);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random.Next());
  Sqe done = host.Send(kCompressQueue, noise, 65536 * 9 / 8, false);
  CHECK(done.dw[3] == status::kNegativeCompression);
  CHECK(done.dw[0] == noise.size());
  CHECK(done.dw[1] > noise.size());
  done = host.Send(kCompressQueue, {1}, 201, true);
  CHECK(done.dw[3] == status::kNegativeCompression);
  CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
}

TEST_CASE("stateful: decompression at every kind of cut gives the data, and stops at the end") {
  test::Random random;
  for (const uint8_t request : {request::kRaw, request::kZlib, request::kGzip}) {
    for (const bool read_ahead : {true, false}) {
      Options options = Of(Generation::kHip09);
      options.read_ahead = read_ahead;
      Bench bench(options);
      for (int round = 0; round < 60; ++round) {
        const std::vector<uint8_t> text = Text(random.Between(1, 40000), random.Next());
        const std::vector<uint8_t> whole = ZlibCompress(text, WindowBitsOf(request));
        std::vector<uint8_t> body(
            whole.begin() + static_cast<ptrdiff_t>(StreamHeader(request).size()), whole.end());
        const size_t length = body.size();
        // What follows the stream must stay untouched.
        body.resize(length + random.Between(0, 40), 0x03);
        std::vector<size_t> chunks(random.Between(1, 4));
        for (size_t& size : chunks) size = random.Between(1, random.Chance(2) ? 60 : 20000);
        const auto output_size =
            static_cast<uint32_t>(random.Between(201, random.Chance(2) ? 700 : 50000));
        uint8_t status;
        size_t used = 0;
        CAPTURE(int{request});
        CAPTURE(round);
        const std::vector<uint8_t> output =
            Decompress(&bench, request, body, chunks, output_size, &status, &used);
        CHECK(status == status::kStreamEnd);
        CHECK(output == text);
        CHECK(used == length);
        CHECK(bench.function.open_streams() == 0);
      }
      CHECK_MESSAGE(bench.function.violations().empty(), bench.Why());
    }
  }
}

TEST_CASE("stateful: the state dwords of decompression") {
  Bench bench(Of(Generation::kHip09));
  const std::vector<uint8_t> zeroes(100000);
  const std::vector<uint8_t> body = ZlibCompress(zeroes, -15);
  StreamHost host(&bench, request::kRaw);
  // Output full in the last block: state 1, BFINAL; all of so small an input is in the context.
  Sqe done = host.Send(kDecompressQueue, body, 1000, false);
  CHECK(done.dw[3] == 0);
  CHECK(done.dw[1] == 1000);
  CHECK((done.dw[15] & 0xf) == 1);
  CHECK((done.dw[15] & 0x80) != 0);
  CHECK((done.dw[29] & 0xffff) == 1000);

  // A stored block: bytes left in dword 28. State 2, because more input must come.
  const std::vector<uint8_t> stored = {0x01, 0xe8, 0x03, 0x17, 0xfc};  // final, 1000 bytes
  std::vector<uint8_t> input = stored;
  input.resize(stored.size() + 300, 'x');
  StreamHost second(&bench, request::kRaw);
  done = second.Send(kDecompressQueue, input, 300, false);
  CHECK((done.dw[15] & 0xf) == 2);
  CHECK((done.dw[15] & 0x80) != 0);
  CHECK((done.dw[28] & 0x7ffff) == 700);
  CHECK(done.dw[0] == input.size());
  done = second.Send(kDecompressQueue, {}, 300, false);  // nothing cached: nothing happens
  CHECK(done.dw[0] == 0);
  CHECK(done.dw[1] == 0);
  CHECK((done.dw[15] & 0xf) == 0);
  done = second.Send(kDecompressQueue, std::vector<uint8_t>(700, 'y'), 1000, false);
  CHECK(done.dw[3] == (status::kStreamEnd | kLastBlockFlag));

  // Half a block header: state 3, its bits at their place in the context.
  StreamHost third(&bench, request::kRaw);
  std::vector<uint8_t> blocks = {0x00, 0x10, 0x00, 0xef, 0xff};  // stored, not final, 16 bytes
  blocks.resize(blocks.size() + 16, 'z');
  blocks.push_back(0x05);  // final, dynamic codes: far from whole
  done = third.Send(kDecompressQueue, blocks, 1000, false);
  CHECK((done.dw[15] & 0xf) == 3);
  CHECK(done.dw[1] == 16);
  CHECK((done.dw[29] & 0xffff) == 16);
}

TEST_CASE("stateful: the status beside a full output can be the other one") {
  Options options = Of(Generation::kHip09);
  options.no_space_status = status::kNoSpace;
  Bench bench(options);
  const std::vector<uint8_t> text = Text(50000);
  uint8_t status;
  size_t used;
  CHECK(Decompress(&bench, request::kRaw, ZlibCompress(text, -15), {4000}, 1000, &status, &used) ==
        text);
  StreamHost host(&bench, request::kRaw);
  CHECK((host.Send(kDecompressQueue, ZlibCompress(text, -15), 1000, false).dw[3] & 0xff) == 0x0e);
}

TEST_CASE("stateful: damaged data and trailers") {
  Bench bench(Of(Generation::kHip08));
  const std::vector<uint8_t> text = Text(5000);
  std::vector<uint8_t> body = ZlibCompress(text, 15);
  body.erase(body.begin(), body.begin() + 2);
  uint8_t status;
  size_t used;
  std::vector<uint8_t> wrong = body;
  wrong.back() ^= 1;
  Decompress(&bench, request::kZlib, wrong, {100000}, 100000, &status, &used);
  CHECK(status == status::kChecksum);
  wrong = body;
  wrong[0] |= 7;  // block type 3
  Decompress(&bench, request::kZlib, wrong, {100000}, 100000, &status, &used);
  CHECK(status == status::kBadData);
  CHECK(bench.function.open_streams() == 0);
  // Cut off: never an end.
  Decompress(&bench, request::kZlib, Part(body, 0, body.size() - 1), {100000}, 100000, &status,
             &used);
  CHECK(status == 0);
}

TEST_CASE("stateful: a stream goes on only as it was handed back") {
  const auto refused = [](auto tamper) {
    Bench bench(Of(Generation::kHip09));
    StreamHost host(&bench, request::kGzip);
    REQUIRE(host.Send(kCompressQueue, Text(10000), 1 << 20, false).dw[3] == 0);
    uint16_t queue = kCompressQueue;
    tamper(&bench, &host, &queue);
    const Sqe done = host.Send(queue, Text(10000), 1 << 20, true);
    CHECK(done.dw[3] == status::kBadDescriptor);
    CHECK(bench.Has(Reason::kSqeStream));
  };
  for (int i = 0; i < 5; ++i) {
    refused([i](Bench*, StreamHost* host, uint16_t*) { host->Forge(i, host->state(i) ^ 0x10000); });
  }
  refused([](Bench* bench, StreamHost*, uint16_t*) { bench->context.data()[0] ^= 1; });
  refused([](Bench* bench, StreamHost*, uint16_t*) { bench->context.data()[0xc00 + 77] ^= 1; });
  refused([](Bench*, StreamHost*, uint16_t* queue) { *queue = kDecompressQueue; });
  refused([](Bench* bench, StreamHost*, uint16_t*) {
    bench->function.Reset();  // nothing is left of the stream
    REQUIRE(bench->kernel.BringUp());
    for (const uint16_t number : {kCompressQueue, kDecompressQueue}) {
      HostQueue& host = bench->queue(number);
      std::memset(host.cq.data(), 0, host.cq.size());
      host.tail = host.head = 0;
      host.phase = true;
      REQUIRE(bench->kernel.StartQueue(number, number == kDecompressQueue, host.sq.iova(), 16,
                                       host.cq.iova(), 16));
    }
  });
}

TEST_CASE("stateful: starting wrongly") {
  Bench bench(Of(Generation::kHip08));
  StreamHost host(&bench, request::kZlib);
  Sqe sqe = host.Prepare(Text(1000), 4096, false);
  sqe.dw[7] = bench.StatefulFlags(false, false);
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == status::kBadDescriptor);  // never begun
  sqe.dw[7] = bench.StatefulFlags(true, false);
  sqe.dw[30] = 1;
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == status::kBadDescriptor);  // state of another
  CHECK(bench.Has(Reason::kSqeStream));
  CHECK_FALSE(bench.Has(Reason::kContextNotZeroed));
  sqe.dw[30] = 0;
  bench.context.data()[5000] = 1;
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == 0);
  CHECK(bench.Has(Reason::kContextNotZeroed));
  sqe.dw[22] = sqe.dw[23] = 0;
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == status::kBadDescriptor);
  sqe.dw[22] = 0x1000;
  CHECK(bench.Do(kCompressQueue, sqe).dw[3] == status::kDmaFault);
  Bench v1(Of(Generation::kV1));
  StreamHost old(&v1, request::kZlib);
  CHECK(old.Send(kCompressQueue, Text(1000), 4096, false).dw[3] == status::kBadDescriptor);
}

TEST_CASE("stateful: limits of output and input") {
  Bench bench(Of(Generation::kHip08));
  const auto status_of = [&](uint16_t queue, size_t input, uint32_t output) {
    StreamHost host(&bench, request::kZlib);
    return host.Send(queue, Text(input), output, true).dw[3] & 0xff;
  };
  CHECK(status_of(kCompressQueue, 100, 200) == status::kBadDescriptor);
  CHECK(bench.Has(Reason::kSqeOutputTooSmall));
  CHECK(status_of(kCompressQueue, 100, 201) == 0);
  CHECK(status_of(kCompressQueue, 8000, 8999) == status::kBadDescriptor);
  CHECK(status_of(kCompressQueue, 8000, 9000) == 0);
  CHECK(status_of(kCompressQueue, 0, 9000) == status::kBadDescriptor);
  CHECK(bench.Has(Reason::kSqeEmptyInput));
  CHECK(status_of(kDecompressQueue, 100, 200) == status::kBadDescriptor);
}

TEST_CASE("stateful: partial consumption, as a fault") {
  Bench bench(Of(Generation::kHip08));
  StreamHost host(&bench, request::kZlib);
  const std::vector<uint8_t> text = Text(10000);
  bench.function.Inject({FaultKind::kPartial, 3000, 0, -1, 0, 3});
  std::vector<uint8_t> whole = StreamHeader(request::kZlib);
  size_t at = 0;
  for (int i = 0; i < 4; ++i) {
    const Sqe done = host.Send(kCompressQueue, Part(text, at, text.size()), 20000, true);
    CHECK(done.dw[0] == (i < 3 ? 3000 : 1000));
    const std::vector<uint8_t> out = bench.Output(done);
    whole.insert(whole.end(), out.begin(), out.end());
    at += done.dw[0];
  }
  CHECK(ZlibDecompress(whole, 15) == text);
}

}  // namespace warpdrive::model
