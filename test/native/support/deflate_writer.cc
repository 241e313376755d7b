#include "support/deflate_writer.h"

#include <zlib.h>

#include <cstdlib>

namespace warpdrive::test {

Bytes ZlibDeflate(std::span<const uint8_t> data, int level, int flush) {
  z_stream zlib{};
  if (deflateInit2(&zlib, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  Bytes out(deflateBound(&zlib, data.size()) + 100);
  zlib.next_in = const_cast<Bytef*>(data.data());
  zlib.avail_in = static_cast<uInt>(data.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  if (deflate(&zlib, flush) < Z_OK) std::abort();
  deflateEnd(&zlib);
  return Bytes(out.data(), zlib.next_out);
}

Lengths FixedLiterals() {
  Lengths lengths(144, 8);
  lengths.resize(256, 9);
  lengths.resize(280, 7);
  lengths.resize(288, 8);
  return lengths;
}

Lengths FixedDistances() { return Lengths(32, 5); }

void DeflateWriter::Put(uint32_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (used_ == 8) {
      stream_.push_back(0);
      used_ = 0;
    }
    stream_.back() |= static_cast<uint8_t>((value >> i & 1) << used_++);
  }
}

void DeflateWriter::PutCode(const Lengths& lengths, size_t symbol) {
  const unsigned length = lengths[symbol];
  uint32_t code = 0;
  for (size_t other = 0; other < lengths.size(); ++other) {
    const bool before = lengths[other] < length || (lengths[other] == length && other < symbol);
    if (lengths[other] != 0 && before) code += 1u << (length - lengths[other]);
  }
  for (unsigned i = length; i-- != 0;) Put(code >> i, 1);
}

Lengths DeflateWriter::LengthCode() {
  Lengths lengths(13, 4);
  lengths.resize(19, 5);
  return lengths;
}

void DeflateWriter::PutDynamic(size_t literals, size_t distances, const Lengths& length_code) {
  constexpr size_t kOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  Put(2 << 1, 3);
  Put(static_cast<uint32_t>(literals - 257), 5);
  Put(static_cast<uint32_t>(distances - 1), 5);
  Put(19 - 4, 4);
  for (const size_t symbol : kOrder) Put(length_code[symbol], 3);
}

void DeflateWriter::PutDynamic(const Lengths& literals, const Lengths& distances) {
  PutDynamic(literals.size(), distances.size(), LengthCode());
  for (const uint8_t length : literals) PutCode(LengthCode(), length);
  for (const uint8_t length : distances) PutCode(LengthCode(), length);
}

void DeflateWriter::PutStored(std::span<const uint8_t> data) {
  Put(0, 3);
  AlignToByte();
  const auto size = static_cast<uint32_t>(data.size());
  Put(size, 16);
  Put(~size, 16);
  stream_.insert(stream_.end(), data.begin(), data.end());
}

}  // namespace warpdrive::test
