// stats(), devices(), configure() and events: devices as JavaScript sees them.
#include <algorithm>
#include <string>

#include "addon/environment.h"
#include "device/block_pool.h"

namespace warpdrive::addon {
namespace {

const char* NameOfState(DeviceHealth::State state) {
  switch (state) {
    case DeviceHealth::State::kHealthy:
      return "healthy";
    case DeviceHealth::State::kQuarantined:
      return "quarantined";
    case DeviceHealth::State::kProbing:
      return "probing";
  }
  return "";
}

const char* NameOfType(DeviceEvent::Type type) {
  switch (type) {
    case DeviceEvent::Type::kFailover:
      return "failover";
    case DeviceEvent::Type::kQuarantine:
      return "quarantine";
    case DeviceEvent::Type::kRecovery:
      return "recovery";
    case DeviceEvent::Type::kOpen:
      return "open";
  }
  return "";
}

Napi::Object QuarantineOf(Napi::Env env, const RoutedDevice& device, uint64_t now) {
  const DeviceHealth::Snapshot health = device.health.Look(now);
  auto result = Napi::Object::New(env);
  result["state"] = NameOfState(health.state);
  result["count"] = static_cast<double>(health.quarantines);
  if (health.last_fault != Fault::kNone) {
    result["fault"] = NameOf(health.last_fault);
    result["detail"] = health.detail;
  }
  result["retryInMs"] = static_cast<double>(health.retry_in_ms);
  return result;
}

Napi::Object DeviceStatsOf(Napi::Env env, const RoutedDevice& device, const DeviceStats& stats,
                           uint64_t now) {
  auto result = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) { result[name] = value; };
  result["name"] = device.info.name;
  set("requests", static_cast<double>(stats.requests));
  set("doorbells", static_cast<double>(stats.doorbells));
  set("batch", stats.doorbells == 0
                   ? 0
                   : static_cast<double>(stats.sent) / static_cast<double>(stats.doorbells));
  set("bytesIn", static_cast<double>(stats.bytes_in));
  set("bytesOut", static_cast<double>(stats.bytes_out));
  set("failures", static_cast<double>(stats.failures));
  result["quarantine"] = QuarantineOf(env, device, now);
  return result;
}

Napi::Object RoutingOf(Napi::Env env, const std::array<uint64_t, kReasons>& reasons) {
  auto result = Napi::Object::New(env);
  for (size_t i = 0; i < kReasons; ++i) {
    if (reasons[i] != 0) result[NameOf(static_cast<Reason>(i))] = static_cast<double>(reasons[i]);
  }
  return result;
}

Napi::Object DeviceObject(Napi::Env env, const DeviceInfo& info, const std::string& why_not,
                          const std::string& advice) {
  auto codecs = Napi::Array::New(env, info.codecs.size());
  for (uint32_t i = 0; i < info.codecs.size(); ++i) codecs[i] = info.codecs[i];
  auto result = Napi::Object::New(env);
  result["name"] = info.name;
  result["transport"] = info.transport;
  result["threads"] = info.threads;
  result["codecs"] = codecs;
  result["usable"] = why_not.empty();
  if (!why_not.empty()) result["reason"] = why_not;
  if (!advice.empty()) result["advice"] = advice;
  return result;
}

#if defined(__linux__)
const char* NameOfDma(DmaMode mode) {
  return mode == DmaMode::kSva ? "sva" : mode == DmaMode::kMapped ? "mapped" : "unsupported";
}

Napi::Object HardwareObject(Napi::Env env, const hardware::Found& found, const Router& router,
                            bool open) {
  const DeviceDescription& description = found.description;
  const DeviceInfo info{.name = description.name,
                        .transport = NameOf(description.transport),
                        .threads = 0,
                        .codecs = description.algorithms,
                        .kind = {}};
  const bool consent = router.unsafe_doorbell_allowed();
  const Complaint complaint =
      open ? hardware::TryToOpen(found, consent) : hardware::WhyUnusable(found, consent);
  Napi::Object result = DeviceObject(env, info, complaint.why, complaint.advice);
  result["api"] = description.api;
  result["generation"] = description.generation;
  result["numaNode"] = description.numa_node;
  result["availableQueues"] = description.available_queues;
  result["dma"] = NameOfDma(description.dma);
  result["doorbell"] = description.doorbell == DoorbellSafety::kPrivate ? "private" : "shared";
  return result;
}
#endif

Napi::Object RoutedObject(Napi::Env env, const Router& router, const RoutedDevice& device) {
  if (!device.allowed.load(std::memory_order_relaxed)) {
    return DeviceObject(env, device.info, "not among configure({ devices })",
                        "name it there, or give 'all'");
  }
  if (device.info.shared_doorbell && !router.unsafe_doorbell_allowed()) {
    return DeviceObject(env, device.info, "other processes could ring its doorbell",
                        "give allowUnsafeDoorbell if they are trusted");
  }
  return DeviceObject(env, device.info, "", "");
}

}  // namespace

Wish WishOf(const Napi::Value& device) {
  Wish wish = kAnyDevice;
  if (device.IsString()) {
    Machine::Instance().router()->Find(device.As<Napi::String>().Utf8Value(), &wish);
  }
  return wish;
}

