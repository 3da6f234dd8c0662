#include "store/azure/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstring>

namespace samcache {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 << 10;
constexpr std::size_t kMaxIdleSessions = 64;
constexpr long kReceiveBufferBytes = 256 << 10;
constexpr long kMaxIdleSeconds = 60;  // the service closes idle connections; one that may be closed is not worth a try

void start_libcurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  check(started == CURLE_OK, "libcurl does not start");
}

HttpEnd end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return HttpEnd::kComplete;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // no other time limit is set than that of connecting
      return HttpEnd::kNotConnected;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM: return HttpEnd::kUntrusted;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer that does not begin with HTTP/
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // libcurl's word for a head over its own limits
      return HttpEnd::kMalformed;
    default: return HttpEnd::kLost;
  }
}

void trim(std::string_view& text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
}

}  // namespace

struct HttpSession::Transfer {
  Transfer(HttpSession& owner, HttpRequest given, HttpReceiver& target)
      : session(owner), request(std::move(given)), receiver(target) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (easy) curl_easy_cleanup(easy);
    curl_slist_free_all(header_list);
  }

  void set_up(const HttpClientOptions& options);
  void set_up_method();
  void set_up_callbacks();

  // What the receiver says to `call`; whatever is thrown must not cross libcurl and is kept for poll().
  template <class Call>
  bool accepted(const Call& call) {
    last_progress = Clock::now();
    try {
      Status status = call();
      if (!status) rejection = status.error();
      return status.ok();
    } catch (...) {
      session.thrown_ = std::current_exception();
      return false;
    }
  }

  Status take_head_line(std::string_view line);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);

  HttpSession& session;
  HttpRequest request;
  HttpReceiver& receiver;
  CURL* easy = nullptr;
  curl_slist* header_list = nullptr;
  HttpResponse head;
  bool head_complete = false;
  std::size_t head_bytes = 0;
  std::size_t sent_bytes = 0;
  std::optional<Error> rejection;
  Clock::time_point last_progress = Clock::now();
  std::array<char, CURL_ERROR_SIZE> error_text{};
};

void HttpSession::Transfer::set_up(const HttpClientOptions& options) {
  easy = curl_easy_init();
  check(easy != nullptr, "no memory for a transfer");
  for (const HttpHeader& header : request.headers) {
    // Of a header without a value libcurl wants a semicolon.
    const std::string line = header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    header_list = curl_slist_append(header_list, line.c_str());
  }
  header_list = curl_slist_append(header_list, "Expect:");  // none: it costs a round trip
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "samcache");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // cancelling does not wait for a name that is being resolved
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());  // "": not even one of the environment
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text.data());
  set_up_method();
  set_up_callbacks();
}

void HttpSession::Transfer::set_up_method() {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kReceiveBufferBytes);
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void HttpSession::Transfer::set_up_callbacks() {
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
}

Status HttpSession::Transfer::take_head_line(std::string_view line) {
  head_bytes += line.size();
  if (head_bytes > kMaxHeadBytes) {
    return Error{ErrorCode::kUnavailable, "the head of the answer is over " + std::to_string(kMaxHeadBytes) + " bytes"};
  }
  if (line.starts_with("HTTP/")) {
    head = {};
    head_complete = false;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    head.status = static_cast<int>(status);
    return {};
  }
  trim(line);
  if (head_complete) return {};  // what follows a body in parts
  if (line.empty()) {
    if (head.status < 200) return {};  // "continue": another head follows
    head_complete = true;
    return receiver.on_head(head);
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  std::string_view value = line.substr(colon + 1);
  trim(value);
  head.headers.push_back({std::move(name), std::string(value)});
  return {};
}

std::size_t HttpSession::Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  return transfer.accepted([&] { return transfer.take_head_line(line); }) ? line.size() : 0;
}

std::size_t HttpSession::Transfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const ByteSpan bytes = bytes_of(std::string_view(data, size * count));
  return transfer.accepted([&] { return transfer.receiver.on_body(bytes); }) ? bytes.size() : 0;
}

