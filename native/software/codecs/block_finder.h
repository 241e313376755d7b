// Finds a deflate block in the middle of a stream, by what another device made of it.
#pragma once

#include <memory>

#include "device/block_search.h"

namespace warpdrive::software {

/// nullptr if memory ran out, or where streams cannot go on from a block (HasBulkInflate()).
std::unique_ptr<BlockSearch> MakeBlockFinder();

}  // namespace warpdrive::software
