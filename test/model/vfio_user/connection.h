// Messages on one UNIX stream socket. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "model/vfio_user/fd.h"
#include "model/vfio_user/protocol.h"

namespace warpdrive::model::vfio_user {

struct Message {
  Header header{};
  std::vector<uint8_t> payload;
  std::vector<Fd> fds;
};

class Connection {
 public:
  Connection() = default;
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }
  bool open() const { return static_cast<bool>(socket_); }
  void Close();

  /// The next message: one put aside by Call(), else from the socket, which may wait. False: the
  /// peer is gone, sent what is no message, or stalled within one; the connection is then closed.
  bool Receive(Message* message);
  bool HasPutAside() const { return !aside_.empty(); }
  bool Send(const Header& header, const std::vector<uint8_t>& payload,
            const std::vector<int>& fds = {});

  /// A command of the server's own. Commands of the peer that arrive before the reply are put
  /// aside. False on an error reply, or when no reply comes in time.
  bool Call(Command command, const std::vector<uint8_t>& payload, Message* reply);

 private:
  bool ReceiveFromSocket(Message* message, int timeout_ms);
  bool ReceiveBytes(uint8_t* to, size_t size, std::vector<Fd>* fds, int timeout_ms);

  Fd socket_;
  std::deque<Message> aside_;
  uint16_t next_id_ = 0;
};

}  // namespace warpdrive::model::vfio_user
