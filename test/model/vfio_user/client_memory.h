// The client's memory: ranges it has mapped for DMA, each behind a file or behind messages.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "model/dma_bus.h"
#include "model/vfio_user/connection.h"

namespace warpdrive::model::vfio_user {

class ClientMemory final : public DmaBus {
 public:
  explicit ClientMemory(Connection* connection) : connection_(connection) {}

  /// 0, or an errno. `file` may be empty: then accesses are messages to the client.
  int Map(const DmaMap& request, Fd file);
  /// Takes away all mappings in the range; EINVAL when one reaches out of it.
  int Unmap(uint64_t iova, uint64_t size);
  void UnmapAll();
  size_t size() const { return ranges_.size(); }
  uint64_t faults() const { return faults_; }

  bool Read(uint64_t iova, void* data, size_t size) override;
  bool Write(uint64_t iova, const void* data, size_t size) override;

 private:
  struct File {
    Fd fd;
  };
  struct Range {
    uint64_t size;
    uint32_t flags;
    uint64_t offset;
    std::shared_ptr<File> file;
  };
  using Key = std::pair<dev_t, ino_t>;

  const Range* Find(uint64_t iova, uint32_t access, uint64_t* start);
  bool ReadByMessage(uint64_t iova, uint8_t* data, size_t size);
  bool WriteByMessage(uint64_t iova, const uint8_t* data, size_t size);

  Connection* connection_;
  std::map<uint64_t, Range> ranges_;          // by iova
  std::map<Key, std::weak_ptr<File>> files_;  // one descriptor per file, however many ranges
  uint64_t faults_ = 0;
};

}  // namespace warpdrive::model::vfio_user
