// Whole streams through sessions, as the addon drives them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "session/channel.h"
#include "session/compress_session.h"
#include "session/decompress_session.h"
#include "support/data.h"

namespace warpdrive::test {

/// Completions are checked, and no request is late within a minute, whatever its size.
RoutingPolicy PatientPolicy();

/// A channel to `devices`, the last of them software, whose completions are checked.
std::shared_ptr<Channel> OpenChannel(std::vector<Device*> devices);

/// Kicks, waits and drains once.
void Await(Channel& channel);

struct StreamScript {
  StreamParams params{.format = Format::kGzip, .level = 6};
  size_t step = 100'000;   ///< bytes per write
  size_t flush_every = 0;  ///< bytes; 0 = no flushes
  Flush flush = Flush::kSync;
  bool synchronous = false;
  bool default_level = true;
  Wish wish = kAnyDevice;
  std::function<void()> after_first_write = nullptr;  ///< compression
  size_t room = 100'000;                              ///< decompression: bytes of output per step
  std::function<void()> after_step = nullptr;         ///< decompression
};

/// The compressed stream. @return empty if it failed
Bytes CompressStream(const std::shared_ptr<Channel>& channel, const StreamScript& script,
                     const Bytes& data);

struct DecompressResult {
  Bytes data;
  StreamError error;
  int64_t counted = 0;  ///< input bytes, as the steps add them up
  bool ended = false;
};
/// `packed` up to the end of the stream or of the input.
DecompressResult DecompressStream(const std::shared_ptr<Channel>& channel,
                                  const StreamScript& script, const Bytes& packed);

}  // namespace warpdrive::test
