#include "warpdrive/transport.h"

namespace warpdrive {

const char* NameOf(TransportKind kind) {
  switch (kind) {
    case TransportKind::kSpimdev:
      return "spimdev";
    case TransportKind::kUacce:
      return "uacce";
    case TransportKind::kVfioPci:
      return "vfio-pci";
  }
  return "unknown";
}

}  // namespace warpdrive
