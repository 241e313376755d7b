#include "software/codecs/fallback_codec.h"

#include <algorithm>

namespace warpdrive::software {
namespace {

constexpr size_t kMaxStored = 65535;  // LEN has 16 bits
constexpr size_t kStoredHeader = 5;   // 3 bits, padding to a byte, LEN, NLEN

uint8_t* WriteStored(uint8_t* out, std::span<const uint8_t> data, bool final) {
  *out++ = final ? 1 : 0;
  *out++ = static_cast<uint8_t>(data.size());
  *out++ = static_cast<uint8_t>(data.size() >> 8);
  *out++ = static_cast<uint8_t>(~data.size());
  *out++ = static_cast<uint8_t>(~data.size() >> 8);
  return std::copy(data.begin(), data.end(), out);
}

}  // namespace

size_t StoreBlocks(const BlockJob& job) {
  const size_t length = job.input.size();
  if (length == 0 && job.final) {
    if (job.output.size() < 2) return 0;
    job.output[0] = 3;  // BFINAL, fixed codes, end of block: 2 bytes where a stored block takes 5
    job.output[1] = 0;
    return 2;
  }
  const size_t blocks = (length + kMaxStored - 1) / kMaxStored + (job.final ? 0 : 1);
  if (job.output.size() < length + blocks * kStoredHeader) return 0;
  uint8_t* out = job.output.data();
  for (size_t at = 0; at < length; at += kMaxStored) {
    const size_t count = std::min(kMaxStored, length - at);
    out = WriteStored(out, job.input.subspan(at, count), job.final && at + count == length);
  }
  if (!job.final) out = WriteStored(out, {}, false);
  return out - job.output.data();
}

size_t FallbackCodec::Compress(const BlockJob& job) {
  if (job.input.size() > kMaxRequestBytes) return 0;
  if (job.input.empty()) return StoreBlocks(job);
  const size_t bound = BlockBound(job.input.size());
  BlockJob fitted = job;
  fitted.output = job.output.first(std::min(job.output.size(), bound));
  fitted.history = job.history.last(std::min<size_t>(job.history.size(), kMaxHistory));
  const size_t size = TryCompress(fitted);
  if (size != 0 || fitted.output.size() < bound) return size;
  return StoreBlocks(fitted);
}

}  // namespace warpdrive::software
