// Turns a complete raw deflate stream into a piece that another block can follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace warpdrive::software {

/// Bytes that Splice() may add behind the stream: padding, an empty stored block (RFC 1951
/// §3.2.4) and one byte of slack.
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

}  // namespace warpdrive::software
