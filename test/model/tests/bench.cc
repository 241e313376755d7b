#include "bench.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstring>
#include <random>

namespace warpdrive::model {

Cqe HostQueue::At(uint32_t slot) const {
  const uint8_t* at = cq.data() + size_t{kCqeSize} * slot;
  uint16_t words[4];
  std::memcpy(words, at + 8, sizeof(words));
  return {words[0], words[1], (words[3] & 1) != 0, static_cast<uint16_t>(words[3] >> 1)};
}

Bench::Bench(const Options& options, uint32_t depth, bool start, bool events)
    : function(options, &bus),
      kernel(&function, &bus),
      in(&bus, 10 << 20),
      out(&bus, 10 << 20),
      context(&bus, 2 * kContextBytes),
      compress_(new HostQueue(&bus, depth)),
      decompress_(new HostQueue(&bus, depth)) {
  REQUIRE(kernel.BringUp(events));
  if (!start) return;
  for (const uint16_t number : {kCompressQueue, kDecompressQueue}) {
    const HostQueue& host = queue(number);
    REQUIRE(kernel.StartQueue(number, number == kDecompressQueue, host.sq.iova(), depth,
                              host.cq.iova(), depth, events));
  }
}

void Bench::Put(uint16_t number, const Sqe& sqe) {
  HostQueue& host = queue(number);
  std::memcpy(host.sq.data() + size_t{kSqeSize} * host.tail, sqe.dw.data(), kSqeSize);
  host.tail = (host.tail + 1) % host.depth;
}

void Bench::RingSq(uint16_t number) {
  kernel.Ring(Bell::kSq, number, static_cast<uint16_t>(queue(number).tail));
}

bool Bench::Take(uint16_t number, Cqe* cqe, Sqe* sqe, bool arm) {
  HostQueue& host = queue(number);
  *cqe = host.At(host.head);
  if (cqe->phase != host.phase) return false;
  if (cqe->sq_head < host.depth) {
    std::memcpy(sqe->dw.data(), host.sq.data() + size_t{kSqeSize} * cqe->sq_head, kSqeSize);
  }
  host.head = (host.head + 1) % host.depth;
  if (host.head == 0) host.phase = !host.phase;
  kernel.Ring(Bell::kCq, number, static_cast<uint16_t>(host.head), arm ? 1 : 0);
  return true;
}

Sqe Bench::Do(uint16_t number, const Sqe& sqe) {
  Put(number, sqe);
  RingSq(number);
  function.Run();
  Cqe cqe;
  Sqe done;
  if (!Take(number, &cqe, &done)) done.dw[3] = 0xffffffff;
  return done;
}

Sqe Bench::Stateless(uint8_t request, const std::vector<uint8_t>& input, uint32_t output_size) {
  if (!input.empty()) std::memcpy(in.data(), input.data(), input.size());
  Sqe sqe;
  sqe.dw[4] = static_cast<uint32_t>(input.size());
  sqe.dw[7] = SqeType(function.options().generation) << 28;
  sqe.dw[9] = request | 4u << 12;
  sqe.dw[14] = output_size;
  sqe.dw[18] = static_cast<uint32_t>(in.iova());
  sqe.dw[19] = static_cast<uint32_t>(in.iova() >> 32);
  sqe.dw[20] = static_cast<uint32_t>(out.iova());
  sqe.dw[21] = static_cast<uint32_t>(out.iova() >> 32);
  sqe.dw[TagDword(function.options().generation)] = 0x7a67;
  return sqe;
}

uint32_t Bench::StatefulFlags(bool first, bool last) const {
  const uint32_t type = SqeType(function.options().generation);
  return type << 28 | 1u << 26 | (first ? 1u << 27 : 0) | (last ? 1u << 25 : 0);
}

std::vector<uint8_t> Bench::Output(const Sqe& done) const {
  return {out.data(), out.data() + done.dw[1]};
}

bool Bench::Has(Reason reason) {
  for (const Violation& violation : function.violations()) {
    if (violation.reason == reason) return true;
  }
  return false;
}

std::string Bench::Why() {
  std::string all;
  for (const Violation& violation : function.violations()) {
    all += std::string(ReasonName(violation.reason)) + ": " + violation.detail + "\n";
  }
  return all;
}

std::vector<uint8_t> Text(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  static const char* const words[] = {"queue ", "doorbell ", "ring ", "phase ",  "context ",
                                      "page ",  "a ",        "of ",   "window ", "the "};
  std::vector<uint8_t> data;
  while (data.size() < size) {
    const char* word = words[random() % 10];
    data.insert(data.end(), word, word + std::strlen(word));
    if (random() % 4 == 0) data.push_back(static_cast<uint8_t>(random()));
  }
  data.resize(size);
  return data;
}

std::vector<uint8_t> ZlibCompress(const std::vector<uint8_t>& data, int window_bits) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<uint8_t> out(deflateBound(&stream, data.size()));
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::vector<uint8_t> ZlibDecompress(const std::vector<uint8_t>& data, int window_bits) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, window_bits) == Z_OK);
  std::vector<uint8_t> out(64 << 20);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool whole = result == Z_STREAM_END && stream.avail_in == 0;
  out.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return out;
}

std::vector<uint8_t> StreamHeader(uint8_t request) {
  if (request == request::kZlib) return {0x78, 0x9c};
  if (request == request::kGzip) return {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  return {};
}

int WindowBitsOf(uint8_t request) {
  return request == request::kRaw ? -15 : request == request::kZlib ? 15 : 31;
}

}  // namespace warpdrive::model
