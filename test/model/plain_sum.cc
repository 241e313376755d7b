#include <zlib.h>

#include "model/codec.h"
#include "model/registers.h"

namespace warpdrive::model {
namespace {

constexpr size_t kWindow = 32768;

uint32_t ReverseBits(uint32_t word) {
  uint32_t reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (word >> i & 1) << (31 - i);
  return reversed;
}

}  // namespace

PlainSum::PlainSum(uint8_t request) : request_(request), sum_(request == request::kZlib ? 1 : 0) {}

void PlainSum::Update(const uint8_t* data, size_t size) {
  if (size == 0) return;  // zlib would take a null pointer as "start anew"
  length_ += static_cast<uint32_t>(size);
  if (request_ == request::kZlib) sum_ = static_cast<uint32_t>(adler32_z(sum_, data, size));
  if (request_ == request::kGzip) sum_ = static_cast<uint32_t>(crc32_z(sum_, data, size));
}

uint32_t PlainSum::register_value() const {
  return request_ == request::kGzip ? ~ReverseBits(sum_) : sum_;
}

size_t PlainSum::TrailerSize(uint8_t request) {
  return request == request::kZlib ? 4 : request == request::kGzip ? 8 : 0;
}

std::vector<uint8_t> PlainSum::Trailer() const {
  std::vector<uint8_t> bytes;
  if (request_ == request::kZlib) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(sum_ >> shift & 0xff);
  } else if (request_ == request::kGzip) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(sum_ >> shift & 0xff);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(length_ >> shift & 0xff);
  }
  return bytes;
}

void Window::Append(const uint8_t* data, size_t size) {
  if (size == 0) return;
  if (size >= kWindow) {
    bytes_.assign(data + size - kWindow, data + size);
    return;
  }
  if (bytes_.size() + size > kWindow) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + (bytes_.size() + size - kWindow));
  }
  bytes_.insert(bytes_.end(), data, data + size);
}

}  // namespace warpdrive::model
