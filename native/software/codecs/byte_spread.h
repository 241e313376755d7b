// A first look at data that no codec makes smaller.
#pragma once

#include <cstdint>
#include <span>

namespace warpdrive::software {

/// Whether all values of a byte are about equally frequent in samples from all over `input`, as in
/// what is compressed or encrypted already, and hardly ever in anything else. True says nothing of
/// repetitions. Takes some 10 µs, whatever the size. False for less than 16 KiB.
bool HasEvenBytes(std::span<const uint8_t> input);

}  // namespace warpdrive::software
