#include "model/vfio_user/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace warpdrive::model::vfio_user {
namespace {

Options WithCallbacks(Options options, JsonLog* log, std::function<void(unsigned)> interrupt) {
  options.on_msi = std::move(interrupt);
  options.on_store = [log](const Store& store) { log->Write(store); };
  options.on_violation = [log](const Violation& violation) { log->Write(violation); };
  options.on_stop = nullptr;
  return options;
}

/// The fixed part of a payload; false if it is not all there.
template <typename Struct>
bool Parse(const Message& message, Struct* to) {
  if (message.payload.size() < sizeof(*to)) return false;
  std::memcpy(to, message.payload.data(), sizeof(*to));
  return true;
}

bool IsRegisterAccess(uint32_t count) {
  return count == 1 || count == 2 || count == 4 || count == 8 || count == 16;
}

}  // namespace

Server::Server(Options options, JsonLog* log)
    : log_(log),
      memory_(&connection_),
      function_(
          WithCallbacks(std::move(options), log, [this](unsigned vector) { Interrupt(vector); }),
          &memory_),
      eventfds_(vectors()) {}

uint32_t Server::vectors() const {
  switch (function_.options().generation) {
    case Generation::kV1:
      return 1;
    case Generation::kHip08:
      return 2;
    case Generation::kHip09:
      return 4;
  }
  return 0;
}

void Server::Interrupt(unsigned vector) {
  if (vector >= eventfds_.size() || !eventfds_[vector]) return;
  log_->Event("interrupt", ",\"vector\":" + std::to_string(vector));
  const uint64_t one = 1;
  // It can only fail when the counter is full, or the client passed what is no eventfd.
  [[maybe_unused]] const ssize_t written = write(eventfds_[vector].get(), &one, sizeof(one));
}

void Server::Serve(Fd client, int control) {
  connection_ = Connection(std::move(client));
  versioned_ = false;
  log_->Event("connect");
  while (connection_.open() && !quit_) PollOnce(control);
  connection_.Close();
  memory_.UnmapAll();
  for (Fd& fd : eventfds_) fd.Reset();
  log_->Event("disconnect");
}

void Server::PollOnce(int control) {
  Message message;
  if (connection_.HasPutAside()) {
    if (connection_.Receive(&message)) Handle(&message);
    return;
  }
  const bool work = function_.HasWork();
  if (Poll(connection_.fd(), control, work ? 0 : -1) && connection_.Receive(&message)) {
    Handle(&message);
  }
  // A completion that is held back counts runs; it need not burn a processor.
  if (work && function_.Run(1) == 0) poll(nullptr, 0, 1);
}

bool Server::Poll(int fd, int control, int timeout_ms) {
  pollfd entries[3] = {{fd, POLLIN, 0},
                       {control_ ? -1 : control, POLLIN, 0},
                       {control_ ? control_.get() : -1, POLLIN, 0}};
  if (poll(entries, 3, timeout_ms) <= 0) return false;
  if (entries[1].revents != 0) control_.Reset(accept4(control, nullptr, nullptr, SOCK_CLOEXEC));
  if (entries[2].revents != 0) ControlInput();
  return entries[0].revents != 0;
}

