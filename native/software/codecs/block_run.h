// Deflate blocks decoded apart from their stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "device/block_pool.h"

namespace warpdrive::software {

/// Offset right behind the first sync point (an empty stored block: 00 00 ff ff, RFC 1951 §3.2.4)
/// that ends after `from`; input.size() if there is none, or nothing is behind it.
size_t FindSyncPoint(std::span<const uint8_t> input, size_t from);

/// Decodes `input`, which begins and ends between two blocks, on byte boundaries, the last block of
/// the stream not among them. Nothing if that is not so, if a block refers to what came before,
/// or if the output is longer than `most`. What is accepted here zlib accepts too, wherever in a
/// stream it stands, and decodes to the same. `output` gets a block of the pool.
std::optional<size_t> DecodeBlocks(std::span<const uint8_t> input, size_t most, Block* output);

}  // namespace warpdrive::software
