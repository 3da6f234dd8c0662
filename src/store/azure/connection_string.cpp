#include "store/azure/connection_string.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.h"
#include "store/azure/azure_digests.h"

namespace samcache {
namespace {

// Every emulator has this account; it is public.
constexpr const char* kEmulatorAccount = "devstoreaccount1";
constexpr const char* kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
constexpr const char* kEmulatorEndpoint = "http://127.0.0.1:10000";

using Settings = std::map<std::string, std::string>;  // by name in lower case

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, "the connection string " + what}; }

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

Result<Settings> split(const std::string& text) {
  Settings settings;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 1;
    if (part.find_first_not_of(" \t\r\n") == std::string::npos) continue;
    const std::size_t equals = part.find('=');  // values (keys, signatures) have more of them
    if (equals == std::string::npos) return wrong("has a part that is not NAME=VALUE");
    const std::string name = part.substr(part.find_first_not_of(" \t\r\n"), equals - part.find_first_not_of(" \t\r\n"));
    if (!settings.emplace(lower_case(name), part.substr(equals + 1)).second) {
      return wrong("has " + in_quotes(name) + " twice");
    }
  }
  return settings;
}

std::string take(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

AzureAccount emulator(const Settings& settings) {
  const std::string proxy = take(settings, "developmentstorageproxyuri");
  AzureAccount account;
  account.name = kEmulatorAccount;
  account.endpoint = (proxy.empty() ? std::string(kEmulatorEndpoint) : proxy + ":10000") + "/" + kEmulatorAccount;
  account.secondary_endpoint = account.endpoint + "-secondary";
  account.credential = SharedKeyCredential{kEmulatorKey};
  return account;
}

// "https://NAME.blob..." -> "NAME", "http://127.0.0.1:10000/NAME" -> "NAME".
std::string account_of(const std::string& endpoint) {
  const std::size_t host = endpoint.find("://") == std::string::npos ? 0 : endpoint.find("://") + 3;
  const std::size_t path = endpoint.find('/', host);
  if (path != std::string::npos && path + 1 < endpoint.size()) {
    return endpoint.substr(path + 1, endpoint.find('/', path + 1) - path - 1);
  }
  return endpoint.substr(host, endpoint.find('.', host) - host);
}

}  // namespace

Result<AzureAccount> parse_connection_string(const std::string& text) {
  const Result<Settings> parsed = split(text);
  if (!parsed) return parsed.error();
  const Settings& settings = *parsed;
  if (lower_case(take(settings, "usedevelopmentstorage")) == "true") return emulator(settings);

  AzureAccount account;
  account.name = take(settings, "accountname");
  account.endpoint = take(settings, "blobendpoint");
  account.secondary_endpoint = take(settings, "blobsecondaryendpoint");
  if (account.name.empty() && !account.endpoint.empty()) account.name = account_of(account.endpoint);
  if (account.name.empty()) return wrong("has neither AccountName nor BlobEndpoint");
  if (account.endpoint.empty()) {
    const std::string protocol = take(settings, "defaultendpointsprotocol");
    const std::string suffix = take(settings, "endpointsuffix");
    account.endpoint = (protocol.empty() ? "https" : protocol) + "://" + account.name + ".blob." +
                       (suffix.empty() ? "core.windows.net" : suffix);
  }
  const std::string key = take(settings, "accountkey");
  const std::string sas = take(settings, "sharedaccesssignature");
  if (!key.empty()) {
    if (!from_base64(key)) return wrong("has an AccountKey that is no base64");
    account.credential = SharedKeyCredential{key};
  } else if (!sas.empty()) {
    account.credential = SasCredential{sas};
  } else {
    return wrong("has neither AccountKey nor SharedAccessSignature");
  }
  return account;
}

}  // namespace samcache
