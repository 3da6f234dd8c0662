// samcache serve, samcache worker
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/server.h"
#include "apps/command.h"
#include "apps/console.h"
#include "apps/interrupt.h"
#include "apps/onnx_files.h"
#include "apps/service_options.h"
#include "apps/shipped_files.h"

namespace samcache {
namespace {

struct ServeFlags {
  ServiceFlags service;
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string unix_socket;
  std::string tls_certificate, tls_key;
  std::vector<std::string> cors_origins;
  std::vector<std::string> trusted_proxies;
  std::optional<std::string> web_folder;  // empty, too: none
  bool no_web = false;
  std::string request_log = "all";
  int io_threads = 1;
  std::string adapters;
  LabelStudioHost label_studio;
  std::vector<std::string> image_origins;
  double token_rate = http::RateLimit{.per_second = 500}.per_second;
  bool no_worker = false;
  bool json = false;
};

struct WorkerFlags {
  ServiceFlags service;
  std::string name;
  std::string host = "127.0.0.1";
  std::optional<int> port;  // of health and metrics; nothing: nowhere
};

Deadline after_seconds(double seconds) {
  return Deadline::after(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

// The web app that ships, unless another was named or none is wanted.
std::filesystem::path web_folder(const ServeFlags& flags) {
  if (flags.no_web) return {};
  if (flags.web_folder) return *flags.web_folder;
  return find_web_app().value_or(std::filesystem::path());
}

Result<ApiOptions> api_options(const ServeFlags& flags, const ServiceOptions& service, const CommonOptions& common) {
  ApiOptions options;
  options.listen = {{.host = flags.host, .port = static_cast<std::uint16_t>(flags.port)}};
  if (!flags.unix_socket.empty()) options.listen = {{.unix_socket = flags.unix_socket}};
  if (flags.tls_certificate.empty() != flags.tls_key.empty()) {
    return Error{ErrorCode::kInvalidArgument, "--tls-cert and --tls-key belong together: give both"};
  }
  options.tls = {.certificate_chain = flags.tls_certificate, .private_key = flags.tls_key};
  options.io_threads = static_cast<std::size_t>(flags.io_threads);
  options.cors_origins = flags.cors_origins;
  options.trusted_proxies = flags.trusted_proxies;
  options.web_folder = web_folder(flags);
  if (Status chosen = choose_adapters(flags.adapters, options.adapters); !chosen) {
    return chosen.error().within("--adapters");
  }
  options.adapters.label_studio_host = flags.label_studio;
  options.adapters.image_origins = flags.image_origins;
  options.token_rate = {.per_second = flags.token_rate, .burst = 2 * flags.token_rate};
  options.max_upload_bytes = service.images.decode.max_bytes;
  options.max_waiting_jobs = service.max_waiting_jobs;
  options.upload_folder = std::filesystem::path(common.data) / ".uploads";
  std::error_code code;
  std::filesystem::create_directories(options.upload_folder, code);
  if (code) {
    return Error{ErrorCode::kIo, "cannot make the folder " + options.upload_folder.string() + ": " + code.message()};
  }
  return options;
}

void offer_onnx(ApiOptions& options, const ServiceOptions& service_options, const Service& service) {
  const auto files = std::make_shared<OnnxFileFolder>(service_options.engine.model, service_options.data / ".onnx",
                                                      service.model->info().fingerprint);
  options.onnx_file = [files](std::string_view part, std::string_view dtype) { return files->file(part, dtype); };
  options.onnx_parts = OnnxFileFolder::offered_parts();
}

Status say_where(const ApiServer& server, const ApiOptions& options, const ServeFlags& flags, Log& log) {
  log.info("listening", {{"url", server.url()},
                         {"access", server.is_open() ? "open" : "tokens"},
                         {"web_app", options.web_folder.empty() ? "none" : options.web_folder.string()}});
  if (server.is_open()) {
    log.warning("access is open", {{"reason", "no token was created: whoever is on this machine may do everything"}});
  }
  return flags.json ? write_stdout(nlohmann::json{{"url", server.url()}}.dump() + "\n") : Status();
}

void warm(const Service& service, Log& log) {
  if (Status status = service.warming->warm_active_projects(); !status) {
    log.warning("not warmed", {{"reason", status.error().message}});
  }
}

Status serve_until_interrupted(const ServeFlags& flags, const ServiceOptions& service_options, Service& service,
                               ApiOptions options, Metrics& metrics, Log& log) {
  offer_onnx(options, service_options, service);
  const Result<std::unique_ptr<ApiServer>> server = ApiServer::start(options, service, metrics, log);
  if (!server) return server.error();
  if (Status said = say_where(**server, options, flags, log); !said) return said;
  warm(service, log);
  catch_hangups();
  wait_for_interrupt([&] {
    const Status reloaded = (*server)->reload_certificates();
    if (reloaded) log.info("certificates read again");
    if (!reloaded) log.error("certificates not read", {{"reason", reloaded.error().message}});
  });
  const Deadline deadline = after_seconds(flags.service.drain_timeout_s);
  log.info("stopping", {{"drain_seconds", flags.service.drain_timeout_s}});
  const bool all_finished = (*server)->stop(deadline);
  service.stop(deadline);
  log.info("stopped", {{"all_finished", all_finished}});
  return {};
}

Status serve(const ServeFlags& flags, const CommonOptions& common) {
  const Result<LogFormat> format = log_format(flags.service);
  if (!format) return format.error();
  const Result<RequestLog> requests = parse_request_log(flags.request_log);
  if (!requests) return requests.error().within("--request-log");
  Log log({.format = *format, .requests = *requests});
  Metrics metrics;
  Result<ServiceOptions> options = service_options(common, flags.service, log, metrics);
  if (!options) return options.error();
  options->run_worker = !flags.no_worker;
  Result<ApiOptions> api = api_options(flags, *options, common);
  if (!api) return api.error();
  const Result<std::unique_ptr<Service>> service = open_service(*options);
  if (!service) return service.error();
  return serve_until_interrupted(flags, *options, **service, std::move(*api), metrics, log);
}

// Health and metrics for whoever runs the worker; none without --port.
Result<std::unique_ptr<ApiServer>> serve_health(const WorkerFlags& flags, const Service& service, Metrics& metrics,
                                                Log& log) {
  if (!flags.port) return std::unique_ptr<ApiServer>();
  ApiOptions options;
  options.listen = {{.host = flags.host, .port = static_cast<std::uint16_t>(*flags.port)}};
  options.health_only = true;
  for (http::PoolOptions* pool : {&options.quick_pool, &options.store_pool, &options.prompt_pool}) pool->threads = 1;
  options.waiting_threads = 1;
  Result<std::unique_ptr<ApiServer>> server = ApiServer::start(options, service, metrics, log);
  if (server) log.info("listening", {{"url", (*server)->url()}, {"for", "health and metrics"}});
  return server;
}

Status work(const WorkerFlags& flags, const CommonOptions& common) {
  const Result<LogFormat> format = log_format(flags.service);
  if (!format) return format.error();
  Log log({.format = *format});
  Metrics metrics;
  Result<ServiceOptions> options = service_options(common, flags.service, log, metrics);
  if (!options) return options.error();
  options->worker.name = flags.name;
  options->follow_images = false;
  const Result<std::unique_ptr<Service>> service = open_service(*options);
  if (!service) return service.error();
  const Result<std::unique_ptr<ApiServer>> health = serve_health(flags, **service, metrics, log);
  if (!health) return health.error();
  log.info("working", {{"model", (*service)->model->info().model}, {"database", (*service)->database->name()}});
  wait_for_interrupt({});
  log.info("stopping");
  (*service)->stop(after_seconds(flags.service.drain_timeout_s));
  return {};
}

void add_listen_options(CLI::App& command, ServeFlags& flags) {
  command.add_option("--host", flags.host, "Address to listen on; any but this machine's own needs a token first")
      ->envname("SAMCACHE_HOST")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command.add_option("--port", flags.port, "Port; 0: any free one, which is printed")
      ->envname("SAMCACHE_PORT")
      ->check(CLI::Range(0, 65535))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--unix", flags.unix_socket, "Listen on this Unix socket instead")
      ->envname("SAMCACHE_UNIX")
      ->type_name("PATH");
  command.add_option("--tls-cert", flags.tls_certificate, "Certificate chain, PEM; read again at SIGHUP")
      ->envname("SAMCACHE_TLS_CERT")
      ->type_name("FILE");
  command.add_option("--tls-key", flags.tls_key, "Its private key, PEM")
      ->envname("SAMCACHE_TLS_KEY")
      ->type_name("FILE");
  command.add_option("--cors-origin", flags.cors_origins, "A foreign page that may call from browsers, repeatable")
      ->envname("SAMCACHE_CORS_ORIGIN")
      ->delimiter(' ')
      ->type_name("ORIGIN");
  command
      .add_option("--trusted-proxy", flags.trusted_proxies,
                  "Address or network whose X-Forwarded-For is believed, repeatable")
      ->envname("SAMCACHE_TRUSTED_PROXY")
      ->delimiter(' ')
      ->type_name("ADDRESS");
  command.add_option("--io-threads", flags.io_threads, "Event loops")
      ->envname("SAMCACHE_IO_THREADS")
      ->check(CLI::Range(1, 64))
      ->type_name("N")
      ->capture_default_str();
}

void add_adapter_options(CLI::App& command, ServeFlags& flags) {
  command
      .add_option("--adapters", flags.adapters,
                  "Annotation tools that are answered in their own words: label-studio, x-anylabeling, cvat")
      ->envname("SAMCACHE_ADAPTERS")
      ->type_name("NAMES");
  // Under the names that Label Studio's own backends use.
  command.add_option("--label-studio-url", flags.label_studio.url, "Where Label Studio is, to fetch its images")
      ->envname("LABEL_STUDIO_URL")
      ->type_name("URL");
  command
      .add_option("--label-studio-api-key", flags.label_studio.api_key,
                  "Its access token; better in the environment or the file than here")
      ->envname("LABEL_STUDIO_API_KEY")
      ->type_name("TOKEN");
  command
      .add_option("--adapter-image-origin", flags.image_origins,
                  "Where images of Label Studio's tasks may be fetched from besides itself, repeatable: "
                  "https://images.example.org")
      ->envname("SAMCACHE_ADAPTER_IMAGE_ORIGIN")
      ->delimiter(' ')
      ->type_name("ORIGIN");
}

}  // namespace

void add_serve_command(const CommandContext& context) {
  CLI::App* command = context.app.add_subcommand("serve", "HTTP and WebSocket server, with a worker that encodes");
  auto flags = std::make_shared<ServeFlags>();
  add_listen_options(*command, *flags);
  add_service_options(*command, flags->service);
  command->add_option("--web", flags->web_folder, "Folder of a built web app to serve beside the API (default: ours)")
      ->envname("SAMCACHE_WEB")
      ->type_name("DIR");
  command->add_flag("--no-web", flags->no_web, "Serve the API alone")->envname("SAMCACHE_NO_WEB");
  add_adapter_options(*command, *flags);
  command->add_option("--token-rate", flags->token_rate, "Requests a second of one token; twice that at once")
      ->envname("SAMCACHE_TOKEN_RATE")
      ->check(CLI::Range(0.1, 1e6))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--request-log", flags->request_log, "Which requests are logged: all, failures or none")
      ->envname("SAMCACHE_REQUEST_LOG")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--no-worker", flags->no_worker, "Encode nothing here: workers do")->envname("SAMCACHE_NO_WORKER");
  command->add_flag("--json", flags->json, "Print {\"url\": ...} to stdout when it listens");
  command->footer(std::string(kCommonOptionsHelp) +
                  "\nSIGTERM and SIGINT stop it when what runs is finished; SIGHUP reads the certificates again.");
  command->callback([flags, &common = context.common, &run = context.run] {
    run = [flags, &common] { return exit_code_of(serve(*flags, common)); };
  });
}

void add_worker_command(const CommandContext& context) {
  CLI::App* command = context.app.add_subcommand("worker", "Claims encode jobs from the servers' database and stores");
  auto flags = std::make_shared<WorkerFlags>();
  add_service_options(*command, flags->service);
  command->add_option("--name", flags->name, "In the queue and the log (default: host name and process)")
      ->envname("SAMCACHE_WORKER_NAME")
      ->type_name("TEXT");
  command->add_option("--host", flags->host, "Address for --port; any but this machine's own needs a token first")
      ->envname("SAMCACHE_WORKER_HOST")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", flags->port, "Port for /healthz, /readyz and /metrics (default: none)")
      ->envname("SAMCACHE_WORKER_PORT")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
  command->footer(std::string(kCommonOptionsHelp) +
                  "\nRun as many as there are devices, with the same --database, --store and --image-store as the "
                  "server.");
  command->callback([flags, &common = context.common, &run = context.run] {
    run = [flags, &common] { return exit_code_of(work(*flags, common)); };
  });
}

}  // namespace samcache
