// Where gzip members begin, and one member decoded apart from its stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace warpdrive::software {

/// What the header of a gzip member says (RFC 1952 §2.3).
struct MemberHeader {
  uint32_t size = 0;         ///< bytes before the deflate data
  uint32_t member_size = 0;  ///< bytes of the whole member, where a BGZF field says so; else 0
};

/// The fewest bytes that a gzip member has: header, an empty deflate block, trailer.
inline constexpr size_t kLeastMember = 20;

/// Reads a header at the start of `input`. Nothing if there is none, if it is not complete, if a
/// field is longer than usual, or if it has a checksum of its own: that one is zlib's to check.
std::optional<MemberHeader> ReadMemberHeader(std::span<const uint8_t> input);

/// Offset of the first bytes at or after `from` that look like the start of a member;
/// input.size() if there are none.
size_t FindMember(std::span<const uint8_t> input, size_t from);

/// What the last four bytes of a member say of its output (ISIZE): a hint, never to be trusted.
uint32_t SizeHint(std::span<const uint8_t> member);

struct DecodedMember {
  uint32_t consumed = 0;
  uint32_t produced = 0;
};

/// Decodes the member at the start of `input`, which may be followed by anything. Nothing if that
/// is not a whole and sound member, or needs more than `output`. What is accepted here zlib
/// accepts too, and decodes to the same.
std::optional<DecodedMember> DecodeMember(std::span<const uint8_t> input,
                                          std::span<uint8_t> output);

}  // namespace warpdrive::software
