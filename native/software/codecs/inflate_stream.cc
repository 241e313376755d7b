#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "software/codecs/inflate_bulk.h"
#include "software/codecs/stream_codec.h"

namespace warpdrive::software {
namespace {

constexpr uint8_t kGzipId1 = 0x1f;  // RFC 1952 §2.3.1
constexpr uint8_t kGzipId2 = 0x8b;

// What z_stream::data_type says after inflate(); zlib.h.
constexpr int kUnusedBits = 7;
constexpr int kInLastBlock = 64;
constexpr int kBetweenBlocks = 128;

// Behaves as node's ZlibContext (src/node_zlib.cc) for INFLATE, GUNZIP, INFLATERAW and UNZIP.
class InflateStream final : public StreamCodec {
 public:
  explicit InflateStream(const StreamParams& params)
      : format_(params.format),
        mode_(params.format),
        window_bits_(params.window_bits),
        one_member_(params.one_member) {}

  ~InflateStream() override {
    if (open_) inflateEnd(&stream_);
  }

  bool KeepDictionary(std::span<const uint8_t> dictionary) {
    if (dictionary.empty()) return true;
    if (dictionary.size() > kMaxRequestBytes) return false;
    dictionary_.reset(new (std::nothrow) uint8_t[dictionary.size()]);
    if (dictionary_ == nullptr) return false;
    std::memcpy(dictionary_.get(), dictionary.data(), dictionary.size());
    dictionary_size_ = static_cast<uInt>(dictionary.size());
    return true;
  }

  StepResult Step(std::span<const uint8_t> input, std::span<uint8_t> output, Flush flush) override {
    if (error_.code != 0) return {Status::kDataError, 0, 0};
    if (input.size() > kMaxRequestBytes || output.size() > kMaxRequestBytes) {
      return {Status::kUnsupported, 0, 0};
    }
    Bytef nowhere = 0;  // zlib refuses null pointers even where it has nothing to write
    input_ = input.data();
    stream_.next_in = const_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = output.empty() ? &nowhere : output.data();
    stream_.avail_out = static_cast<uInt>(output.size());

    int result = Open();
    if (result == Z_OK) result = InflateAll(static_cast<int>(flush));

    const size_t consumed = input.size() - stream_.avail_in;
    if (consumed != 0) last_byte_ = input[consumed - 1];
    SetError(result, flush);
    Status status = Status::kOk;
    if (error_.code != 0) {
      status = Status::kDataError;
    } else if (result == Z_STREAM_END) {
      status = Status::kStreamEnd;
    } else if (stream_.avail_out == 0) {
      status = Status::kOutputFull;
    }
    return {status, static_cast<uint32_t>(consumed),
            static_cast<uint32_t>(output.size() - stream_.avail_out)};
  }

  StreamError error() const override { return error_; }

  bool AtBlockStart(ResumePoint* point) const override {
    return error_.code == 0 && bulk_ != nullptr && bulk_->AtBlockStart(point);
  }
  void Skip(std::span<const uint8_t> output) override { bulk_->Skip(output); }

  bool Resume(const BulkStart& start) {
    if (Open() != Z_OK) return false;
    // What the member's start would have told.
    if (mode_ == Format::kAuto) mode_ = start.format;
    bulk_ = MakeBulkInflate(start);
    return bulk_ != nullptr;
  }

 private:
  int Open() {
    if (open_) return Z_OK;
    int window_bits = window_bits_;
    if (format_ == Format::kGzip) window_bits += 16;
    if (format_ == Format::kAuto) window_bits += 32;
    // Raw deflate has no header to take the window size from.
    if (format_ == Format::kRaw) window_bits = window_bits == 0 ? -MAX_WBITS : -window_bits;
    const int result = inflateInit2(&stream_, window_bits);
    open_ = result == Z_OK;
    if (!open_ || format_ != Format::kRaw || dictionary_size_ == 0) return result;
    const int set = inflateSetDictionary(&stream_, dictionary_.get(), dictionary_size_);
    dictionary_failed_ = set != Z_OK;
    return set;
  }

  // One call of node's ZlibContext::DoThreadPoolWork.
  int InflateAll(int flush) {
    if (mode_ == Format::kAuto) DetectFormat();
    int result = InflateMember(flush);
    if (mode_ != Format::kRaw && result == Z_NEED_DICT && dictionary_size_ != 0) {
      result = inflateSetDictionary(&stream_, dictionary_.get(), dictionary_size_);
      if (result == Z_OK) {
        result = InflateMember(flush);
      } else if (result == Z_DATA_ERROR) {
        result = Z_NEED_DICT;
      }
    }
    // What follows is another member, or zeros for padding, or garbage.
    while (!one_member_ && stream_.avail_in > 0 && mode_ == Format::kGzip &&
           result == Z_STREAM_END && stream_.next_in[0] != 0) {
      bulk_ended_ = false;
      inflateReset(&stream_);
      result = InflateMember(flush);
    }
    return result;
  }