std::size_t HttpSession::Transfer::on_read(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.last_progress = Clock::now();
  const std::size_t take = std::min(size * count, transfer.request.body.size() - transfer.sent_bytes);
  if (take > 0) std::memcpy(data, transfer.request.body.data() + transfer.sent_bytes, take);
  transfer.sent_bytes += take;
  return take;
}

// libcurl sends a body again when a connection that it had kept turns out to be dead.
int HttpSession::Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > transfer.request.body.size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer.sent_bytes = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

HttpSession::HttpSession(const HttpClientOptions& options) : options_(options), multi_(curl_multi_init()) {
  check(multi_ != nullptr, "no memory for an HTTP session");
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_MAXCONNECTS, options.max_connections);
}

HttpSession::~HttpSession() {
  cancel_all();
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

std::uint64_t HttpSession::start(HttpRequest request, HttpReceiver& receiver) {
  auto transfer = std::make_unique<Transfer>(*this, std::move(request), receiver);
  transfer->set_up(options_);
  const CURLMcode added = curl_multi_add_handle(static_cast<CURLM*>(multi_), transfer->easy);
  check(added == CURLM_OK, std::string("libcurl takes no transfer: ") + curl_multi_strerror(added));
  const std::uint64_t id = next_id_++;
  transfers_.emplace(id, std::move(transfer));
  return id;
}

void HttpSession::remove(Transfer& transfer) { curl_multi_remove_handle(static_cast<CURLM*>(multi_), transfer.easy); }

void HttpSession::cancel(std::uint64_t id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  remove(*found->second);
  transfers_.erase(found);
}

void HttpSession::cancel_all() {
  for (const auto& [id, transfer] : transfers_) remove(*transfer);
  transfers_.clear();
}

std::vector<HttpFinished> HttpSession::poll(Clock::time_point until) {
  auto* multi = static_cast<CURLM*>(multi_);
  int running = 0;
  curl_multi_perform(multi, &running);
  std::vector<HttpFinished> finished = collect();
  if (!finished.empty()) return finished;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (wait.count() <= 0) return finished;
  curl_multi_poll(multi, nullptr, 0, static_cast<int>(std::min<std::int64_t>(wait.count(), 60'000)), nullptr);
  curl_multi_perform(multi, &running);
  return collect();
}

std::vector<HttpFinished> HttpSession::collect() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  std::vector<HttpFinished> finished;
  int queued = 0;
  while (const CURLMsg* message = curl_multi_info_read(static_cast<CURLM*>(multi_), &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    const auto found =
        std::ranges::find_if(transfers_, [&](const auto& entry) { return entry.second->easy == message->easy_handle; });
    Transfer& transfer = *found->second;
    HttpFinished result{.id = found->first, .end = end_of(code)};
    if (transfer.rejection) {
      result.end = HttpEnd::kRejected;
      result.rejection = transfer.rejection;
      result.message = transfer.rejection->message;
    } else if (code != CURLE_OK) {
      result.message = transfer.error_text[0] != '\0' ? transfer.error_text.data() : curl_easy_strerror(code);
    } else if (!transfer.head_complete) {
      result.end = HttpEnd::kMalformed;
      result.message = "the answer has no head";
    }
    remove(transfer);
    transfers_.erase(found);
    finished.push_back(std::move(result));
  }
  return finished;
}

HttpSession::Clock::time_point HttpSession::last_progress(std::uint64_t id) const {
  return transfers_.at(id)->last_progress;
}

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) { start_libcurl(); }

HttpClient::~HttpClient() = default;

HttpClient::Lease HttpClient::lease() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      HttpSession* session = idle_.back().release();
      idle_.pop_back();
      return {session, Return{this}};
    }
  }
  return {std::make_unique<HttpSession>(options_).release(), Return{this}};
}

void HttpClient::give_back(HttpSession* session) {
  std::unique_ptr<HttpSession> owned(session);
  owned->cancel_all();
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kMaxIdleSessions) idle_.push_back(std::move(owned));
}

}  // namespace samcache
