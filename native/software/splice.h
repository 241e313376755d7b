// Turns complete raw deflate streams into pieces that stand behind and before other blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::software {

/// Bytes that Splice() and Graft() may add behind the stream: padding, an empty stored block
/// (RFC 1951 §3.2.4) and one byte of slack.
inline constexpr size_t kSpliceExtra = 6;

/// Clears BFINAL of the last block of the complete raw deflate stream that is the first `size`
/// bytes of `buffer`, and ends it on a byte boundary with an empty stored block.
///
/// The last block is found by walking over all blocks' Huffman codes. The walk trusts nothing:
/// anything but exactly one well-formed stream of exactly `size` bytes is refused and `buffer`
/// is left as it was.
///
/// @param buffer  the stream and at least kSpliceExtra free bytes behind it
/// @param size    bytes of the stream
/// @return the new size in bytes (<= size + kSpliceExtra), or 0 if the stream was refused
size_t Splice(std::span<uint8_t> buffer, size_t size);

/// For codecs that know no history: `stream` is the complete raw deflate stream of a block's
/// history and of the block, compressed as one, and this makes of it the block alone, to stand
/// where that history precedes it. What the codec wrote for the block stays as it is, bit by bit:
/// the deflate block in which the history ends gets its header again, a match that crosses the end
/// is shortened, and what is before goes.
///
/// The walk trusts nothing but distances in blocks behind the history's last one.
///
/// @param stream   the compressed stream
/// @param history  bytes of it that are history, > 0
/// @param block    what follows the history in it
/// @param output   does not overlap `stream`
/// @param final    keep the stream's end; else clear BFINAL and end as Splice() does
/// @return bytes written, or 0 if the stream was refused or `output` is too small
size_t Graft(std::span<const uint8_t> stream, size_t history, std::span<const uint8_t> block,
             std::span<uint8_t> output, bool final);

}  // namespace warpdrive::software