  // The two magic bytes may come one at a time. zlib detects the format on its own; here it only
  // decides if another member may follow.
  void DetectFormat() {
    std::span<const uint8_t> input(stream_.next_in, stream_.avail_in);
    if (!id1_seen_ && !input.empty()) {
      id1_seen_ = input[0] == kGzipId1;
      if (!id1_seen_) mode_ = Format::kZlib;
      input = input.subspan(1);
    }
    if (id1_seen_ && !input.empty()) {
      mode_ = input[0] == kGzipId2 ? Format::kGzip : Format::kZlib;
    }
  }

  // As inflate() for one member.
  int InflateMember(int flush) {
    if (bulk_ != nullptr) return InflateBulk(flush);
    if (bulk_ended_) return Z_STREAM_END;
    if (stream_.total_in == 0 && stream_.avail_in != 0) first_byte_ = stream_.next_in[0];
    if (!MayHandOver(flush)) return inflate(&stream_, flush);
    for (;;) {
      const int result = inflate(&stream_, Z_BLOCK);
      if (result != Z_OK || (stream_.data_type & kBetweenBlocks) == 0) return result;
      const bool last = (stream_.data_type & kInLastBlock) != 0;
      if (!last && stream_.total_in >= kBulkAfterBytes && HandOver()) return InflateBulk(flush);
    }
  }

  int InflateBulk(int flush) {
    const int result = bulk_->Inflate(&stream_, flush);
    if (result == Z_STREAM_END) {
      bulk_ = nullptr;
      bulk_ended_ = true;
    }
    return result;
  }

  // Smaller windows make it depend on the output space which distances zlib refuses, and
  // dictionaries are rare: both are left to zlib.
  bool MayHandOver(int flush) const {
    if (!HasBulkInflate() || flush == Z_BLOCK || dictionary_size_ != 0) return false;
    if (window_bits_ != 0 && window_bits_ != MAX_WBITS) return false;
    const int header_window_bits = (first_byte_ >> 4) + 8;  // CINFO, RFC 1950 §2.2
    return MemberFormat() != Format::kZlib || header_window_bits == MAX_WBITS;
  }

  Format MemberFormat() const {
    if (format_ == Format::kRaw) return Format::kRaw;
    return first_byte_ == kGzipId1 ? Format::kGzip : Format::kZlib;
  }

  bool HandOver() {
    const Format format = MemberFormat();
    std::array<uint8_t, kMaxHistory> window;
    uInt window_size = 0;
    if (inflateGetDictionary(&stream_, window.data(), &window_size) != Z_OK || window_size == 0) {
      return false;
    }
    const int unused = stream_.data_type & kUnusedBits;
    const uint8_t last = stream_.next_in != input_ ? stream_.next_in[-1] : last_byte_;
    BulkStart start;
    start.format = format;
    start.check = static_cast<uint32_t>(stream_.adler);
    start.total_out = static_cast<uint32_t>(stream_.total_out);
    start.window = std::span<const uint8_t>(window).first(window_size);
    start.bits = static_cast<uint8_t>(last >> (8 - unused));
    start.bit_count = static_cast<uint8_t>(unused);
    bulk_ = MakeBulkInflate(start);
    return bulk_ != nullptr;
  }

  // As node's ZlibContext::GetErrorInfo.
  void SetError(int result, Flush flush) {
    const char* message = nullptr;
    int code = result;
    switch (result) {
      case Z_OK:
      case Z_BUF_ERROR:
        if (stream_.avail_out != 0 && flush == Flush::kFinish) {
          message = "unexpected end of file";
          code = Z_BUF_ERROR;
        }
        break;
      case Z_STREAM_END:
        break;
      case Z_NEED_DICT:
        message = dictionary_size_ == 0 ? "Missing dictionary" : "Bad dictionary";
        break;
      default:
        message = dictionary_failed_ ? "Failed to set dictionary" : "Zlib error";
        break;
    }
    if (message == nullptr) return;
    error_ = {code, stream_.msg != nullptr ? stream_.msg : message};
  }

  const Format format_;
  Format mode_;  // kAuto until the magic bytes are seen
  const int window_bits_;
  const bool one_member_;
  std::unique_ptr<uint8_t[]> dictionary_;
  uInt dictionary_size_ = 0;
  bool dictionary_failed_ = false;

  z_stream stream_{};
  bool open_ = false;
  bool id1_seen_ = false;
  const uint8_t* input_ = nullptr;  // start of this step's input
  uint8_t last_byte_ = 0;           // of all input consumed before this step
  uint8_t first_byte_ = 0;          // of the member

  std::unique_ptr<BulkInflate> bulk_;
  bool bulk_ended_ = false;  // stream_ was left behind in the middle of a member that has ended
  StreamError error_;
};

}  // namespace

std::unique_ptr<StreamCodec> MakeInflateStream(const StreamParams& params,
                                               std::span<const uint8_t> dictionary) {
  std::unique_ptr<InflateStream> stream(new (std::nothrow) InflateStream(params));
  if (stream == nullptr || !stream->KeepDictionary(dictionary)) return nullptr;
  return stream;
}

std::unique_ptr<StreamCodec> ResumeInflateStream(const StreamParams& params,
                                                 const BulkStart& start) {
  std::unique_ptr<InflateStream> stream(new (std::nothrow) InflateStream(params));
  if (stream == nullptr || !stream->Resume(start)) return nullptr;
  return stream;
}

}  // namespace warpdrive::software