Fd Server::WaitForClient(int listening, int control) {
  while (!quit_) {
    if (!Poll(listening, control, -1)) continue;
    Fd client(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    if (client || (errno != EINTR && errno != ECONNABORTED)) return client;
  }
  return Fd();
}

void Server::Handle(Message* message) {
  const Header& header = message->header;
  if ((header.flags & kTypeMask) != 0) return;  // a reply nobody waits for any more
  Reply reply;
  const int error = Dispatch(message, &reply);
  if (error != 0) {
    log_->Event("error", ",\"command\":" + std::to_string(header.command) +
                             ",\"errno\":" + std::to_string(error));
    reply.clear();
  }
  if ((header.flags & kNoReply) != 0) return;
  Header answer = header;
  answer.size = static_cast<uint32_t>(sizeof(Header) + reply.size());
  answer.flags = kTypeReply | (error != 0 ? kError : 0);
  answer.error = static_cast<uint32_t>(error);
  connection_.Send(answer, reply);
}

int Server::Dispatch(Message* message, Reply* reply) {
  const auto command = static_cast<Command>(message->header.command);
  if (!versioned_ && command != Command::kVersion) return EINVAL;
  const bool takes_fds = command == Command::kDmaMap || command == Command::kSetIrqs;
  if (!takes_fds && !message->fds.empty()) return EINVAL;
  switch (command) {
    case Command::kVersion:
      return Version(*message, reply);
    case Command::kDmaMap:
      return MapDma(message);
    case Command::kDmaUnmap:
      return UnmapDma(*message, reply);
    case Command::kGetInfo:
      return GetInfo(*message, reply);
    case Command::kGetRegionInfo:
      return GetRegionInfo(*message, reply);
    case Command::kGetIrqInfo:
      return GetIrqInfo(*message, reply);
    case Command::kSetIrqs:
      return SetIrqs(message);
    case Command::kRegionRead:
      return RegionRead(*message, reply);
    case Command::kRegionWrite:
      return RegionWrite(*message, reply);
    case Command::kReset:
      if (!message->payload.empty()) return EINVAL;
      log_->Event("reset");
      function_.Reset();
      return 0;
    case Command::kGetRegionIoFds:
    case Command::kDmaRead:
    case Command::kDmaWrite:
      break;
  }
  return EOPNOTSUPP;
}

int Server::Version(const Message& message, Reply* reply) {
  uint16_t numbers[2];
  if (message.payload.size() < sizeof(numbers) || versioned_) return EINVAL;
  std::memcpy(numbers, message.payload.data(), sizeof(numbers));
  if (numbers[0] != 0) return ENOTSUP;
  if (message.payload.size() > sizeof(numbers) && message.payload.back() != 0) return EINVAL;
  numbers[1] = std::min<uint16_t>(numbers[1], 1);
  Append(reply, numbers);
  const std::string json = "{\"capabilities\":{\"max_msg_fds\":" + std::to_string(kMaxFds) +
                           ",\"max_data_xfer_size\":" + std::to_string(kMaxTransfer) +
                           ",\"max_dma_maps\":" + std::to_string(kMaxMaps) + ",\"pgsizes\":4096}}";
  reply->insert(reply->end(), json.c_str(), json.c_str() + json.size() + 1);
  versioned_ = true;
  return 0;
}

int Server::MapDma(Message* message) {
  DmaMap request;
  if (message->payload.size() != sizeof(request) || !Parse(*message, &request)) return EINVAL;
  if (request.argsz < sizeof(request) || message->fds.size() > 1) return EINVAL;
  return memory_.Map(request, message->fds.empty() ? Fd() : std::move(message->fds[0]));
}

int Server::UnmapDma(const Message& message, Reply* reply) {
  DmaUnmap request;
  if (message.payload.size() != sizeof(request) || !Parse(message, &request)) return EINVAL;
  if (request.argsz < sizeof(request) || (request.flags & ~kUnmapAll) != 0) return EINVAL;
  int error = 0;
  if (request.flags == kUnmapAll) {
    if (request.address != 0 || request.size != 0) return EINVAL;
    memory_.UnmapAll();
  } else {
    error = memory_.Unmap(request.address, request.size);
  }
  if (error == 0) Append(reply, request);
  return error;
}

int Server::GetInfo(const Message& message, Reply* reply) {
  DeviceInfo info;
  if (!Parse(message, &info) || info.argsz < sizeof(info)) return EINVAL;
  Append(reply, DeviceInfo{sizeof(info), 3, kRegions, kIrqs});  // resettable, PCI
  return 0;
}

int Server::GetRegionInfo(const Message& message, Reply* reply) {
  RegionInfo info;
  if (!Parse(message, &info) || info.argsz < sizeof(info) || info.index >= kRegions) return EINVAL;
  uint64_t size = 0;
  if (info.index == kConfigRegion) {
    size = 4096;
  } else if (info.index < 6) {
    size = function_.BarSize(static_cast<int>(info.index));
  }
  // Not mappable, so that every access is a message.
  Append(reply, RegionInfo{sizeof(info), size > 0 ? 3u : 0u, info.index, 0, size, 0});
  return 0;
}

int Server::GetIrqInfo(const Message& message, Reply* reply) {
  IrqInfo info;
  if (!Parse(message, &info) || info.argsz < sizeof(info) || info.index >= kIrqs) return EINVAL;
  const bool msi = info.index == kMsiIrq;
  // Eventfd; enabled and disabled as a whole, as vfio-pci does MSI.
  Append(reply, IrqInfo{sizeof(info), msi ? 1u | 1u << 3 : 0u, info.index, msi ? vectors() : 0u});
  return 0;
}

int Server::SetIrqs(Message* message) {
  IrqSet set;
  if (!Parse(*message, &set) || set.index >= kIrqs) return EINVAL;
  const size_t data = message->payload.size() - sizeof(set);
  const uint32_t most = set.index == kMsiIrq ? vectors() : 0;
  if (set.start > most || set.count > most - set.start) return EINVAL;
  const uint32_t kind = set.flags & 7;
  if ((set.flags & ~7u) != kIrqTrigger) return EINVAL;  // MSI cannot be masked by this message
  std::vector<Fd>& fds = message->fds;
  if (kind != kIrqDataEventfd && !fds.empty()) return EINVAL;
  if (kind == kIrqDataNone && data == 0) {
    if (set.count == 0 && set.start == 0) {
      for (Fd& fd : eventfds_) fd.Reset();
    }
    for (uint32_t i = 0; i < set.count; ++i) Interrupt(set.start + i);
    return 0;
  }
  if (kind == kIrqDataBool && data == set.count) {
    for (uint32_t i = 0; i < set.count; ++i) {
      if (message->payload[sizeof(set) + i] != 0) Interrupt(set.start + i);
    }
    return 0;
  }
  if (kind != kIrqDataEventfd || data != 0) return EINVAL;
  if (!fds.empty() && fds.size() != set.count) return EINVAL;
  for (uint32_t i = 0; i < set.count; ++i) {
    eventfds_[set.start + i] = fds.empty() ? Fd() : std::move(fds[i]);
  }
  return 0;
}

int Server::CheckAccess(const RegionAccess& access) const {
  if (access.count == 0 || access.count > kMaxTransfer) return EINVAL;
  const bool config = access.region == kConfigRegion;
  if (!config && (access.region >= 6 || !IsRegisterAccess(access.count))) return EINVAL;
  const uint64_t size = config ? 4096 : function_.BarSize(static_cast<int>(access.region));
  return access.offset >= size || access.count > size - access.offset ? EINVAL : 0;
}

int Server::RegionRead(const Message& message, Reply* reply) {
  RegionAccess access;
  if (message.payload.size() != sizeof(access) || !Parse(message, &access)) return EINVAL;
  if (const int error = CheckAccess(access); error != 0) return error;
  Append(reply, access);
  reply->resize(sizeof(access) + access.count);
  uint8_t* to = reply->data() + sizeof(access);
  if (access.region == kConfigRegion) {
    function_.ReadConfig(static_cast<uint32_t>(access.offset), to, access.count);
  } else {
    function_.Read(static_cast<int>(access.region), access.offset, to, access.count);
  }
  return 0;
}

int Server::RegionWrite(const Message& message, Reply* reply) {
  RegionAccess access;
  if (!Parse(message, &access)) return EINVAL;
  if (message.payload.size() != sizeof(access) + size_t{access.count}) return EINVAL;
  if (const int error = CheckAccess(access); error != 0) return error;
  const uint8_t* from = message.payload.data() + sizeof(access);
  if (access.region == kConfigRegion) {
    function_.WriteConfig(static_cast<uint32_t>(access.offset), from, access.count);
  } else {
    function_.Write(static_cast<int>(access.region), access.offset, from, access.count);
  }
  Append(reply, access);
  return 0;
}

Fd Listen(const std::string& path, std::string* error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    *error = "socket path must have 1 to " + std::to_string(sizeof(address.sun_path) - 1) +
             " bytes, not " + std::to_string(path.size());
    return Fd();
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat about;
  if (lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) unlink(path.c_str());
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t before = umask(0077);
  const bool good = fd &&
                    bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                    listen(fd.get(), 1) == 0;
  const int code = errno;
  umask(before);
  if (good) return fd;
  *error = "cannot listen on " + path + ": " + std::strerror(code);
  return Fd();
}

}  // namespace warpdrive::model::vfio_user
