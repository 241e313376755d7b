#include "model/vfio_user/json_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace warpdrive::model::vfio_user {
namespace {

std::string Number(uint64_t value) { return std::to_string(value); }

}  // namespace

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string CountersJson(const Counters& counters, uint64_t dma_faults, size_t dma_maps) {
  return "{\"stores\":" + Number(counters.stores) + ",\"sqBells\":" + Number(counters.sq_bells) +
         ",\"cqBells\":" + Number(counters.cq_bells) +
         ",\"descriptors\":" + Number(counters.descriptors) +
         ",\"completions\":" + Number(counters.completions) +
         ",\"events\":" + Number(counters.events) +
         ",\"interrupts\":" + Number(counters.interrupts) +
         ",\"inputBytes\":" + Number(counters.input_bytes) +
         ",\"outputBytes\":" + Number(counters.output_bytes) +
         ",\"refused\":" + Number(counters.refused) + ",\"dmaFaults\":" + Number(dma_faults) +
         ",\"dmaMaps\":" + Number(dma_maps) + "}";
}

void JsonLog::Write(const Store& store) {
  std::string value = "0x";
  for (uint32_t i = store.size; i > 0; --i) {
    char digits[4];
    std::snprintf(digits, sizeof(digits), "%02x", store.value[i - 1]);
    value += digits;
  }
  Event("store", ",\"seq\":" + Number(store.sequence) + ",\"bar\":" + std::to_string(store.bar) +
                     ",\"offset\":" + Number(store.offset) + ",\"size\":" + Number(store.size) +
                     ",\"value\":\"" + value + "\"");
}

void JsonLog::Write(const Violation& violation) {
  Event("violation", ",\"reason\":" + JsonString(ReasonName(violation.reason)) +
                         ",\"refused\":" + (violation.refused ? "true" : "false") +
                         ",\"after\":" + Number(violation.sequence) +
                         ",\"detail\":" + JsonString(violation.detail));
}

void JsonLog::Event(const char* name, const std::string& more) {
  Line("{\"event\":\"" + std::string(name) + "\"" + more + "}\n");
}

void JsonLog::Line(const std::string& line) {
  size_t done = 0;
  while (file_ && done < line.size()) {
    const ssize_t written = write(file_.get(), line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      std::perror("vfio_user_server: cannot write the log");
      file_.Reset();
      return;
    }
    done += static_cast<size_t>(written);
  }
}

}  // namespace warpdrive::model::vfio_user
