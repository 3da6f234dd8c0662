#include "store/azure/service_error.h"

#include <pugixml.hpp>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "store/azure/retry_policy.h"

namespace samcache {
namespace {

// Codes and request ids go into messages as they are: letters, digits and hyphens alone.
std::string plain(const std::string& text) {
  constexpr std::size_t kMaxLength = 80;
  std::string kept;
  for (const char letter : text) {
    if (kept.size() < kMaxLength && (std::isalnum(static_cast<unsigned char>(letter)) || letter == '-')) kept += letter;
  }
  return kept;
}

const char* advice(const ServiceError& error) {
  const std::string& code = error.code;
  if (code == "ContainerNotFound") return "create the container, or let it be created when opening";
  if (code == "ContainerBeingDeleted") return "a container of this name is being deleted; wait, or use another name";
  if (code == "AuthenticationFailed")
    return "check the key, the SAS or the token, when it expires, and this machine's clock";
  if (code == "AuthorizationPermissionMismatch") return "the SAS or the identity's role does not allow this operation";
  if (code == "KeyBasedAuthenticationNotPermitted") return "the account takes no keys; use an identity";
  if (code == "AuthorizationFailure" || error.status == 403) {
    return "check the key's or SAS's permissions, the identity's role, the account's firewall, and this machine's "
           "clock";
  }
  if (error.status == 401) return "the service wants another kind of credential, or the token is for another tenant";
  if (error.status == 404) return "check the account and its endpoint";
  if (error.status == 429 || error.status == 503) return "the service is busy";
  return nullptr;
}

}  // namespace

ServiceError service_error(const HttpResponse& head, const std::string& body) {
  ServiceError error{.status = head.status, .code = {}, .message = {}, .request_id = {}};
  pugi::xml_document document;
  if (document.load_buffer(body.data(), body.size())) {
    const pugi::xml_node root = document.child("Error");
    error.code = plain(root.child_value("Code"));
    const std::string message = root.child_value("Message");
    error.message = message.substr(0, message.find('\n'));
  }
  if (const std::string* code = head.find("x-ms-error-code")) error.code = plain(*code);
  if (const std::string* id = head.find("x-ms-request-id")) error.request_id = plain(*id);
  return error;
}

Error ServiceError::as_error() const {
  std::string text = "HTTP " + std::to_string(status);
  if (!code.empty()) text += " " + code;
  if (!message.empty()) text += " " + in_quotes(message);
  if (!request_id.empty()) text += " (request " + request_id + ")";
  if (const char* help = advice(*this)) text += ": " + std::string(help);
  const bool may_pass = is_transient_status(status) || code == "ContainerBeingDeleted";
  return {may_pass ? ErrorCode::kUnavailable : ErrorCode::kIo, text};
}

}  // namespace samcache
