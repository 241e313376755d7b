// Reading a sysfs tree without trusting it: attributes may be missing, empty, or say anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warpdrive {

/// A sysfs attribute is at most a page of 4 KiB; what is longer is cut there.
inline constexpr size_t kMaxAttributeBytes = 4096;

/// Contents of the file `path` without surrounding white space (some attributes end in a newline,
/// some do not). Control characters and bytes above 0x7e become '?', newlines stay: the text may
/// go to a terminal. nullopt if it cannot be read.
std::optional<std::string> ReadAttribute(const std::string& path);

/// A decimal number and nothing else; `maximum` is the largest value taken.
std::optional<uint64_t> ParseUnsigned(std::string_view text, uint64_t maximum = UINT64_MAX);
/// The same with an optional minus sign, of a value that fits in 32 bits.
std::optional<int> ParseSigned(std::string_view text);
/// "0x19e5" or "19e5".
std::optional<uint32_t> ParseHex(std::string_view text);

std::optional<uint64_t> ReadUnsigned(const std::string& path, uint64_t maximum = UINT64_MAX);
std::optional<int> ReadSigned(const std::string& path);
std::optional<uint32_t> ReadHex(const std::string& path);

/// Lines of `text` that are not empty, trimmed.
std::vector<std::string> Lines(std::string_view text);

/// Names in directory `path` except those that begin with a dot, sorted; empty if there is none.
std::vector<std::string> ListDirectory(const std::string& path);
/// Whether `path` (links followed) exists.
bool Exists(const std::string& path);
/// The last component of what the link `path` points at; empty if it is no link.
std::string LinkTarget(const std::string& path);
/// `path` with all links resolved; `path` itself if that fails.
std::string RealPath(const std::string& path);

/// 8-4-4-4-12 lower-case or upper-case hexadecimal digits.
bool IsUuid(std::string_view text);

}  // namespace warpdrive
