// Control commands of the server.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "model/vfio_user/server.h"

namespace warpdrive::model::vfio_user {
namespace {

constexpr size_t kMaxLine = 4096;

std::string Refusal(const std::string& why) {
  return "{\"ok\":false,\"error\":" + JsonString(why) + "}";
}

/// The next word of `rest`, which is shortened.
std::string_view NextWord(std::string_view* rest) {
  const size_t start = rest->find_first_not_of(' ');
  if (start == std::string_view::npos) return {};
  rest->remove_prefix(start);
  const std::string_view word = rest->substr(0, rest->find(' '));
  rest->remove_prefix(word.size());
  return word;
}

template <typename Number>
bool ParseNumber(std::string_view text, Number* to) {
  int base = 10;
  if (text.substr(0, 2) == "0x") {
    text.remove_prefix(2);
    base = 16;
  }
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *to, base);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

std::string Server::InjectFault(std::string_view words) {
  const std::string_view name = NextWord(&words);
  const std::optional<FaultKind> kind = FaultKindByName(name);
  if (!kind) return Refusal("no such fault: " + std::string(name));
  Fault fault{*kind};
  for (std::string_view word = NextWord(&words); !word.empty(); word = NextWord(&words)) {
    const size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    const bool good = key == "value"    ? ParseNumber(value, &fault.value)
                      : key == "dword"  ? ParseNumber(value, &fault.dword)
                      : key == "queue"  ? ParseNumber(value, &fault.queue)
                      : key == "after"  ? ParseNumber(value, &fault.after)
                      : key == "count"  ? ParseNumber(value, &fault.count)
                      : key == "one-in" ? ParseNumber(value, &fault.one_in)
                                        : false;
    if (!good) return Refusal("cannot read " + std::string(word));
  }
  function_.Inject(fault);
  log_->Event("fault", ",\"kind\":" + JsonString(FaultKindName(*kind)));
  return "{\"ok\":true}";
}

std::string Server::Control(std::string_view line) {
  std::string_view rest = line;
  const std::string_view command = NextWord(&rest);
  if (command == "fault") return InjectFault(rest);
  if (!NextWord(&rest).empty()) return Refusal("too many words: " + std::string(line));
  if (command == "counters") {
    return "{\"ok\":true,\"counters\":" +
           CountersJson(function_.counters(), memory_.faults(), memory_.size()) + "}";
  }
  if (command == "clear-faults") {
    function_.ClearFaults();
  } else if (command == "reset") {
    log_->Event("controller-reset");
    function_.ControllerReset();
  } else if (command == "remove") {
    log_->Event("remove");
    function_.Remove();
  } else if (command == "quit") {
    quit_ = true;
  } else {
    return Refusal("no such command: " + std::string(command));
  }
  return "{\"ok\":true}";
}

void Server::ControlInput() {
  char bytes[512];
  const ssize_t got = recv(control_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    control_.Reset();
    control_line_.clear();
    return;
  }
  control_line_.append(bytes, static_cast<size_t>(got));
  for (size_t end; (end = control_line_.find('\n')) != std::string::npos;) {
    const std::string answer = Control(control_line_.substr(0, end)) + "\n";
    control_line_.erase(0, end + 1);
    // An answer is shorter than any socket buffer; who does not read does not get it.
    [[maybe_unused]] const ssize_t sent =
        send(control_.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (control_line_.size() > kMaxLine) {
    control_.Reset();
    control_line_.clear();
  }
}

}  // namespace warpdrive::model::vfio_user