Napi::Value EventsOf(Napi::Env env, const std::vector<DeviceEvent>& events) {
  auto list = Napi::Array::New(env, events.size());
  for (uint32_t i = 0; i < events.size(); ++i) {
    const DeviceEvent& event = events[i];
    auto entry = Napi::Object::New(env);
    entry["type"] = NameOfType(event.type);
    entry["device"] = event.device;
    entry["fault"] = NameOf(event.fault);
    entry["detail"] = event.detail;
    entry["requests"] = static_cast<double>(event.requests);
    entry["retryInMs"] = static_cast<double>(event.retry_in_ms);
    entry["sharedDoorbell"] = event.shared_doorbell;
    list[i] = entry;
  }
  return list;
}

Napi::Value Environment::Stats(const Napi::CallbackInfo& info) {
  const ChannelStats stats = channel_ ? channel_->stats() : ChannelStats{};
  const BlockPool& pool = BlockPool::Instance();
  auto result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, uint64_t value) {
    result[name] = static_cast<double>(value);
  };
  set("requests", stats.requests);
  set("inlineRequests", stats.inline_requests);
  set("doorbells", stats.doorbells);
  set("failovers", stats.failovers);
  set("bytesIn", stats.bytes_in);
  set("bytesOut", stats.bytes_out);
  set("outstanding", channel_ ? channel_->outstanding() : 0);
  set("poolBytesInUse", pool.in_use());
  set("poolBytesCached", pool.cached());
  result["bytesToldToV8"] = static_cast<double>(held_memory_->told);
  set("runningThreads", Software().RunningThreads());
  Router& router = *Machine::Instance().router();
  auto devices = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (size_t i = 0; i < router.size(); ++i) {
    if (!router.at(i).present.load(std::memory_order_acquire)) continue;
    const DeviceStats device = channel_ ? channel_->device_stats(i) : DeviceStats{};
    devices[count++] = DeviceStatsOf(info.Env(), router.at(i), device, router.Now());
  }
  result["devices"] = devices;
  result["routing"] =
      RoutingOf(info.Env(), channel_ ? channel_->reasons() : std::array<uint64_t, kReasons>{});
  return result;
}

Napi::Value Environment::Configure(const Napi::CallbackInfo& info) {
  const auto settings = info[0].As<Napi::Object>();
  const auto number = [&](const char* name) {
    return settings.Get(name).As<Napi::Number>().Int64Value();
  };
  Machine& machine = Machine::Instance();
  Router& router = *machine.router();
  if (settings.Get("threads").IsNumber()) {
    Software().SetThreads(static_cast<uint32_t>(number("threads")));
    if (channel_) channel_->SetWindow(WindowFor(Software().threads()));
  }
  if (settings.Get("memoryLimit").IsNumber()) {
    BlockPool::Instance().SetLimit(static_cast<size_t>(number("memoryLimit")));
  }
  if (settings.Get("device").IsString()) router.SetDefault(WishOf(settings.Get("device")));
  if (settings.Get("allowUnsafeDoorbell").IsBoolean()) {
    machine.AllowUnsafeDoorbell(settings.Get("allowUnsafeDoorbell").As<Napi::Boolean>().Value());
  }
  if (settings.Get("hardwareThreshold").IsNumber())
    router.SetThreshold(number("hardwareThreshold"));
  if (settings.Get("hardwareThreshold").IsString()) {
    router.SetThreshold(Router::kMeasuredThreshold);
  }
  if (settings.Get("deviceTimeout").IsNumber()) {
    router.SetTimeoutMs(static_cast<uint64_t>(number("deviceTimeout")));
  }
  const Napi::Value devices = settings.Get("devices");
  if (devices.IsString()) router.AllowAll();
  if (devices.IsArray()) {
    std::vector<std::string> names;
    const auto list = devices.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      const Napi::Value name = list[i];
      names.push_back(name.As<Napi::String>().Utf8Value());
    }
    router.SetAllowed(names);
  }
  return info.Env().Undefined();
}

Napi::Value Environment::Devices(const Napi::CallbackInfo& info) {
  Machine& machine = Machine::Instance();
  Router& router = *machine.router();
  [[maybe_unused]] const bool open = info[0].ToBoolean().Value();
  auto list = Napi::Array::New(info.Env());
  uint32_t count = 0;
  const auto add_routed = [&](auto is_listed) {
    for (size_t i = 0; i < router.home(); ++i) {
      const RoutedDevice& device = router.at(i);
      if (!device.present.load(std::memory_order_acquire) || is_listed(device.info.name)) continue;
      list[count++] = RoutedObject(info.Env(), router, device);
    }
  };
#if defined(__linux__)
  machine.WithFound([&](const std::vector<hardware::Found>& all) {
    add_routed([&all](const std::string& name) {
      return std::any_of(all.begin(), all.end(), [&name](const hardware::Found& found) {
        return found.description.name == name;
      });
    });
    for (const hardware::Found& found : all) {
      list[count++] = HardwareObject(info.Env(), found, router, open);
    }
  });
#else
  add_routed([](const std::string&) { return false; });
#endif
  list[count] = DeviceObject(info.Env(), Software().Info(), "", "");
  return list;
}

Napi::Value Environment::DeviceRefusal(const Napi::CallbackInfo& info) {
  std::string refusal;
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  if (Machine::Instance().CanBeNamed(name, &refusal)) return info.Env().Undefined();
  return Napi::String::New(info.Env(), refusal);
}

}  // namespace warpdrive::addon
