// vfio_user_server: a modelled ZIP function for QEMU's -device vfio-user-pci.
#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "model/vfio_user/server.h"

namespace {

using warpdrive::model::Generation;
using warpdrive::model::Options;
using warpdrive::model::vfio_user::Fd;
using warpdrive::model::vfio_user::JsonLog;
using warpdrive::model::vfio_user::Listen;
using warpdrive::model::vfio_user::Server;

constexpr char kUsage[] =
    "usage: vfio_user_server --socket PATH [options]\n"
    "  --socket PATH        UNIX socket to listen on\n"
    "  --log PATH           JSON lines: every store, refusal, interrupt, reset\n"
    "  --control PATH       UNIX socket for commands, one a line (fault, reset, remove, ...)\n"
    "  --generation NAME    v1, hip08 (default) or hip09\n"
    "  --queues N           1 to 1024 (16)\n"
    "  --shared-doorbell    hip09 without a doorbell page per queue\n"
    "  --split-mailbox      take the two halves of an x86 guest's 128-bit store as one\n"
    "  --no-drain           STOP_QP drops what is not completed\n"
    "  --seed N             of random faults\n"
    "  --fault WORDS        as the control command \"fault\"; may be repeated\n"
    "  --once               exit when the first client is gone\n";

struct Arguments {
  std::string socket, log, control;
  std::vector<std::string> faults;
  bool once = false;
  Options options;
};

int Fail(const std::string& why) {
  std::fprintf(stderr, "vfio_user_server: %s\n%s", why.c_str(), kUsage);
  return 2;
}

template <typename Number>
bool ParseNumber(std::string_view text, Number low, Number high, Number* to) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *to);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && *to >= low &&
         *to <= high;
}

bool ParseGeneration(std::string_view name, Generation* to) {
  if (name == "v1") return *to = Generation::kV1, true;
  if (name == "hip08") return *to = Generation::kHip08, true;
  if (name == "hip09") return *to = Generation::kHip09, true;
  return false;
}

/// Empty, or what is wrong.
std::string ParseArguments(const std::vector<std::string>& words, Arguments* to) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--once") {
      to->once = true;
    } else if (word == "--split-mailbox") {
      to->options.split_mailbox = true;
    } else if (word == "--shared-doorbell") {
      to->options.doorbell_isolation = false;
    } else if (word == "--no-drain") {
      to->options.stop_qp_drains = false;
    } else if (i + 1 == words.size()) {
      return "unknown option, or no value for it: " + word;
    } else {
      const std::string& value = words[++i];
      bool good = true;
      if (word == "--socket") {
        to->socket = value;
      } else if (word == "--log") {
        to->log = value;
      } else if (word == "--control") {
        to->control = value;
      } else if (word == "--fault") {
        to->faults.push_back(value);
      } else if (word == "--generation") {
        good = ParseGeneration(value, &to->options.generation);
      } else if (word == "--queues") {
        good = ParseNumber<uint16_t>(value, 1, 1024, &to->options.queue_count);
      } else if (word == "--seed") {
        good = ParseNumber<uint64_t>(value, 0, UINT64_MAX, &to->options.seed);
      } else {
        return "unknown option: " + word;
      }
      if (!good) return "impossible value for " + word + ": " + value;
    }
  }
  return to->socket.empty() ? "--socket is missing" : "";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  const std::string wrong =
      ParseArguments(std::vector<std::string>(argv + 1, argv + argc), &arguments);
  if (!wrong.empty()) return Fail(wrong);

  Fd log_file;
  if (!arguments.log.empty()) {
    log_file.Reset(
        open(arguments.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
    if (!log_file) return Fail("cannot write " + arguments.log + ": " + std::strerror(errno));
  }
  JsonLog log(std::move(log_file));
  Server server(arguments.options, &log);
  for (const std::string& fault : arguments.faults) {
    const std::string answer = server.Control("fault " + fault);
    if (answer.find("\"ok\":true") == std::string::npos) return Fail("--fault: " + answer);
  }
  std::string error;
  const Fd listening = Listen(arguments.socket, &error);
  if (!listening) return Fail(error);
  Fd control;
  if (!arguments.control.empty()) {
    control = Listen(arguments.control, &error);
    if (!control) return Fail(error);
  }
  std::printf("listening on %s\n", arguments.socket.c_str());
  std::fflush(stdout);
  do {
    Fd client = server.WaitForClient(listening.get(), control ? control.get() : -1);
    if (server.quit()) break;
    if (!client) {
      std::perror("vfio_user_server: accept");
      return 1;
    }
    server.Serve(std::move(client), control ? control.get() : -1);
  } while (!server.quit() && !arguments.once);
  return 0;
}
