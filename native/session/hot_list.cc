#include "session/hot_list.h"

namespace warpdrive {

void HotEntry::Unlink() {
  if (list_ != nullptr) list_->Remove(this);
}

void HotList::Remove(HotEntry* entry) {
  (entry->newer_ != nullptr ? entry->newer_->older_ : newest_) = entry->older_;
  (entry->older_ != nullptr ? entry->older_->newer_ : oldest_) = entry->newer_;
  entry->newer_ = entry->older_ = nullptr;
  entry->list_ = nullptr;
  --size_;
}

void HotList::ParkOldest() {
  HotEntry* const entry = oldest_;
  Remove(entry);
  entry->Park();
}

void HotList::Add(HotEntry* entry) {
  entry->Unlink();
  entry->list_ = this;
  entry->sweep_ = sweep_;
  entry->older_ = newest_;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = entry;
  newest_ = entry;
  if (++size_ > kMost) ParkOldest();
}

bool HotList::Sweep() {
  while (size_ > kKept && oldest_->sweep_ != sweep_) ParkOldest();
  ++sweep_;
  return size_ > kKept;
}

}  // namespace warpdrive
