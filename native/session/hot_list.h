// Which idle streams of a thread keep a device's state. A zlib stream's takes 280 KB; whoever has
// thousands of streams uses few of them at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace warpdrive {

/// One entry of a HotList, by inheritance. Whoever inherits it unlinks it before it goes.
class HotEntry {
 public:
  HotEntry() = default;
  HotEntry(const HotEntry&) = delete;
  HotEntry& operator=(const HotEntry&) = delete;

 protected:
  friend class HotList;
  ~HotEntry() = default;
  void Unlink();
  /// Gives up what can be rebuilt. The entry was taken off the list.
  virtual void Park() = 0;

 private:
  class HotList* list_ = nullptr;
  HotEntry* newer_ = nullptr;
  HotEntry* older_ = nullptr;
  uint32_t sweep_ = 0;
};

/// Least recently used first. What it decides changes no output, only when work is done again.
/// One thread. Outlives its entries.
class HotList {
 public:
  /// Entries, 72 MB of states: one more parks the oldest at once.
  static constexpr size_t kMost = 256;
  /// Entries that stay however long they are idle.
  static constexpr size_t kKept = 32;

  /// `entry` became idle: it is the last one to be parked now.
  void Add(HotEntry* entry);
  /// Parks what was not added since the last sweep. @return whether another sweep has work to do
  bool Sweep();
  size_t size() const { return size_; }

 private:
  friend class HotEntry;
  void Remove(HotEntry* entry);
  void ParkOldest();

  HotEntry* newest_ = nullptr;
  HotEntry* oldest_ = nullptr;
  size_t size_ = 0;
  uint32_t sweep_ = 0;
};

}  // namespace warpdrive
