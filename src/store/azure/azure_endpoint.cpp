#include "store/azure/azure_endpoint.h"

#include <array>
#include <cstdio>

#include "base/text.h"
#include "store/azure/azure_credentials.h"

namespace samcache {
namespace {

constexpr std::string_view kLettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool consists_of(std::string_view text, std::string_view more) {
  for (const char letter : text) {
    if (kLettersAndDigits.find(letter) == std::string_view::npos && more.find(letter) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<AzureEndpoint> AzureEndpoint::parse(const std::string& url, const std::string& what) {
  const Error error{ErrorCode::kInvalidArgument,
                    "the " + what + " " + in_quotes(url) + " is not a URL like https://ACCOUNT.blob.core.windows.net"};
  const std::size_t separator = url.find("://");
  if (separator == std::string::npos) return error;
  AzureEndpoint endpoint;
  endpoint.scheme_ = url.substr(0, separator);
  if (endpoint.scheme_ != "https" && endpoint.scheme_ != "http") return error;
  const std::string rest = url.substr(separator + 3);
  const std::size_t slash = rest.find('/');
  endpoint.authority_ = rest.substr(0, slash);
  if (slash != std::string::npos) endpoint.path_prefix_ = rest.substr(slash);
  while (endpoint.path_prefix_.ends_with('/')) endpoint.path_prefix_.pop_back();
  if (endpoint.authority_.empty() || !consists_of(endpoint.authority_, ".-:[]") ||
      !consists_of(endpoint.path_prefix_, "-._~/")) {
    return error;
  }
  return endpoint;
}

bool AzureEndpoint::is_loopback() const {
  const std::string host = authority_.starts_with('[') ? authority_.substr(0, authority_.find(']') + 1)
                                                       : authority_.substr(0, authority_.find(':'));
  return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

std::string AzureEndpoint::path(std::string_view resource) const { return path_prefix_ + std::string(resource); }

std::string AzureEndpoint::url(std::string_view resource, const AzureQuery& query, std::string_view sas) const {
  std::string text = scheme_ + "://" + authority_ + path(resource);
  char separator = '?';
  for (const auto& [name, value] : query) {
    text += separator + url_escaped(name) + "=" + url_escaped(value);
    separator = '&';
  }
  if (!sas.empty()) text.append(1, separator).append(sas);
  return text;
}

std::string url_escaped(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (consists_of(std::string_view(&letter, 1), "-._~")) {
      escaped += letter;
      continue;
    }
    std::array<char, 4> code{};
    std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(letter)));
    escaped += code.data();
  }
  return escaped;
}

std::string conventional_secondary(const AzureAccount& account) {
  const std::string endpoint =
      account.endpoint.empty() ? "https://" + account.name + ".blob.core.windows.net" : account.endpoint;
  const std::size_t host = endpoint.find("://") + 3;
  // The host's first label, or the path's first part.
  const bool in_host = endpoint.compare(host, account.name.size() + 1, account.name + ".") == 0;
  const std::size_t at = in_host ? host : endpoint.find("/" + account.name, host) + 1;
  if (!in_host && at == 0) return {};
  return endpoint.substr(0, at + account.name.size()) + "-secondary" + endpoint.substr(at + account.name.size());
}

}  // namespace samcache
