#include "warpdrive/hisilicon/qm_registers.h"

#include "warpdrive/hisilicon/qm_protocol.h"

namespace warpdrive::hisilicon {
namespace {

constexpr uint32_t Log2(uint32_t value) { return 31 - static_cast<uint32_t>(__builtin_clz(value)); }

void PutAddress(uint64_t address, ContextBlock* block) {
  (*block)[1] = static_cast<uint32_t>(address);
  (*block)[2] = static_cast<uint32_t>(address >> 32);
}

constexpr uint32_t Tail(const ContextBlock& block) { return block[0] >> 16; }
constexpr uint32_t TailWrap(const ContextBlock& block) { return block[5] >> (16 + 6) & 1; }

}  // namespace

ContextBlock SqContext(int protocol, uint64_t sq, uint32_t depth, uint16_t queue,
                       uint8_t direction) {
  ContextBlock block{};
  PutAddress(sq, &block);
  block[3] = Log2(kSqeBytes) << 12 | (protocol == 1 ? 0 : depth - 1);
  block[4] = protocol == 1 ? depth - 1 : 0;  // V2 and later: the doorbell's random word
  constexpr uint32_t kOrders = 1u << 4;
  block[6] = queue | (kOrders | uint32_t{direction} << 8) << 16;
  return block;
}

ContextBlock CqContext(int protocol, uint64_t cq, uint32_t depth) {
  ContextBlock block{};
  PutAddress(cq, &block);
  block[3] = Log2(kCqeBytes) << 12 | (protocol == 1 ? 0 : depth - 1);
  block[4] = protocol == 1 ? depth - 1 : 0;
  block[6] = 1;  // phase of the first lap; event flag off
  return block;
}

ContextBlock EqContext(int protocol, uint64_t ring, uint32_t depth) {
  ContextBlock block{};
  PutAddress(ring, &block);
  block[3] = protocol == 1 ? Log2(kEventBytes) << 12 : 0;
  block[6] = (depth - 1) | kEventPhase;
  return block;
}

ContextBlock AeqContext(uint64_t ring, uint32_t depth) {
  ContextBlock block{};
  PutAddress(ring, &block);
  block[6] = (depth - 1) | kEventPhase;
  return block;
}

bool IsDrained(const ContextBlock& sq, const ContextBlock& cq) {
  return Tail(sq) == Tail(cq) && TailWrap(sq) == TailWrap(cq);
}

}  // namespace warpdrive::hisilicon
