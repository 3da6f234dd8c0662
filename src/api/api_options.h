// The limits and settings of the HTTP interface.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/adapters/adapter_options.h"
#include "api/session/session_host.h"
#include "base/error.h"
#include "http/rate_limiter.h"
#include "http/server.h"

namespace samcache {

// A part of the model as an ONNX file: made once and kept by whoever gives the function. kNotFound: no such part;
// kInvalidArgument: no such type. `dtype`: "fp32" or "fp16".
using OnnxFile = std::function<Result<std::filesystem::path>(std::string_view part, std::string_view dtype)>;

struct ApiOptions {
  // Where it listens, and how.
  std::vector<http::ListenAddress> listen = {{}};
  http::TlsOptions tls = {};
  std::size_t io_threads = 1;                     // event loops; they compute nothing
  std::vector<std::string> cors_origins = {};     // foreign pages that may call from a browser, sockets included
  std::vector<std::string> trusted_proxies = {};  // whose X-Forwarded-For is believed
  bool health_only = false;                       // health and metrics and nothing else: for a worker
  std::filesystem::path web_folder = {};          // a built web app, served beside the API; empty: none
  http::HttpLimits http = {};

  // Bodies.
  std::filesystem::path upload_folder = "/var/tmp";           // for bodies under way: on a disk
  std::uint64_t max_upload_bytes = std::uint64_t{256} << 20;  // of one image file
  std::uint64_t max_encoding_bytes = std::uint64_t{1} << 30;  // of one encoding that is put
  std::size_t max_json_bytes = 4 << 20;                       // of bodies that only name images
  std::size_t max_answer_bytes = std::size_t{64} << 20;       // of one answer with masks
  std::size_t max_images_asked = 1000;                        // in one `ids=`
  std::size_t max_batch_images = 10'000;                      // in one batch

  // How many requests are worked on at a time, and how many wait; more are 429.
  http::PoolOptions quick_pool = {.name = "quick", .threads = 4, .max_waiting = 512};     // a look into the database
  http::PoolOptions store_pool = {.name = "store", .threads = 8, .max_waiting = 256};     // files and encodings
  http::PoolOptions prompt_pool = {.name = "prompt", .threads = 16, .max_waiting = 256};  // prompts over HTTP
  SessionHostOptions sessions = {};                                                       // prompts over WebSockets
  std::size_t waiting_threads = 32;         // requests that wait until an image is encoded
  std::size_t max_waiting_requests = 64;    // and those that wait to wait
  std::int64_t max_waiting_jobs = 100'000;  // of the queue, to tell a full one (429) from one that is away (503)

  // Time.
  std::chrono::milliseconds timeout{60'000};          // of an ordinary request
  std::chrono::milliseconds encode_timeout{600'000};  // of one that waits for an encode
  std::chrono::milliseconds ready_cache{1'000};       // how long an answer of /readyz stands

  // Access.
  std::chrono::milliseconds token_cache{10'000};                    // how late a revoked token stops working
  http::RateLimit token_rate = {.per_second = 500, .burst = 1000};  // requests of one token
  http::RateLimit failed_rate = {.per_second = 5, .burst = 50};     // refused tokens from one address

  // Masks answered as URLs.
  std::size_t mask_link_bytes = std::size_t{256} << 20;  // kept in memory
  std::chrono::milliseconds mask_link_lifetime{600'000};

  // Other annotation tools.
  AdapterOptions adapters = {};
  http::PoolOptions adapter_pool = {.name = "adapter", .threads = 8, .max_waiting = 64};  // they also fetch images

  // Event streams and sessions.
  std::size_t max_event_streams = 1000;

  OnnxFile onnx_file = {};                   // none: GET /models/current/{part}.onnx is 503
  std::vector<std::string> onnx_parts = {};  // names that onnx_file knows
};

}  // namespace samcache
