#include "warpdrive/zip_rig.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <utility>

namespace warpdrive::test {
namespace {

std::vector<uint8_t> InflateRaw(const uint8_t* data, size_t size, bool finish, size_t expected) {
  std::vector<uint8_t> out(expected + 1);
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  stream.next_in = const_cast<uint8_t*>(data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  if (finish) {
    CHECK(result == Z_STREAM_END);
  } else {
    // No final block, and nothing left over in a byte: the next block can follow.
    CHECK((result == Z_OK || (result == Z_BUF_ERROR && size == 0)));
    CHECK((stream.data_type & 0x87) == 0x80);
  }
  CHECK(stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

Block::Block(Format format, Flush flush, std::vector<uint8_t> data, uint64_t tag)
    : Block(format, flush, std::move(data), tag, 0) {}

Block::Block(Format format, Flush flush, std::vector<uint8_t> data, uint64_t tag,
             uint32_t output_size)
    : input(std::move(data)) {
  const auto size = static_cast<uint32_t>(input.size());
  output.resize(output_size != 0 ? output_size : CompressBound(size));
  request.tag = tag;
  request.operation = Operation::kCompress;
  request.flush = flush;
  request.params.format = format;
  request.input = input.data();
  request.input_size = size;
  request.output = output.data();
  request.output_size = static_cast<uint32_t>(output.size());
}

void Block::CheckDone(const Completion& completion) const {
  CHECK(completion.tag == request.tag);
  REQUIRE(completion.status == Status::kOk);
  CHECK(completion.consumed == input.size());
  REQUIRE(completion.produced <= output.size());
  const bool finish = request.flush == Flush::kFinish;
  CHECK((InflateRaw(output.data(), completion.produced, finish, input.size()) == input));
  const auto size = static_cast<uInt>(input.size());
  uint32_t checksum = 0;
  if (request.params.format == Format::kGzip) {
    checksum = static_cast<uint32_t>(crc32(0, input.data(), size));
  } else if (request.params.format == Format::kZlib) {
    checksum = static_cast<uint32_t>(adler32(1, input.data(), size));
  }
  CHECK(completion.checksum == checksum);
}

ZipRig::ZipRig(const model::Options& options, bool sva, size_t arena, uint32_t patience_ms)
    : device_(std::make_unique<ModelDevice>(options, sva, arena)) {
  const Outcome outcome = device_->Start();
  if (!outcome) FAIL(outcome.error().message);
  auto transport = std::make_unique<ModelTransport>(device_.get());
  transport_ = transport.get();
  hisilicon::ZipDeviceOptions device_options;
  device_options.patience.base_ms = patience_ms;
  zip_ = std::make_unique<hisilicon::ZipDevice>(std::move(transport), device_options);
}

std::unique_ptr<Queue> ZipRig::Open(QueueOptions options) {
  std::string refusal;
  options.refusal = &refusal;
  std::unique_ptr<Queue> queue = zip_->OpenQueue(options);
  if (!queue) FAIL(refusal);
  return queue;
}

void ZipRig::CheckClean() {
  for (const model::Violation& violation : function().violations()) {
    FAIL_CHECK(model::ReasonName(violation.reason), ": ", violation.detail);
  }
}

model::Options Immediate(model::Generation generation) {
  model::Options options;
  options.generation = generation;
  options.run_on_doorbell = true;
  return options;
}

std::map<uint64_t, Completion> Collect(Queue& queue, size_t count) {
  std::map<uint64_t, Completion> all;
  std::array<Completion, 64> some;
  while (all.size() < count) {
    const size_t got = queue.Receive(some);
    for (const Completion& completion : std::span(some).first(got)) {
      if (!all.emplace(completion.tag, completion).second) FAIL("a completion came twice");
    }
    if (got == 0 && !queue.Wait(1000)) break;
  }
  return all;
}

}  // namespace warpdrive::test
