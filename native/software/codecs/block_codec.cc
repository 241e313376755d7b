#include "software/codecs/block_codec.h"

#include <zlib.h>
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef WARPDRIVE_HAVE_ISAL
#include <isa-l.h>
#endif

#include <string>

#include "software/codecs/fallback_codec.h"

namespace warpdrive::software {

std::unique_ptr<BlockCodec> MakeBlockCodec(CodecKind kind) {
  switch (kind) {
    case CodecKind::kZlib:
      return MakeZlibBlock();
    case CodecKind::kLibdeflate:
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
      return MakeLibdeflateBlock();
#else
      return nullptr;
#endif
    case CodecKind::kIsal:
#ifdef WARPDRIVE_HAVE_ISAL
      return MakeIsalBlock();
#else
      return nullptr;
#endif
  }
  return nullptr;
}

bool HasCodec(CodecKind kind) { return CodecDescription(kind)[0] != '\0'; }

const char* CodecDescription(CodecKind kind) {
  switch (kind) {
    case CodecKind::kZlib: {
      // Of the copy that is linked to, which need not be that of the header.
      static const std::string description = std::string("zlib ") + zlibVersion();
      return description.c_str();
    }
    case CodecKind::kLibdeflate:
#ifdef WARPDRIVE_HAVE_LIBDEFLATE
      return "libdeflate " LIBDEFLATE_VERSION_STRING;
#else
      return "";
#endif
    case CodecKind::kIsal: {
#ifdef WARPDRIVE_HAVE_ISAL
      static const std::string description = "ISA-L " + std::to_string(ISAL_MAJOR_VERSION) + "." +
                                             std::to_string(ISAL_MINOR_VERSION) + "." +
                                             std::to_string(ISAL_PATCH_VERSION);
      return description.c_str();
#else
      return "";
#endif
    }
  }
  return "";
}

}  // namespace warpdrive::software
