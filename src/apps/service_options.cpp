#include "apps/service_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "apps/interrupt.h"
#include "store/open/store_url.h"

namespace samcache {
namespace {

constexpr std::chrono::milliseconds kGlance{50};

Result<std::uint64_t> bytes_of_option(const char* option, const std::string& text) {
  const Result<std::uint64_t> bytes = parse_byte_size(text);
  if (!bytes) return bytes.error().within(option);
  return bytes;
}

EncodeWorker::Listener worker_listener(Log& log, Metrics& metrics) {
  return [&log, &metrics](const EncodeWorkerEvent& event) {
    metrics.on_encode(event);
    const Log::Fields fields = {{"result", encode_event_name(event.kind)},
                                {"content", event.content_id},
                                {"attempt", event.attempt},
                                {"seconds", event.seconds},
                                {"reason", event.reason}};
    if (event.kind == EncodeWorkerEvent::Kind::kFailed) {
      log.warning("encode", fields);
    } else {
      log.info("encode", fields);
    }
  };
}

}  // namespace

void add_database_option(CLI::App& command, ServiceFlags& flags) {
  command
      .add_option("--database", flags.database,
                  "sqlite:///path/file.db or postgresql://user:password@host/name (default: a SQLite file in the data "
                  "folder)")
      ->envname("SAMCACHE_DATABASE")
      ->type_name("URL");
}

void add_service_options(CLI::App& command, ServiceFlags& flags) {
  add_database_option(command, flags);
  command
      .add_option("--image-store", flags.image_store,
                  "Where uploaded images are kept (default: the last --store, or the data folder)")
      ->envname("SAMCACHE_IMAGE_STORE")
      ->type_name("URL");
  command.add_option("--profile", flags.profiles, "What is stored of each image: trunk, interactive, detector")
      ->envname("SAMCACHE_PROFILE")
      ->type_name("NAMES")
      ->capture_default_str();
  command.add_option("--max-upload", flags.max_upload, "Largest image file")
      ->envname("SAMCACHE_MAX_UPLOAD")
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--device-cache", flags.device_cache, "Device memory for images that are ready for prompts")
      ->envname("SAMCACHE_DEVICE_CACHE")
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--max-waiting-jobs", flags.max_waiting_jobs, "Encode jobs that may wait; more are refused")
      ->envname("SAMCACHE_MAX_WAITING_JOBS")
      ->check(CLI::Range(1, 100'000'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--drain-timeout", flags.drain_timeout_s, "Seconds that a stop may take to finish what runs")
      ->envname("SAMCACHE_DRAIN_TIMEOUT")
      ->check(CLI::Range(0.0, 3600.0))
      ->type_name("SECONDS")
      ->capture_default_str();
  command.add_option("--log-format", flags.log_format, "json or text (default: text on a terminal, else json)")
      ->envname("SAMCACHE_LOG_FORMAT")
      ->type_name("NAME");
}

Result<LogFormat> log_format(const ServiceFlags& flags) {
  if (!flags.log_format.empty()) return parse_log_format(flags.log_format);
  return ::isatty(STDERR_FILENO) != 0 ? LogFormat::kText : LogFormat::kJson;
}

Result<ServiceOptions> service_options(const CommonOptions& common, const ServiceFlags& flags, Log& log,
                                       Metrics& metrics) {
  ServiceOptions options;
  options.data = common.data;
  options.database = flags.database;
  options.image_store = flags.image_store;
  options.max_waiting_jobs = flags.max_waiting_jobs;
  Result<EngineOptions> engine = engine_options(common);
  if (!engine) return engine.error();
  options.engine = std::move(*engine);
  const Result<std::uint64_t> device_cache = bytes_of_option("--device-cache", flags.device_cache);
  if (!device_cache) return device_cache.error();
  options.model.device_cache_bytes = *device_cache;
  const Result<std::uint64_t> max_upload = bytes_of_option("--max-upload", flags.max_upload);
  if (!max_upload) return max_upload.error();
  options.images.decode.max_bytes = *max_upload;
  options.worker.decode.max_bytes = *max_upload;
  Result<std::vector<Profile>> profiles = parse_profiles(flags.profiles);
  if (!profiles) return profiles.error().within("--profile");
  options.encoding.profiles = std::move(*profiles);
  options.encodings.urls = common.stores;
  options.encodings.write_back = common.write_back;
  options.encodings.azure = common.azure;
  options.encodings.on_corrupt = [&log](const std::string& name, const std::string& message) {
    log.warning("corrupt object", {{"name", name}, {"reason", message}});
  };
  options.encodings.on_error = [&log](const Error& error) { log.warning("store", {{"reason", error.message}}); };
  options.on_encode = worker_listener(log, metrics);
  options.on_trouble = [&log](const Error& error) { log.warning("no job to be had", {{"reason", error.message}}); };
  return options;
}

void wait_for_interrupt(const std::function<void()>& on_hangup) {
  while (!interrupted()) {
    std::this_thread::sleep_for(kGlance);
    if (hung_up()) on_hangup();
  }
}

}  // namespace samcache
