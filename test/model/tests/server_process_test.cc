#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/vfio_user/connection.h"

extern char** environ;

namespace warpdrive::model::vfio_user {
namespace {

/// The server beside this program, with these arguments. Its output goes nowhere.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    arguments.insert(arguments.begin(), self.parent_path() / "vfio_user_server");
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    REQUIRE(posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      ExitCode();
    }
  }
  int ExitCode() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = 0;
};

Fd Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  for (int i = 0; i < 3000; ++i) {
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
    poll(nullptr, 0, 10);
  }
  return Fd();
}

std::string Ask(int fd, const std::string& line) {
  const std::string bytes = line + "\n";
  REQUIRE(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char byte;
  while (recv(fd, &byte, 1, 0) == 1 && byte != '\n') answer += byte;
  return answer;
}

}  // namespace

TEST_CASE("vfio-user process: arguments that cannot be are refused") {
  const std::vector<std::string> cases[] = {{},
                                            {"--socket"},
                                            {"--socket", std::string(200, 'x')},
                                            {"--socket", "/nonexistent/socket"},
                                            {"--socket", "/tmp/x", "--queues", "0"},
                                            {"--socket", "/tmp/x", "--queues", "1025"},
                                            {"--socket", "/tmp/x", "--generation", "hip07"},
                                            {"--socket", "/tmp/x", "--fault", "nonsense"},
                                            {"--socket", "/tmp/x", "--log", "/nonexistent/log"},
                                            {"--socket", "/tmp/x", "--what", "x"}};
  for (const std::vector<std::string>& arguments : cases) {
    CHECK(Process(arguments).ExitCode() == 2);
  }
}

TEST_CASE("vfio-user process: serves, takes commands, logs, ends with its client") {
  const std::string base = "/tmp/model-server-" + std::to_string(getpid());
  Process process({"--socket", base + ".sock", "--control", base + ".ctl", "--log", base + ".log",
                   "--generation", "hip09", "--split-mailbox", "--fault", "lose after=2",
                   "--once"});
  Connection connection(Connect(base + ".sock"));
  REQUIRE(connection.open());
  std::vector<uint8_t> payload;
  const uint16_t version[2] = {0, 1};
  Append(&payload, version);
  REQUIRE(connection.Send({7, 1, 20, 0, 0}, payload));
  Message reply;
  REQUIRE(connection.Receive(&reply));
  CHECK(reply.header.id == 7);
  CHECK((reply.header.flags & kError) == 0);
  const Fd control = Connect(base + ".ctl");
  REQUIRE(control);
  CHECK(Ask(control.get(), "counters").find("\"stores\":0") != std::string::npos);
  CHECK(Ask(control.get(), "fault hang queue=3") == "{\"ok\":true}");
  CHECK(Ask(control.get(), "nonsense").find("\"ok\":false") != std::string::npos);
  connection.Close();
  CHECK(process.ExitCode() == 0);
  std::ifstream log(base + ".log");
  const std::string all{std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
  CHECK(all ==
        "{\"event\":\"fault\",\"kind\":\"lose\"}\n{\"event\":\"connect\"}\n"
        "{\"event\":\"fault\",\"kind\":\"hang\"}\n{\"event\":\"disconnect\"}\n");
  for (const char* end : {".sock", ".ctl", ".log"}) std::filesystem::remove(base + end);
}

TEST_CASE("vfio-user process: quit by command, also while nobody is connected") {
  const std::string base = "/tmp/model-server-" + std::to_string(getpid());
  Process process({"--socket", base + ".sock", "--control", base + ".ctl"});
  const Fd control = Connect(base + ".ctl");
  REQUIRE(control);
  CHECK(Ask(control.get(), "counters").find("\"ok\":true") != std::string::npos);
  CHECK(Ask(control.get(), "quit") == "{\"ok\":true}");
  CHECK(process.ExitCode() == 0);
  for (const char* end : {".sock", ".ctl"}) std::filesystem::remove(base + end);
}

}  // namespace warpdrive::model::vfio_user
