#include "apps/bench_store.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <random>

#include "apps/store_limits.h"
#include "apps/stored_encodings.h"
#include "base/clock.h"
#include "engine/machine_limits.h"
#include "store/disk/disk_store.h"
#include "store/memory/memory_store.h"
#include "store/wire/wire_codec.h"

namespace samcache {
namespace {

constexpr std::uint64_t kDiskSampleBytes = 256 << 20;
constexpr std::uint64_t kLoopbackSampleBytes = 512 << 20;
constexpr double kWantedViewMs = 0.1;
constexpr double kWantedWarmMs = 3.0;
constexpr std::chrono::minutes kPatience{2};

Deadline patiently() { return Deadline::after(kPatience); }

// What the released model's trunk is like: 1024 channels of 72 x 72 in bf16, normal values with a scale of its own for
// each channel.
Encoding made_up_trunk() {
  constexpr std::int64_t kChannels = 1024, kSide = 72;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  AlignedBuffer buffer(static_cast<std::size_t>(kChannels * kSide * kSide) * sizeof(std::uint16_t));
  const std::span<std::uint16_t> values = buffer.as<std::uint16_t>();
  std::size_t next = 0;
  for (std::int64_t channel = 0; channel < kChannels; ++channel) {
    const float scale = std::exp2(normal(random));
    for (std::int64_t i = 0; i < kSide * kSide; ++i) {
      values[next++] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(scale * normal(random)) >> 16);
    }
  }
  Encoding encoding;
  encoding.metadata = {.image_sha256 = std::string(64, 'b'),
                       .image_id = "bbbbbbbb-bbbb-8bbb-8bbb-bbbbbbbbbbbb",
                       .model = "bench",
                       .model_fingerprint = "00000000000000000000000000000000",
                       .preprocess = "bench",
                       .profile = Profile::kTrunk,
                       .original_height = 1008,
                       .original_width = 1008,
                       .created_at = rfc3339_now()};
  encoding.tensors.push_back({"trunk", DType::kBF16, {1, kChannels, kSide, kSide}, std::move(buffer).share()});
  return encoding;
}

class StoreBench {
 public:
  StoreBench(const StoreBenchOptions& options, const BenchHook& hook) : options_(options), hook_(hook) {}

  Result<std::vector<Measurement>> run() {
    const Encoding encoding = made_up_trunk();
    name_ = *encoding_name({encoding.metadata.model_fingerprint, encoding.metadata.image_id, "trunk"});
    const Result<SharedBytes> bytes = encoding_bytes(encoding);
    if (!bytes) return bytes.error();
    bytes_ = *bytes;
    for (const auto& measure : {&StoreBench::measure_limits, &StoreBench::measure_memory, &StoreBench::measure_disk,
                                &StoreBench::measure_wire, &StoreBench::measure_remotes}) {
      if (Status status = (this->*measure)(); !status) return status.error();
    }
    return std::move(rows_);
  }

 private:
  Status next_step(const std::string& step) {
    if (hook_(step_++, 5 + static_cast<int>(options_.remotes.size()), step)) return {};
    return Error{ErrorCode::kCancelled, "the measurements were cancelled"};
  }

  double ms_at(double bytes_per_second) const {
    return static_cast<double>(bytes_.size()) / bytes_per_second * kMsPerSecond;
  }

  Status measure_limits() {
    if (Status status = next_step("memory, disk and loopback"); !status) return status;
    memory_rate_ = measure_read_bandwidth(kRateRounds);
    rows_.push_back({"memory", memory_rate_ / 1e9, "GB/s", {}, "one thread reading what is in no cache"});
    if (const Result<double> rate = measure_disk_rate(options_.folder, kDiskSampleBytes, 3)) {
      rows_.push_back({"disk", *rate / 1e9, "GB/s", {}, "sequential, past the page cache, one thread"});
    }
    if (const std::optional<double> rate = measure_disk_rate_by_fio(options_.folder, kDiskSampleBytes)) {
      rows_.push_back({"disk_fio", *rate / 1e9, "GB/s", {}, "fio, 16 reads of 1 MiB in flight"});
    }
    const Result<double> loopback = measure_loopback_rate(kLoopbackSampleBytes, 3);
    if (!loopback) return loopback.error();
    loopback_rate_ = *loopback;
    rows_.push_back({"loopback", loopback_rate_ / 1e9, "GB/s", {}, "one TCP connection to this machine"});
    return {};
  }

  // Times `rounds` loads, each up to a tensor, from the store that `next` makes ready.
  Result<double> time_loads(const std::function<Result<ObjectStore*>()>& next, bool verified) {
    std::vector<double> times_ms;
    for (int round = 0; round < options_.rounds; ++round) {
      const Result<ObjectStore*> store = next();
      if (!store) return store.error();
      const Stopwatch stopwatch;
      const Result<std::optional<SharedBytes>> loaded = (*store)->load(name_, patiently());
      if (!loaded) return loaded.error();
      if (!*loaded) return Error{ErrorCode::kIo, "the " + (*store)->kind() + " store lost what was just saved"};
      const Result<Encoding> encoding =
          verified ? parse_verified_encoding(**loaded, name_) : parse_encoding(**loaded, name_);
      if (!encoding) return encoding.error();
      times_ms.push_back(stopwatch.elapsed_ms());
    }
    return median(times_ms);
  }

  Result<double> time_saves(ObjectStore& store, int rounds) {
    std::vector<double> times_ms;
    for (int round = 0; round < rounds; ++round) {
      const Stopwatch stopwatch;
      const Result<bool> saved = store.save(name_, bytes_, SaveMode::kReplace, patiently());
      if (!saved) return saved.error();
      times_ms.push_back(stopwatch.elapsed_ms());
    }
    return median(times_ms);
  }

