// Block starts that are found by what a device made of a stream: each is one, or nothing is found.
#include "software/codecs/block_finder.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "software/codecs/checksum.h"
#include "software/codecs/inflate_bulk.h"
#include "software/executor.h"
#include "support/deflate_writer.h"
#include "support/inflate.h"
#include "support/random.h"

namespace warpdrive::test {
namespace {

constexpr size_t kPieceOutput = 400'000;

/// A device that has used the raw deflate `stream` up to `end`, and delivered `apart` bytes less
/// (or more) than that makes.
struct Delivered {
  Delivered(const Bytes& stream, const Bytes& data, size_t end, ptrdiff_t apart)
      : stream(stream), data(data), end(end) {
    const size_t made = InflateRaw(std::span(stream).first(end)).data.size();
    to = static_cast<size_t>(static_cast<ptrdiff_t>(made) - apart);
    from = to - std::min(to, kPieceOutput);
  }

  StreamPiece Piece(size_t input_at) const {
    const std::span<const uint8_t> all(data);
    return {.input = std::span(stream).subspan(input_at, end - input_at),
            .output = all.subspan(from, to - from),
            .input_at = input_at,
            .output_at = from,
            .format = Format::kGzip,
            .check = software::Crc32(0, all.first(from)),
            .member_output = static_cast<uint32_t>(from)};
  }

