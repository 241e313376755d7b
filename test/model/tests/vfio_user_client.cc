#include "vfio_user_client.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace warpdrive::model::vfio_user {
namespace {

Fd OpenLog(const std::string& path) {
  if (path.empty()) return Fd();
  return Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

}  // namespace

Fd MemoryFile(size_t size) {
  Fd fd(memfd_create("guest", MFD_CLOEXEC));
  REQUIRE(fd);
  REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
  return fd;
}

Client::Client(const Options& options, const std::string& log_path)
    : log_(OpenLog(log_path)), server_(options, &log_) {
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  connection_ = Connection(Fd(pair[0]));
  thread_ = std::thread([this, end = pair[1]] { server_.Serve(Fd(end), -1); });
}

Client::~Client() {
  Hangup();
  Join();
}

void Client::Join() {
  if (thread_.joinable()) thread_.join();
}

bool Client::ServeDma(Message* message) {
  const auto command = static_cast<Command>(message->header.command);
  DmaAccess access;
  if (message->payload.size() < sizeof(access)) return false;
  std::memcpy(&access, message->payload.data(), sizeof(access));
  const bool inside = served_at != 0 && access.address >= served_at &&
                      access.address - served_at <= served.size() &&
                      access.count <= served.size() - (access.address - served_at);
  Header header = message->header;
  header.flags = kTypeReply | (inside ? 0 : kError);
  std::vector<uint8_t> reply;
  if (inside) {
    uint8_t* at = served.data() + (access.address - served_at);
    Append(&reply, access);
    if (command == Command::kDmaRead) {
      reply.insert(reply.end(), at, at + access.count);
      ++served_reads;
    } else {
      std::memcpy(at, message->payload.data() + sizeof(access), access.count);
      ++served_writes;
    }
  }
  header.size = static_cast<uint32_t>(sizeof(Header) + reply.size());
  return connection_.Send(header, reply);
}

int Client::Call(Command command, const std::vector<uint8_t>& payload, std::vector<uint8_t>* reply,
                 const std::vector<int>& fds) {
  const uint16_t id = next_id_++;
  const auto size = static_cast<uint32_t>(sizeof(Header) + payload.size());
  REQUIRE(connection_.Send({id, static_cast<uint16_t>(command), size, 0, 0}, payload, fds));
  Message message;
  for (;;) {
    REQUIRE(connection_.Receive(&message));
    if ((message.header.flags & kTypeMask) == kTypeReply) break;
    REQUIRE(ServeDma(&message));
  }
  CHECK(message.header.id == id);
  CHECK(message.header.command == static_cast<uint16_t>(command));
  if ((message.header.flags & kError) != 0) {
    CHECK(message.payload.empty());
    return static_cast<int>(message.header.error);
  }
  *reply = std::move(message.payload);
  return 0;
}

int Client::Negotiate() {
  const uint16_t numbers[2] = {0, 1};
  std::vector<uint8_t> payload, reply;
  Append(&payload, numbers);
  const std::string json = "{\"capabilities\":{\"max_msg_fds\":8}}";
  payload.insert(payload.end(), json.c_str(), json.c_str() + json.size() + 1);
  return Call(Command::kVersion, payload, &reply);
}

int Client::Map(uint64_t iova, uint64_t size, uint64_t offset, int fd, uint32_t flags) {
  std::vector<uint8_t> payload, reply;
  Append(&payload, DmaMap{sizeof(DmaMap), flags, offset, iova, size});
  return Call(Command::kDmaMap, payload, &reply, fd < 0 ? std::vector<int>() : std::vector{fd});
}

int Client::Unmap(uint64_t iova, uint64_t size, uint32_t flags) {
  std::vector<uint8_t> payload, reply;
  Append(&payload, DmaUnmap{sizeof(DmaUnmap), flags, iova, size});
  return Call(Command::kDmaUnmap, payload, &reply);
}

int Client::Write(uint32_t region, uint64_t offset, const void* data, uint32_t size) {
  std::vector<uint8_t> payload, reply;
  Append(&payload, RegionAccess{offset, region, size});
  const auto* from = static_cast<const uint8_t*>(data);
  payload.insert(payload.end(), from, from + size);
  return Call(Command::kRegionWrite, payload, &reply);
}

int Client::Read(uint32_t region, uint64_t offset, void* data, uint32_t size) {
  std::vector<uint8_t> payload, reply;
  Append(&payload, RegionAccess{offset, region, size});
  const int error = Call(Command::kRegionRead, payload, &reply);
  if (error != 0) return error;
  REQUIRE(reply.size() == sizeof(RegionAccess) + size);
  std::memcpy(data, reply.data() + sizeof(RegionAccess), size);
  return 0;
}

int Client::SetIrqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
                    const std::vector<int>& fds, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> payload, reply;
  const auto size = static_cast<uint32_t>(sizeof(IrqSet) + data.size());
  Append(&payload, IrqSet{size, flags, index, start, count});
  payload.insert(payload.end(), data.begin(), data.end());
  return Call(Command::kSetIrqs, payload, &reply, fds);
}

bool Client::SendRaw(const std::vector<uint8_t>& bytes) {
  REQUIRE(send(connection_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
  shutdown(connection_.fd(), SHUT_WR);
  return IsClosed();
}

bool Client::IsClosed() {
  char byte;
  ssize_t got;
  do {
    got = recv(connection_.fd(), &byte, 1, 0);
  } while (got > 0);
  return got == 0 || errno == ECONNRESET;
}

}  // namespace warpdrive::model::vfio_user
