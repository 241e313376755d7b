// Raw deflate streams as the codecs write them.
#pragma once

#include "support/data.h"
#include "support/random.h"

namespace warpdrive::test {

/// A stream of one of the codecs that there are, of up to `max_size` bytes of some data.
Bytes RandomStream(size_t max_size, Random& random);

#ifdef WARPDRIVE_HAVE_LIBDEFLATE
Bytes LibdeflateStream(const Bytes& data, int level);
#endif

}  // namespace warpdrive::test
