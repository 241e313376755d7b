// Finds parts of a stream that can be decoded before it gets there, and has that done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "software/ahead_task.h"

namespace warpdrive::software {

/// Gzip members need nothing that came before them, nor do blocks that refer to nothing before
/// them, as `pigz -i` makes them; each begins behind a sync point. What is in the
/// input can all be decoded at once. Bytes that only look like a start cost time, nothing else: a
/// result is used where the stream comes to the end of a member, or of a block, just there.
class DecodeAhead {
 public:
  /// `share` offers a task to other threads, where it is worth it.
  using Share = std::function<void(std::shared_ptr<AheadTask>)>;
  explicit DecodeAhead(Share share) : share_(std::move(share)) {}
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  /// For a stream that has one member, or none.
  void ExpectNoMembers() { members_ = false; }

  /// Looks at `input`, which is at offset `at` of the stream, from where it looked last.
  void Look(std::span<const uint8_t> input, uint64_t at);

  /// Whether more input than the stream asks for would be of use.
  bool promising() const { return promising_; }

  /// Where the next part that can be had begins; `none` if there is none after `at`.
  uint64_t NextAfter(uint64_t at, uint64_t none) const;
  bool StartsAt(uint64_t at) const;

  /// The part at offset `at`, decoded; nullptr if it is not to be had.
  std::shared_ptr<AheadTask> Take(AheadTask::Part part, uint64_t at);

 private:
  using Tasks = std::vector<std::shared_ptr<AheadTask>>;
  void LookForMembers(std::span<const uint8_t> input, uint64_t at);
  void LookForBlocks(std::span<const uint8_t> input, uint64_t at);
  bool Add(AheadTask::Part part, std::span<const uint8_t> bytes, uint64_t start);
  bool InMember(uint64_t at) const;
  void Drop(const std::shared_ptr<AheadTask>& task);
  void DropBlocks(uint64_t from, uint64_t to);

  Share share_;
  Tasks tasks_;     // ascending start()
  Tasks unshared_;  // those of them that share_ was not called with
  bool members_ = true;
  bool blocks_ = true;
  bool promising_ = false;
  uint32_t refused_ = 0;         // runs of blocks in a row
  uint64_t members_looked_ = 1;  // the stream's first member is not ahead of anything
  uint64_t blocks_looked_ = 0;
  uint64_t open_member_ = 0;  // begins here, and its end is not known; 0 = none
  uint64_t open_blocks_ = 0;  // as well
  size_t held_ = 0;           // bytes of output that the tasks may have
};

}  // namespace warpdrive::software