  const Bytes& stream;
  const Bytes& data;
  size_t end;
  size_t from = 0;
  size_t to = 0;
};

std::unique_ptr<BlockSearch> Find(const StreamPiece& piece) {
  std::unique_ptr<BlockSearch> search = software::MakeBlockFinder();
  REQUIRE(search != nullptr);
  search->SetPiece(piece);
  software::Executor executor;
  const Completion done = executor.Execute({.tag = 7,
                                            .operation = Operation::kFindBlock,
                                            .params = {},
                                            .input = piece.input.data(),
                                            .input_size = static_cast<uint32_t>(piece.input.size()),
                                            .context = search->context()});
  CHECK(done.tag == 7);
  CHECK(done.status == Status::kOk);
  return search;
}

/// That the rest of the stream decodes from there to the rest of the data.
void CheckStart(const BlockStart& start, const Bytes& stream, const Bytes& data) {
  REQUIRE(start.input <= stream.size());
  REQUIRE(start.output >= kMaxHistory);
  REQUIRE(start.output <= data.size());
  const std::span<const uint8_t> before =
      std::span<const uint8_t>(data).first(static_cast<size_t>(start.output));
  CHECK(std::equal(start.window.begin(), start.window.end(), before.end() - kMaxHistory));
  CHECK(start.check == software::Crc32(0, before));
  CHECK(start.member_output == static_cast<uint32_t>(start.output));
  z_stream rest{};
  REQUIRE(inflateInit2(&rest, -MAX_WBITS) == Z_OK);
  CHECK(inflateSetDictionary(&rest, start.window.data(), kMaxHistory) == Z_OK);
  CHECK(inflatePrime(&rest, start.bit_count, start.bits) == Z_OK);
  Bytes output(data.size() - before.size() + 1);
  rest.next_in = const_cast<Bytef*>(stream.data() + start.input);
  rest.avail_in = static_cast<uInt>(stream.size() - start.input);
  rest.next_out = output.data();
  rest.avail_out = static_cast<uInt>(output.size());
  CHECK(inflate(&rest, Z_FINISH) == Z_STREAM_END);
  const std::span<const uint8_t> made(output.data(), output.size() - rest.avail_out);
  inflateEnd(&rest);
  const std::span<const uint8_t> expected = std::span(data).subspan(before.size());
  CHECK(std::equal(made.begin(), made.end(), expected.begin(), expected.end()));
}

bool Finds(const Bytes& stream, const Bytes& data, size_t end, ptrdiff_t apart) {
  const Delivered delivered(stream, data, end, apart);
  const size_t input = std::min<size_t>(end, 500'000);
  const auto search = Find(delivered.Piece(end - input));
  if (search->found() == nullptr) return false;
  CheckStart(*search->found(), stream, data);
  return true;
}

}  // namespace

// Without ISA-L no stream goes on amid a member, and nothing is looked for.
const bool kFinds = software::HasBulkInflate();

TEST_CASE("block finder: blocks of all kinds of data, wherever the device stands") {
  if (!kFinds) {
    CHECK(software::MakeBlockFinder() == nullptr);
    return;
  }
  Random random;
  for (const DataKind kind :
       {DataKind::kText, DataKind::kNoise, DataKind::kSkewed, DataKind::kMixed}) {
    const Bytes data = MakeData(kind, 900'000, random);
    for (const int level : {0, 1, 6, 9}) {
      const Bytes stream = ZlibDeflate(data, level, Z_FINISH);
      const std::string title =
          "kind " + std::to_string(static_cast<int>(kind)) + ", level " + std::to_string(level);
      INFO(title);
      int found = 0;
      for (const ptrdiff_t apart : {0, 1, 258, 60'000, -3, -60'000}) {
        const size_t end = stream.size() - random.Between(stream.size() / 5, stream.size() / 3);
        found += Finds(stream, data, end, apart) ? 1 : 0;
      }
      // Pieces of mixed data may be of the kinds that have no place that can be told, and any piece
      // may lie in one block.
      if (kind != DataKind::kMixed) CHECK(found >= 4);
    }
  }
}

TEST_CASE("block finder: what repeats is nowhere, since it could be anywhere") {
  if (!kFinds) return;
  Random random;
  for (const size_t period : {size_t{1}, size_t{1000}, size_t{40'000}}) {
    const Bytes once = MakeData(DataKind::kSkewed, period, random);
    Bytes data;
    while (data.size() < 900'000) data.insert(data.end(), once.begin(), once.end());
    for (const int level : {0, 6}) {
      const Bytes stream = ZlibDeflate(data, level, Z_FINISH);
      CHECK_FALSE(Finds(stream, data, stream.size() * 3 / 4, 0));
    }
  }
}

TEST_CASE("block finder: no start in a block without end") {
  if (!kFinds) return;
  Random random;
  const Bytes data = MakeData(DataKind::kSkewed, 500'000, random);
  DeflateWriter writer({});
  writer.Put(1, 1);
  writer.Put(1, 2);  // fixed codes, RFC 1951 §3.2.6
  const Lengths literals = FixedLiterals();
  for (const uint8_t byte : data) writer.PutCode(literals, byte);
  writer.PutCode(literals, 256);
  const Bytes& stream = writer.stream();
  REQUIRE(InflateRaw(stream).data == data);
  CHECK_FALSE(Finds(stream, data, stream.size() - 1000, 0));
}

TEST_CASE("block finder: streams within stored blocks are data") {
  if (!kFinds) return;
  constexpr uint64_t kFound = 2;
  for (const uint64_t seed : {kFound, ProcessSeed()}) {
    Random random(seed);
    Bytes inner;
    for (int i = 0; i < 8; ++i) {
      const Bytes part = ZlibDeflate(MakeData(DataKind::kText, 400'000, random), 6, Z_SYNC_FLUSH);
      inner.insert(inner.end(), part.begin(), part.end());
    }
    REQUIRE(inner.size() > 600'000);
    const Bytes stream = ZlibDeflate(inner, 0, Z_FINISH);
    for (const ptrdiff_t apart : {0, 500}) {
      const bool found = Finds(stream, inner, stream.size() - 100'000, apart);
      // A search is bounded: of other data the inner headers may use it up. What it finds is right.
      if (seed == kFound) CHECK(found);
    }
  }
}

TEST_CASE("block finder: nothing is found if the device's output is not what the input makes") {
  if (!kFinds) return;
  Random random;
  const Bytes data = MakeData(DataKind::kText, 900'000, random);
  const Bytes stream = ZlibDeflate(data, 6, Z_FINISH);
  for (int i = 0; i < 20; ++i) {
    Delivered delivered(stream, data, stream.size() * 3 / 4, 0);
    Bytes wrong = data;
    // Behind every start that leaves enough to compare.
    wrong[delivered.to - 1 - random.Below(4096)] ^= static_cast<uint8_t>(1 << random.Below(8));
    StreamPiece piece = delivered.Piece(0);
    piece.output = std::span<const uint8_t>(wrong).subspan(delivered.from, piece.output.size());
    CHECK(Find(piece)->found() == nullptr);
  }
}

TEST_CASE("block finder: pieces of any size and bytes end with nothing") {
  if (!kFinds) return;
  Random random;
  const Bytes noise = MakeData(DataKind::kNoise, 300'000, random);
  for (const size_t output : {size_t{0}, size_t{1}, BlockSearch::kLeastOutput - 1,
                              BlockSearch::kLeastOutput, noise.size()}) {
    for (const size_t input : {size_t{0}, size_t{1}, size_t{23}, size_t{24}, size_t{50'000}}) {
      const Bytes in(noise.begin(), noise.begin() + static_cast<ptrdiff_t>(input));
      const Bytes out(noise.begin(), noise.begin() + static_cast<ptrdiff_t>(output));
      CHECK(Find({.input = in, .output = out, .format = Format::kZlib})->found() == nullptr);
    }
  }
}

}  // namespace warpdrive::test
