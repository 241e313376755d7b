#include "warpdrive/hisilicon/staging.h"

#include <cstring>
#include <utility>

namespace warpdrive::hisilicon {

DmaBlock Staging::Take(uint32_t input, uint32_t output) {
  const uint32_t before = RoundUp(input);
  const size_t size = size_t{before} + RoundUp(output);
  if (kept_.empty() || kept_.back().input != before || kept_.back().block.size() != size) {
    return pool_->Take(size);
  }
  DmaBlock block = std::move(kept_.back().block);
  kept_.pop_back();
  bytes_ -= size;
  std::memset(block.data() + input, 0, before - input);
  return block;
}

void Staging::Keep(DmaBlock block, uint32_t input, uint32_t produced) {
  const uint32_t before = RoundUp(input);
  std::memset(block.data() + before, 0, produced);
  // Without input there is nothing to save.
  if (before == 0 || block.size() > limit_ - bytes_) return block.Release(before);
  bytes_ += block.size();
  kept_.push_back({std::move(block), before});
}

void Staging::GiveUp(UsedMemory* used) {
  for (Kept& kept : kept_) used->Add(std::move(kept.block), kept.input);
  kept_.clear();
  bytes_ = 0;
}

}  // namespace warpdrive::hisilicon
