#include "device/fault_spec.h"

#include <charconv>
#include <utility>

namespace warpdrive {
namespace {

constexpr std::pair<std::string_view, FaultType> kTypes[] = {
    {"error", FaultType::kErrorStatus},
    {"unsupported", FaultType::kUnsupported},
    {"lost", FaultType::kLostCompletion},
    {"hang", FaultType::kHang},
    {"delay", FaultType::kDelay},
    {"lengths", FaultType::kLyingLengths},
    {"short", FaultType::kShortInput},
    {"checksum", FaultType::kWrongChecksum},
    {"tag", FaultType::kUnknownTag},
    {"twice", FaultType::kTwice},
    {"refuse-send", FaultType::kRefuseSend},
    {"refuse-queue", FaultType::kRefuseQueue},
    {"removal", FaultType::kRemoval},
};

/// Takes a decimal number off the front.
bool TakeNumber(std::string_view* text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *value);
  if (error != std::errc{}) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

bool ParseRule(std::string_view word, FaultRule* rule) {
  const size_t end = word.find_first_of("@/x~");
  // "refuse-..." has none of these letters; "x" and the signs only follow the name.
  const std::string_view name = word.substr(0, end);
  bool known = false;
  for (const auto& [text, type] : kTypes) {
    if (text != name) continue;
    rule->type = type;
    known = true;
  }
  std::string_view rest = end == std::string_view::npos ? std::string_view{} : word.substr(end);
  while (known && !rest.empty()) {
    const char sign = rest.front();
    uint64_t value = 0;
    rest.remove_prefix(1);
    known = TakeNumber(&rest, &value);
    if (sign == '@') {
      rule->skip = value;
    } else if (sign == '/') {
      rule->interval = value;
      known = known && value != 0;
    } else if (sign == 'x') {
      rule->count = value;
    } else if (sign == '~') {
      rule->value = static_cast<uint32_t>(value);
    } else {
      known = false;
    }
  }
  return known;
}

bool ParseWord(std::string_view word, FaultSpec* spec) {
  const size_t equals = word.find('=');
  const std::string_view key = word.substr(0, equals);
  std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
  uint64_t number = 0;
  FaultIdentity& identity = spec->identity;
  if (key == "name") {
    identity.name = value;
  } else if (key == "kind") {
    identity.kind = value;
  } else if (key == "block" || key == "window") {
    if (!TakeNumber(&value, &number) || number == 0 || number > kMaxBlockSize) return false;
    (key == "block" ? identity.block_size : identity.window) = static_cast<uint32_t>(number);
  } else if (word == "late") {
    spec->late = true;
  } else if (word == "shared") {
    identity.shared_doorbell = true;
  } else if (word == "only=compress") {
    identity.decompress = false;
  } else if (word == "only=decompress") {
    identity.compress = false;
  } else {
    FaultRule rule;
    if (!ParseRule(word, &rule)) return false;
    spec->rules.push_back(rule);
  }
  return true;
}

/// Cuts `text` at the first `separator`. @return what is before it
std::string_view TakeUntil(char separator, std::string_view* text) {
  const size_t end = text->find(separator);
  const std::string_view piece = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return piece;
}

}  // namespace

bool ParseFaultSpecs(std::string_view text, std::vector<FaultSpec>* specs, std::string* error) {
  while (!text.empty()) {
    std::string_view device = TakeUntil(';', &text);
    FaultSpec spec{.identity = {.name = "test-" + std::to_string(specs->size()),
                                .kind = "test",
                                .transport = "test"},
                   .rules = {}};
    while (!device.empty()) {
      const std::string_view word = TakeUntil(',', &device);
      if (ParseWord(word, &spec)) continue;
      *error = "fault devices: cannot understand '" + std::string(word) + "'";
      return false;
    }
    specs->push_back(std::move(spec));
  }
  return true;
}

}  // namespace warpdrive
