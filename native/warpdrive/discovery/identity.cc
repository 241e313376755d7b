#include "warpdrive/discovery/identity.h"

#include <algorithm>
#include <array>

#include "warpdrive/discovery/sysfs.h"

namespace warpdrive {

ApiVersion ParseApi(std::string_view api) {
  constexpr std::string_view kPrefix = "hisi_qm_v";
  constexpr std::string_view kNoIommu = "_noiommu";
  ApiVersion version;
  if (!api.starts_with(kPrefix)) return version;
  api.remove_prefix(kPrefix.size());
  if (api.ends_with(kNoIommu)) {
    version.no_iommu = true;
    api.remove_suffix(kNoIommu.size());
  }
  const auto number = ParseUnsigned(api, 5);
  if (number) version.protocol = static_cast<int>(std::min<uint64_t>(*number, 3));
  return version;
}

int ProtocolOfRevision(uint32_t revision) {
  switch (revision) {
    case 0x20:
      return 1;
    case 0x21:
      return 2;
    case 0x30:
    case 0x50:
    case 0x51:
      return 3;
    default:
      return 0;
  }
}

std::string GenerationOf(uint32_t revision, int protocol) {
  if (revision == 0x20 || (revision == 0 && protocol == 1)) return "HIP08 engineering sample";
  if (revision == 0x21 || (revision == 0 && protocol == 2)) return "HIP08";
  if (revision == 0x30 || (revision == 0 && protocol == 3)) return "HIP09";
  if (revision == 0x50 || revision == 0x51) return "after HIP09";
  return "unknown";
}

bool IsUsable(std::string_view algorithm) {
  return algorithm == "zlib" || algorithm == "gzip" || algorithm == "deflate";
}

bool IsCompression(std::string_view algorithm) {
  constexpr std::array<std::string_view, 3> kOthers = {"lz77_zstd", "lz77_only", "lz4"};
  return IsUsable(algorithm) ||
         std::find(kOthers.begin(), kOthers.end(), algorithm) != kOthers.end();
}

std::vector<std::string> DefaultAlgorithms(int protocol) {
  if (protocol == 1 || protocol == 2) return {"zlib", "gzip"};
  if (protocol == 3) return {"zlib", "gzip", "deflate"};
  return {};
}

namespace {

void Append(std::string_view more, std::string* list) {
  if (list->find(more) != std::string::npos) return;
  if (!list->empty()) *list += "; ";
  *list += more;
}

}  // namespace

void Refuse(DeviceDescription* device, std::string_view why, std::string_view advice) {
  device->usable = false;
  device->for_now = false;
  Append(why, &device->why_unusable);
  Append(advice, &device->advice);
}

void RefuseForNow(DeviceDescription* device, const Complaint& complaint) {
  const bool only = device->usable || device->for_now;
  Refuse(device, complaint.why, complaint.advice);
  device->for_now = only;
}

std::string Explanation(const DeviceDescription& device) {
  return device.why_unusable + (device.advice.empty() ? "" : "; " + device.advice);
}

void RefuseForPolicy(DeviceDescription* device, bool allow_unsafe_doorbell) {
  if (device->protocol == 0) {
    Refuse(device, "queue protocol '" + device->api + "' is not known (known: hisi_qm_v1 to v5)",
           kUnknownKernel);
  }
  if (std::none_of(device->algorithms.begin(), device->algorithms.end(), IsUsable)) {
    std::string listed;
    for (const std::string& name : device->algorithms) {
      listed += (listed.empty() ? "" : ", ") + name;
    }
    Refuse(device,
           "it offers none of zlib, gzip, deflate (it offers: " +
               (listed.empty() ? std::string("nothing") : listed) + ")",
           "none of its queues compress in these formats: leave it to others");
  }
  if (device->isolated) {
    RefuseForNow(device,
                 {"the kernel isolated it after hardware errors",
                  "look into the kernel log for them; see isolate_strategy in " +
                      device->sysfs_path + "; when they are dealt with, load hisi_zip anew"});
  }
  if (device->doorbell == DoorbellSafety::kShared && !allow_unsafe_doorbell) {
    Refuse(device, kSharedDoorbellRisk, kSharedDoorbellAdvice);
  }
}

}  // namespace warpdrive
