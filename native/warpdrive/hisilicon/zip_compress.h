// Stateless blocks of deflate on the ZIP engine.
//
// A final block is a stateless request: the engine writes a whole stream and a trailer, which is
// checked and cut off. A block that is not final must end on a byte boundary without BFINAL; only
// a stateful request does that (SYNC_FLUSH), so each such block is the first request of a stream
// of its own, with a context that nobody uses again.
#pragma once

#include <string>

#include "warpdrive/hisilicon/staging.h"
#include "warpdrive/hisilicon/used_memory.h"
#include "warpdrive/hisilicon/zip_job.h"

namespace warpdrive::hisilicon {

/// By capability alone.
bool SupportsCompression(const ZipTarget& target, const Request& request);

/// Where the memory of requests comes from, before the pool is asked.
struct ZipMemory {
  Staging* staging;
  UsedMemory* contexts;
};

/// Fills `job` for a request that SupportsCompression(), copying its input where the device cannot
/// reach it. `completion` is written for kDone. `job` is not touched but for kReady.
Prepared PrepareCompression(const ZipTarget& target, const Request& request,
                            const ZipMemory& source, ZipJob* job, Completion* completion);

/// Checks everything that the device said and copies output where it was copied in. kDeviceError
/// with a reason in `*problem` for anything that cannot be.
Completion FinishCompression(const ZipJob& job, const ZipResult& result, std::string* problem);

/// Gives back what a request that was completed lay in, but for its context.
void ReleaseStaging(const ZipResult& result, const Completion& completion, Staging* staging,
                    ZipJob* job);

}  // namespace warpdrive::hisilicon
