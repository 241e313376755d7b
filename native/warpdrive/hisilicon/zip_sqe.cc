#include "warpdrive/hisilicon/zip_sqe.h"

namespace warpdrive::hisilicon {
namespace {

// Word indices.
constexpr uint32_t kConsumed = 0;
constexpr uint32_t kProduced = 1;
constexpr uint32_t kStatus = 3;
constexpr uint32_t kInputSize = 4;
constexpr uint32_t kMode = 7;
constexpr uint32_t kType = 9;
constexpr uint32_t kOutputSize = 14;
constexpr uint32_t kCtxDw0 = 15;
constexpr uint32_t kInput = 18;
constexpr uint32_t kOutput = 20;
constexpr uint32_t kContext = 22;
constexpr uint32_t kCtxDw1 = 28;
constexpr uint32_t kCtxDw2 = 29;
constexpr uint32_t kIsize = 30;
constexpr uint32_t kChecksum = 31;

// kMode.
constexpr uint32_t kFlushFinish = 1u << 25;
constexpr uint32_t kStreamMode = 1u << 26;
constexpr uint32_t kStreamNew = 1u << 27;
constexpr uint32_t kSqeTypeShift = 28;

// kType: request type in [7:0], flat buffers are 0 in [11:8].
constexpr uint32_t kWindowShift = 12;

constexpr uint32_t kLastBlock = 1u << 8;  // of kStatus

void PutAddress(uint64_t address, uint32_t word, Sqe* sqe) {
  sqe->dw[word] = static_cast<uint32_t>(address);
  sqe->dw[word + 1] = static_cast<uint32_t>(address >> 32);
}

ZipStatus StatusOf(uint8_t raw) {
  switch (raw) {
    case 0x00:
      return ZipStatus::kOk;
    case 0x0D:
      return ZipStatus::kNegative;
    case 0x0E:
      return ZipStatus::kOutputTooSmall;
    case 0x0F:
    case 0x12:
      return ZipStatus::kIntegrity;
    case 0x10:
      return ZipStatus::kChecksumError;
    case 0x13:
      return ZipStatus::kStreamEnd;
    default:
      return ZipStatus::kBadRequest;
  }
}

uint32_t ReverseBits(uint32_t value) {
  value = (value >> 1 & 0x55555555u) | (value & 0x55555555u) << 1;
  value = (value >> 2 & 0x33333333u) | (value & 0x33333333u) << 2;
  value = (value >> 4 & 0x0F0F0F0Fu) | (value & 0x0F0F0F0Fu) << 4;
  return __builtin_bswap32(value);
}

}  // namespace

void Encode(const ZipCommand& command, SqeLayout layout, Sqe* sqe) {
  *sqe = Sqe();
  sqe->dw[kInputSize] = command.input_size;
  // A stateless request has the same bits as a first and last one, but for kStreamMode.
  sqe->dw[kMode] = static_cast<uint32_t>(layout) << kSqeTypeShift |
                   (command.finish ? kFlushFinish : 0) | (command.stateful ? kStreamMode : 0) |
                   (command.first ? kStreamNew : 0);
  sqe->dw[kType] = static_cast<uint32_t>(command.format) | uint32_t{command.window} << kWindowShift;
  sqe->dw[kOutputSize] = command.output_size;
  PutAddress(command.input, kInput, sqe);
  PutAddress(command.output, kOutput, sqe);
  PutAddress(command.context, kContext, sqe);
  sqe->dw[kCtxDw0] = command.stream.ctx_dw0;
  sqe->dw[kCtxDw1] = command.stream.ctx_dw1;
  sqe->dw[kCtxDw2] = command.stream.ctx_dw2;
  sqe->dw[kIsize] = command.stream.isize;
  sqe->dw[kChecksum] = command.stream.checksum;
  sqe->dw[TagWord(layout)] = command.tag;
}

ZipResult Decode(const Sqe& sqe) {
  ZipResult result;
  result.raw_status = static_cast<uint8_t>(sqe.dw[kStatus]);
  result.status = StatusOf(result.raw_status);
  result.last_block = (sqe.dw[kStatus] & kLastBlock) != 0;
  result.consumed = sqe.dw[kConsumed];
  result.produced = sqe.dw[kProduced];
  result.stream = {.ctx_dw0 = sqe.dw[kCtxDw0],
                   .ctx_dw1 = sqe.dw[kCtxDw1],
                   .ctx_dw2 = sqe.dw[kCtxDw2],
                   .isize = sqe.dw[kIsize],
                   .checksum = sqe.dw[kChecksum]};
  return result;
}

uint32_t ZipResult::Checksum(ZipFormat format) const {
  switch (format) {
    case ZipFormat::kZlib:
      return stream.checksum;
    case ZipFormat::kGzip:
      return ReverseBits(~stream.checksum);
    case ZipFormat::kRaw:
      break;
  }
  return 0;
}

}  // namespace warpdrive::hisilicon
