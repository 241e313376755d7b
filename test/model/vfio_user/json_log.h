// One JSON object a line, each written by one call, so a reader of the file sees whole lines.
#pragma once

#include <cstdint>
#include <string>

#include "model/options.h"
#include "model/vfio_user/fd.h"
#include "model/zip_function.h"

namespace warpdrive::model::vfio_user {

/// With the quotes; control characters and quotes escaped.
std::string JsonString(const std::string& text);
/// {"stores":..., ...}
std::string CountersJson(const Counters& counters, uint64_t dma_faults, size_t dma_maps);

class JsonLog {
 public:
  /// An empty Fd: nothing is logged.
  explicit JsonLog(Fd file) : file_(std::move(file)) {}

  /// {"event":"store","seq":7,"bar":2,"offset":4096,"size":8,"value":"0x..."}; the value's digits
  /// are those of the stored bytes, the highest first.
  void Write(const Store& store);
  /// {"event":"violation","reason":"...","refused":true,"after":8,"detail":"..."}
  void Write(const Violation& violation);
  /// {"event":NAME} with `more`, which starts with a comma, inside.
  void Event(const char* name, const std::string& more = {});

 private:
  void Line(const std::string& line);

  Fd file_;
};

}  // namespace warpdrive::model::vfio_user
