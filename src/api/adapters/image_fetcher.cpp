#include "api/adapters/image_fetcher.h"

#include <set>

#include "api/adapters/image_reference.h"
#include "api/adapters/label_studio_key.h"
#include "api/adapters/web_address.h"
#include "base/text.h"
#include "store/azure/http_client.h"

namespace samcache {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr int kMaxRedirections = 3;

bool is_redirection(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Without its query, which may hold a signature.
std::string shown(const WebAddress& address) { return in_quotes(address.url.substr(0, address.url.find('?'))); }

Error failure_of(const WebAddress& address, int status) {
  const std::string what =
      "the image at " + shown(address) + " cannot be fetched: it answers " + std::to_string(status);
  if (status == 401 || status == 403) return {ErrorCode::kIo, what + "; is LABEL_STUDIO_API_KEY right?"};
  return {status == 404 || status == 410 ? ErrorCode::kNotFound : ErrorCode::kUnavailable, what};
}

}  // namespace

struct ImageFetcher::State {
  State(const AdapterOptions& the_options, std::string the_label_studio_origin, std::set<std::string> the_allowed)
      : options(the_options),
        label_studio_origin(std::move(the_label_studio_origin)),
        allowed(std::move(the_allowed)),
        client(HttpClientOptions{}),
        key(options.label_studio_host, client) {}

  Result<SharedBytes> fetch_url(const std::string& url, Deadline deadline);
  Result<HttpReply> ask(const WebAddress& address, Deadline deadline);

  const AdapterOptions options;
  const std::string label_studio_origin;  // empty: none
  const std::set<std::string> allowed;    // origins
  HttpClient client;
  LabelStudioKey key;
};

Result<std::unique_ptr<ImageFetcher>> ImageFetcher::create(const AdapterOptions& options) {
  std::set<std::string> allowed;
  std::string label_studio_origin;
  if (!options.label_studio_host.url.empty()) {
    const Result<WebAddress> address = parse_web_address(options.label_studio_host.url);
    if (!address) return address.error().within("LABEL_STUDIO_URL");
    label_studio_origin = address->origin;
    allowed.insert(address->origin);
  }
  for (const std::string& origin : options.image_origins) {
    const Result<WebAddress> address = parse_web_address(origin);
    if (!address) return address.error().within("--adapter-image-origin");
    allowed.insert(address->origin);
  }
  return std::unique_ptr<ImageFetcher>(
      new ImageFetcher(std::make_unique<State>(options, std::move(label_studio_origin), std::move(allowed))));
}

ImageFetcher::ImageFetcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

ImageFetcher::~ImageFetcher() = default;

Result<FetchedImage> ImageFetcher::fetch(std::string_view text, std::int64_t task_id, Deadline deadline) {
  Result<ImageReference> reference = parse_image_reference(text, task_id, state_->options.label_studio_host.url);
  if (!reference) return reference.error();
  if (reference->urls.empty()) return FetchedImage{std::move(reference->bytes), std::move(reference->filename)};
  const Deadline patience = deadline.within(kPatience);
  Result<SharedBytes> bytes = Error{ErrorCode::kNotFound, "the image has no address"};
  for (const std::string& url : reference->urls) {
    bytes = state_->fetch_url(url, patience);
    const bool elsewhere =
        !bytes && (bytes.error().code == ErrorCode::kNotFound || bytes.error().code == ErrorCode::kIo);
    if (!elsewhere) break;
  }
  if (!bytes) return bytes.error();
  return FetchedImage{std::move(*bytes), std::move(reference->filename)};
}

Result<SharedBytes> ImageFetcher::State::fetch_url(const std::string& url, Deadline deadline) {
  Result<WebAddress> address = parse_web_address(url);
  for (int redirections = 0; address; ++redirections) {
    if (!allowed.contains(address->origin)) {
      return Error{ErrorCode::kInvalidArgument, "images are not fetched from " + address->origin +
                                                    "; to allow it start the server with --adapter-image-origin " +
                                                    address->origin};
    }
    const Result<HttpReply> reply = ask(*address, deadline);
    if (!reply) return reply.error();
    if (reply->head.ok()) return SharedBytes::copy_of(bytes_of(reply->body));
    const std::string* location = is_redirection(reply->head.status) ? reply->head.find("location") : nullptr;
    if (location == nullptr || redirections == kMaxRedirections) return failure_of(*address, reply->head.status);
    address = follow(*address, *location);
  }
  return address.error();
}

Result<HttpReply> ImageFetcher::State::ask(const WebAddress& address, Deadline deadline) {
  HttpRequest request{.method = "GET", .url = address.url};
  if (address.origin == label_studio_origin) {
    Result<std::string> authorization = key.authorization(deadline);
    if (!authorization) return authorization.error();
    if (!authorization->empty()) request.headers.push_back({"Authorization", std::move(*authorization)});
  }
  return http_exchange(client, std::move(request), options.max_image_bytes, "the image at " + shown(address), deadline);
}

}  // namespace samcache
