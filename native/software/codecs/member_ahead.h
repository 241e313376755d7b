// Finds the gzip members of a stream in input that was not reached yet, and has them decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "software/member_task.h"

namespace warpdrive::software {

/// Decoding a member needs nothing that came before it, so all members whose bytes are there can
/// be decoded at once. Bytes that only look like a member cost time, nothing else: a result is used
/// when the stream comes to the end of a member just there.
class MemberAhead {
 public:
  /// `share` offers a task to other threads, where it is worth it.
  using Share = std::function<void(std::shared_ptr<MemberTask>)>;
  explicit MemberAhead(Share share) : share_(std::move(share)) {}
  ~MemberAhead();
  MemberAhead(const MemberAhead&) = delete;
  MemberAhead& operator=(const MemberAhead&) = delete;

  /// Looks at `input`, which is at offset `at` of the stream, from where it looked last.
  void Look(std::span<const uint8_t> input, uint64_t at);

  /// Where the next member that can be had begins; `none` if there is none after `at`.
  uint64_t NextAfter(uint64_t at, uint64_t none) const;

  /// The member at offset `at`, decoded; nullptr if it is not to be had.
  std::shared_ptr<MemberTask> Take(uint64_t at);

 private:
  bool Add(std::span<const uint8_t> member, uint64_t start);

  Share share_;
  std::vector<std::shared_ptr<MemberTask>> tasks_;  // ascending start()
  std::vector<std::shared_ptr<MemberTask>> unshared_;
  uint64_t looked_to_ = 1;  // the stream's first member is not ahead of anything
  uint64_t open_ = 0;       // a member begins here and its end is not known; 0 = none
  size_t held_ = 0;         // bytes of output that the tasks have room for
};

}  // namespace warpdrive::software
