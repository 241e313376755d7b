#include "model/vfio_user/client_memory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace warpdrive::model::vfio_user {
namespace {

constexpr uint32_t kReadable = 1;
constexpr uint32_t kWriteable = 2;
// Any client takes this; the default limit is 1 MiB.
constexpr size_t kDmaChunk = 64 << 10;

}  // namespace

int ClientMemory::Map(const DmaMap& request, Fd file) {
  const uint64_t size = request.size;
  if (size == 0 || request.address + (size - 1) < request.address) return EINVAL;
  if ((request.flags & ~(kReadable | kWriteable)) != 0 || request.flags == 0) return EINVAL;
  if (ranges_.size() >= kMaxMaps) return ENOSPC;
  const auto after = ranges_.lower_bound(request.address);
  if (after != ranges_.end() && after->first - request.address < size) return EEXIST;
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    if (request.address - before->first < before->second.size) return EEXIST;
  }
  std::shared_ptr<File> shared;
  if (file) {
    struct stat about;
    if (fstat(file.get(), &about) != 0) return errno;
    const auto length = static_cast<uint64_t>(about.st_size);
    if (!S_ISREG(about.st_mode) || request.offset > length || size > length - request.offset) {
      return EINVAL;
    }
    std::weak_ptr<File>& known = files_[{about.st_dev, about.st_ino}];
    shared = known.lock();
    if (!shared) {
      shared = std::make_shared<File>(File{std::move(file)});
      known = shared;
    }
  }
  ranges_.emplace(request.address, Range{size, request.flags, request.offset, std::move(shared)});
  return 0;
}

int ClientMemory::Unmap(uint64_t iova, uint64_t size) {
  if (size == 0 || iova + (size - 1) < iova) return EINVAL;
  const uint64_t last = iova + (size - 1);
  const auto first = ranges_.lower_bound(iova);
  if (first != ranges_.begin()) {
    const auto before = std::prev(first);
    if (iova - before->first < before->second.size) return EINVAL;
  }
  auto end = first;
  for (; end != ranges_.end() && end->first <= last; ++end) {
    if (end->first + (end->second.size - 1) > last) return EINVAL;
  }
  ranges_.erase(first, end);
  std::erase_if(files_, [](const auto& entry) { return entry.second.expired(); });
  return 0;
}

void ClientMemory::UnmapAll() {
  ranges_.clear();
  files_.clear();
}

const ClientMemory::Range* ClientMemory::Find(uint64_t iova, uint32_t access, uint64_t* start) {
  auto it = ranges_.upper_bound(iova);
  if (it != ranges_.begin()) {
    --it;
    if (iova - it->first < it->second.size && (it->second.flags & access) != 0) {
      *start = it->first;
      return &it->second;
    }
  }
  ++faults_;
  return nullptr;
}

// Files are read and written by system calls, not by a mapping of them: a client that truncates
// its file gets a fault for it, and the server no SIGBUS.
bool ClientMemory::Read(uint64_t iova, void* data, size_t size) {
  auto* to = static_cast<uint8_t*>(data);
  while (size > 0) {
    uint64_t start;
    const Range* range = Find(iova, kReadable, &start);
    if (range == nullptr) return false;
    const uint64_t at = iova - start;
    const auto part = static_cast<size_t>(std::min<uint64_t>(size, range->size - at));
    if (range->file) {
      const ssize_t got =
          pread(range->file->fd.get(), to, part, static_cast<off_t>(range->offset + at));
      if (got != static_cast<ssize_t>(part)) return ++faults_, false;
    } else if (!ReadByMessage(iova, to, part)) {
      return ++faults_, false;
    }
    to += part;
    iova += part;
    size -= part;
  }
  return true;
}

bool ClientMemory::Write(uint64_t iova, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  while (size > 0) {
    uint64_t start;
    const Range* range = Find(iova, kWriteable, &start);
    if (range == nullptr) return false;
    const uint64_t at = iova - start;
    const auto part = static_cast<size_t>(std::min<uint64_t>(size, range->size - at));
    if (range->file) {
      const auto offset = static_cast<off_t>(range->offset + at);
      struct stat about;
      // pwrite() behind the end would make the file longer.
      if (fstat(range->file->fd.get(), &about) != 0 ||
          about.st_size < offset + static_cast<off_t>(part) ||
          pwrite(range->file->fd.get(), from, part, offset) != static_cast<ssize_t>(part)) {
        return ++faults_, false;
      }
    } else if (!WriteByMessage(iova, from, part)) {
      return ++faults_, false;
    }
    from += part;
    iova += part;
    size -= part;
  }
  return true;
}

bool ClientMemory::ReadByMessage(uint64_t iova, uint8_t* data, size_t size) {
  while (size > 0) {
    const size_t part = std::min(size, kDmaChunk);
    std::vector<uint8_t> payload;
    Append(&payload, DmaAccess{iova, part});
    Message reply;
    if (!connection_->Call(Command::kDmaRead, payload, &reply)) return false;
    if (reply.payload.size() != sizeof(DmaAccess) + part) return false;
    std::memcpy(data, reply.payload.data() + sizeof(DmaAccess), part);
    data += part;
    iova += part;
    size -= part;
  }
  return true;
}

bool ClientMemory::WriteByMessage(uint64_t iova, const uint8_t* data, size_t size) {
  while (size > 0) {
    const size_t part = std::min(size, kDmaChunk);
    std::vector<uint8_t> payload;
    Append(&payload, DmaAccess{iova, part});
    payload.insert(payload.end(), data, data + part);
    Message reply;
    if (!connection_->Call(Command::kDmaWrite, payload, &reply)) return false;
    data += part;
    iova += part;
    size -= part;
  }
  return true;
}

}  // namespace warpdrive::model::vfio_user