  Status measure_memory() {
    if (Status status = next_step("memory store"); !status) return status;
    MemoryStore store(4 * bytes_.size());
    const Result<double> saved = time_saves(store, 1);
    if (!saved) return saved.error();
    const Result<double> loaded = time_loads([&] { return Result<ObjectStore*>(&store); }, true);
    if (!loaded) return loaded.error();
    rows_.push_back({"memory_load", *loaded, "ms", kWantedViewMs, "a view of what is there; limit: wanted"});
    return {};
  }

  Status measure_disk() {
    if (Status status = next_step("disk store"); !status) return status;
    DiskStoreOptions disk;
    disk.root = options_.folder / "bench-store";
    const Result<std::shared_ptr<DiskStore>> store = DiskStore::open(disk);
    if (!store) return store.error();
    const Result<double> saved = time_saves(**store, std::min(options_.rounds, 5));
    if (!saved) return saved.error();
    rows_.push_back({"disk_save", *saved, "ms", {}, "written, flushed, published"});
    const Result<double> warm = time_loads([&] { return Result<ObjectStore*>(store->get()); }, false);
    if (!warm) return warm.error();
    rows_.push_back(
        {"disk_load_warm", *warm, "ms", kWantedWarmMs, "from the page cache, digests checked; limit: wanted"});
    // The limit is measured in turn with what it limits: on a shared machine a disk's rate changes by the second.
    std::vector<double> direct_ms;
    std::shared_ptr<DiskStore> fresh;  // as after a start: to a store that read it before it would be a second reading
    const Result<double> cold = time_loads(
        [&]() -> Result<ObjectStore*> {
          if (const Result<double> ms = measure_direct_read_ms(disk.root / name_)) direct_ms.push_back(*ms);
          if (Status dropped = drop_from_page_cache(disk.root / name_); !dropped) return dropped.error();
          Result<std::shared_ptr<DiskStore>> opened = DiskStore::open(disk);
          if (!opened) return opened.error();
          fresh = std::move(*opened);
          return fresh.get();
        },
        false);
    if (!cold) return cold.error();
    const std::optional<double> limit = direct_ms.empty() ? std::nullopt : std::optional(median(direct_ms));
    rows_.push_back({"disk_load_cold", *cold, "ms", limit,
                     "from the disk, digests checked; limit: the same file read directly; wanted: ratio <= 1.18"});
    std::error_code code;
    std::filesystem::remove_all(disk.root, code);
    return {};
  }

  Status measure_wire() {
    if (Status status = next_step("wire compression"); !status) return status;
    std::vector<double> encode_ms, decode_ms;
    std::size_t size = 0;
    for (int round = 0; round < options_.rounds; ++round) {
      Stopwatch stopwatch;
      const SharedBytes frame = encode_wire(bytes_, choose_wire_transform(bytes_));
      encode_ms.push_back(stopwatch.elapsed_ms());
      size = frame.size();
      stopwatch.restart();
      const Result<SharedBytes> decoded = decode_wire(frame, kDefaultMaxWireOriginalBytes);
      if (!decoded) return decoded.error();
      decode_ms.push_back(stopwatch.elapsed_ms());
    }
    const auto bytes = static_cast<double>(bytes_.size());
    rows_.push_back(
        {"wire_saved", 100 * (1 - static_cast<double>(size) / bytes), "%", {}, "of a bf16 trunk, normal values"});
    rows_.push_back({"wire_encode", bytes / median(encode_ms) / 1e6, "GB/s", {}, "one thread"});
    rows_.push_back(
        {"wire_decode", bytes / median(decode_ms) / 1e6, "GB/s", {}, "one thread, of what comes out; wanted: 3"});
    return {};
  }

  Status measure_remotes() {
    for (const std::string& url : options_.remotes) {
      if (Status status = next_step(without_password(url)); !status) return status;
      if (Status status = measure_remote(url); !status) return status.error().within(without_password(url));
    }
    return {};
  }

  Status measure_remote(const std::string& url) {
    StoreSetup setup;
    setup.urls = {url};
    setup.azure = options_.azure;
    const Result<OpenedStores> opened = open_stores(setup);
    if (!opened) return opened.error();
    ObjectStore& store = *opened->store;
    const std::string kind = opened->store->stats().tiers[0].kind;
    const Result<double> saved = time_saves(store, std::min(options_.rounds, 5));
    if (!saved) return saved.error();
    const Result<double> loaded = time_loads([&] { return Result<ObjectStore*>(&store); }, false);
    if (!loaded) return loaded.error();
    const char* limit = "limit: loopback, which is right for a server on this machine alone";
    rows_.push_back({kind + "_save", *saved, "ms", ms_at(loopback_rate_), limit});
    rows_.push_back({kind + "_load", *loaded, "ms", ms_at(loopback_rate_), limit});
    const Result<bool> removed = store.remove(name_, patiently());
    return removed ? Status() : Status(removed.error());
  }

  const StoreBenchOptions& options_;
  const BenchHook& hook_;
  int step_ = 0;
  std::string name_;
  SharedBytes bytes_;
  double memory_rate_ = 0, loopback_rate_ = 0;  // bytes per second
  std::vector<Measurement> rows_;
};

}  // namespace

Result<std::vector<Measurement>> measure_stores(const StoreBenchOptions& options, const BenchHook& hook) {
  return StoreBench(options, hook).run();
}

}  // namespace samcache
