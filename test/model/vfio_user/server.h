// A ZIP function behind a vfio-user socket. One thread does everything: messages, control
// commands, and one descriptor at a time between them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/vfio_user/client_memory.h"
#include "model/vfio_user/connection.h"
#include "model/vfio_user/json_log.h"
#include "model/zip_function.h"

namespace warpdrive::model::vfio_user {

class Server {
 public:
  /// Callbacks of `options` are replaced by the server's own.
  Server(Options options, JsonLog* log);

  /// Serves one client until it is gone or a control command says quit. `control` is a listening
  /// socket or empty. The function keeps its state for the next client; mappings and interrupt
  /// descriptors go with this one.
  void Serve(Fd client, int control);
  /// The next client of `listening`; control commands are answered meanwhile. Empty: quit, or
  /// the socket failed.
  Fd WaitForClient(int listening, int control);
  bool quit() const { return quit_; }

  /// One command, without newline; the answer, a JSON object:
  ///   fault KIND [value=N] [dword=N] [queue=N] [after=N] [count=N] [one-in=N]
  ///   clear-faults | reset | remove | counters | quit
  std::string Control(std::string_view line);

  ZipFunction* function() { return &function_; }

 private:
  using Reply = std::vector<uint8_t>;

  void Handle(Message* message);
  int Dispatch(Message* message, Reply* reply);
  int Version(const Message& message, Reply* reply);
  int MapDma(Message* message);
  int UnmapDma(const Message& message, Reply* reply);
  int GetInfo(const Message& message, Reply* reply);
  int GetRegionInfo(const Message& message, Reply* reply);
  int GetIrqInfo(const Message& message, Reply* reply);
  int SetIrqs(Message* message);
  int RegionRead(const Message& message, Reply* reply);
  int RegionWrite(const Message& message, Reply* reply);
  int CheckAccess(const RegionAccess& access) const;
  void Interrupt(unsigned vector);
  uint32_t vectors() const;
  void PollOnce(int control);
  /// Waits for `fd` and the control sockets, and serves these; true if `fd` is ready. EINTR counts
  /// as nothing ready.
  bool Poll(int fd, int control, int timeout_ms);
  void ControlInput();
  std::string InjectFault(std::string_view words);

  JsonLog* log_;
  Connection connection_;
  ClientMemory memory_;
  ZipFunction function_;
  std::vector<Fd> eventfds_;
  bool versioned_ = false;
  bool quit_ = false;
  Fd control_;  // one controlling connection at a time
  std::string control_line_;
};

/// A listening UNIX socket, readable for the owner only; an old socket at `path` is replaced. On
/// failure empty, and `error` says why.
Fd Listen(const std::string& path, std::string* error);

}  // namespace warpdrive::model::vfio_user
