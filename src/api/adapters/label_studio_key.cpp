#include "api/adapters/label_studio_key.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::minutes kAccessLife{2};  // Label Studio's own is five
constexpr std::size_t kMaxReplyBytes = 64 << 10;

}  // namespace

bool LabelStudioKey::is_personal() const {
  return host_.api_key.starts_with("eyJ") && std::ranges::count(host_.api_key, '.') == 2;
}

Result<std::string> LabelStudioKey::exchange(Deadline deadline) {
  const std::string body = Json{{"refresh", host_.api_key}}.dump();
  const std::string base = host_.url.substr(0, host_.url.find_last_not_of('/') + 1);
  const HttpRequest request{.method = "POST",
                            .url = base + "/api/token/refresh",
                            .headers = {{"Content-Type", "application/json"}},
                            .body = bytes_of(body)};
  const Result<HttpReply> reply = http_exchange(client_, request, kMaxReplyBytes, "Label Studio", deadline);
  if (!reply) return reply.error();
  const Json document = Json::parse(reply->body, nullptr, false);
  if (reply->head.ok() && document.is_object() && document.contains("access") && document["access"].is_string()) {
    return document["access"].get<std::string>();
  }
  return Error{ErrorCode::kIo, "Label Studio takes no LABEL_STUDIO_API_KEY like this one: it answers " +
                                   std::to_string(reply->head.status)};
}

Result<std::string> LabelStudioKey::authorization(Deadline deadline) {
  if (host_.api_key.empty()) return std::string();
  if (!is_personal()) return "Token " + host_.api_key;
  const std::lock_guard lock(mutex_);
  if (Clock::now() >= access_until_) {
    Result<std::string> access = exchange(deadline);
    if (!access) return access.error();
    access_ = std::move(*access);
    access_until_ = Clock::now() + kAccessLife;
  }
  return "Bearer " + access_;
}

}  // namespace samcache
