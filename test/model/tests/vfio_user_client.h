// A small vfio-user client: what QEMU does, and what it would never do.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "model/vfio_user/server.h"

namespace warpdrive::model::vfio_user {

/// A server on its own thread, and the client's end of its socket.
class Client {
 public:
  explicit Client(const Options& options, const std::string& log_path = {});
  ~Client();

  /// Sends a command and waits for its reply; the errno it says, 0 without error. While waiting
  /// it serves DMA_READ and DMA_WRITE from `served`, at iova `served_at`, if that is not 0.
  int Call(Command command, const std::vector<uint8_t>& payload, std::vector<uint8_t>* reply,
           const std::vector<int>& fds = {});
  int Negotiate();
  /// Memory by a file (a memfd of the client), or without one.
  int Map(uint64_t iova, uint64_t size, uint64_t offset, int fd, uint32_t flags = 3);
  int Unmap(uint64_t iova, uint64_t size, uint32_t flags = 0);
  int Write(uint32_t region, uint64_t offset, const void* data, uint32_t size);
  int Read(uint32_t region, uint64_t offset, void* data, uint32_t size);
  int SetIrqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
              const std::vector<int>& fds, const std::vector<uint8_t>& data = {});
  /// Bytes as they are; true if the server then closes the connection.
  bool SendRaw(const std::vector<uint8_t>& bytes);
  bool IsClosed();
  void Hangup() { connection_.Close(); }
  void Join();

  Server& server() { return server_; }

  std::vector<uint8_t> served;
  uint64_t served_at = 0;
  uint64_t served_reads = 0;
  uint64_t served_writes = 0;

 private:
  bool ServeDma(Message* message);

  JsonLog log_;
  Server server_;
  Connection connection_;
  std::thread thread_;
  uint16_t next_id_ = 100;
};

/// A memfd of `size` zeroed bytes.
Fd MemoryFile(size_t size);

}  // namespace warpdrive::model::vfio_user
