#include "warpdrive/discovery/sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <memory>

namespace warpdrive {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text, int base) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> ReadAttribute(const std::string& path) {
  // O_NONBLOCK: a FIFO in a tree that is not sysfs must not hang the caller.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::string text(kMaxAttributeBytes, '\0');
  size_t size = 0;
  ssize_t got = 0;
  do {
    got = read(fd, text.data() + size, text.size() - size);
    if (got > 0) size += static_cast<size_t>(got);
  } while ((got > 0 && size < text.size()) || (got < 0 && errno == EINTR));
  close(fd);
  if (got < 0) return std::nullopt;
  text.resize(size);
  for (char& c : text) {
    if (c != '\n' && c != '\t' && (c < 0x20 || c > 0x7e)) c = '?';
  }
  return std::string(Trim(text));
}

std::optional<uint64_t> ParseUnsigned(std::string_view text, uint64_t maximum) {
  const auto value = ParseWhole<uint64_t>(Trim(text), 10);
  return value && *value <= maximum ? value : std::nullopt;
}

std::optional<int> ParseSigned(std::string_view text) { return ParseWhole<int>(Trim(text), 10); }

std::optional<uint32_t> ParseHex(std::string_view text) {
  text = Trim(text);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return ParseWhole<uint32_t>(text, 16);
}

std::optional<uint64_t> ReadUnsigned(const std::string& path, uint64_t maximum) {
  const auto text = ReadAttribute(path);
  return text ? ParseUnsigned(*text, maximum) : std::nullopt;
}

std::optional<int> ReadSigned(const std::string& path) {
  const auto text = ReadAttribute(path);
  return text ? ParseSigned(*text) : std::nullopt;
}

std::optional<uint32_t> ReadHex(const std::string& path) {
  const auto text = ReadAttribute(path);
  return text ? ParseHex(*text) : std::nullopt;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> ListDirectory(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  if (size <= 0) return {};
  const std::string_view whole(target, static_cast<size_t>(size));
  return std::string(whole.substr(whole.rfind('/') + 1));  // npos + 1 = 0
}

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  return real == nullptr ? path : std::string(real.get());
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace warpdrive
