#include "model/vfio_user/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace warpdrive::model::vfio_user {
namespace {

// A peer that stops within a message, or does not answer, must not stop the server.
constexpr int kStallMs = 10000;
constexpr int kReplyMs = 5000;
constexpr size_t kMostAside = 4096;

bool WaitFor(int fd, short events, int timeout_ms) {
  pollfd entry{fd, events, 0};
  int ready;
  do {
    ready = poll(&entry, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

void Connection::Close() {
  socket_.Reset();
  aside_.clear();
}

bool Connection::ReceiveBytes(uint8_t* to, size_t size, std::vector<Fd>* fds, int timeout_ms) {
  while (size > 0) {
    if (!WaitFor(socket_.get(), POLLIN, timeout_ms)) return false;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)];
    iovec part{to, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    for (cmsghdr* cmsg = CMSG_FIRSTHDR(&message); cmsg; cmsg = CMSG_NXTHDR(&message, cmsg)) {
      if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
        fds->emplace_back(fd);
      }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0 || fds->size() > kMaxFds) return false;
    to += got;
    size -= static_cast<size_t>(got);
    timeout_ms = kStallMs;
  }
  return true;
}

bool Connection::ReceiveFromSocket(Message* message, int timeout_ms) {
  *message = Message{};
  uint8_t header[sizeof(Header)];
  if (!open()) return false;
  if (!ReceiveBytes(header, sizeof(header), &message->fds, timeout_ms)) return Close(), false;
  std::memcpy(&message->header, header, sizeof(header));
  const uint32_t size = message->header.size;
  if (size < sizeof(Header) || size > kMaxMessage) return Close(), false;
  message->payload.resize(size - sizeof(Header));
  if (!ReceiveBytes(message->payload.data(), message->payload.size(), &message->fds, kStallMs)) {
    return Close(), false;
  }
  return true;
}

bool Connection::Receive(Message* message) {
  if (!aside_.empty()) {
    *message = std::move(aside_.front());
    aside_.pop_front();
    return true;
  }
  return ReceiveFromSocket(message, -1);
}

bool Connection::Send(const Header& header, const std::vector<uint8_t>& payload,
                      const std::vector<int>& fds) {
  if (!open() || fds.size() > kMaxFds) return false;
  std::vector<uint8_t> bytes;
  Append(&bytes, header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
  for (size_t done = 0; done < bytes.size();) {
    iovec part{bytes.data() + done, bytes.size() - done};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (done == 0 && !fds.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
      cmsghdr* cmsg = CMSG_FIRSTHDR(&message);
      cmsg->cmsg_level = SOL_SOCKET;
      cmsg->cmsg_type = SCM_RIGHTS;
      cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
      std::memcpy(CMSG_DATA(cmsg), fds.data(), sizeof(int) * fds.size());
    }
    if (!WaitFor(socket_.get(), POLLOUT, kStallMs)) return Close(), false;
    const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return Close(), false;
    done += static_cast<size_t>(sent);
  }
  return true;
}

bool Connection::Call(Command command, const std::vector<uint8_t>& payload, Message* reply) {
  const uint16_t id = next_id_++;
  const auto size = static_cast<uint32_t>(sizeof(Header) + payload.size());
  if (!Send({id, static_cast<uint16_t>(command), size, 0, 0}, payload)) return false;
  while (aside_.size() < kMostAside) {
    if (!open() || !WaitFor(socket_.get(), POLLIN, kReplyMs)) return false;
    if (!ReceiveFromSocket(reply, kStallMs)) return false;
    const bool is_reply = (reply->header.flags & kTypeMask) == kTypeReply;
    if (!is_reply) {
      aside_.push_back(std::move(*reply));
    } else if (reply->header.id == id && reply->header.command == static_cast<uint16_t>(command)) {
      return (reply->header.flags & kError) == 0;
    }
  }
  return false;
}

}  // namespace warpdrive::model::vfio_user
