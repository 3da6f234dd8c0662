#include "store/azure/read_signature.h"

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/azure/azure_digests.h"
#include "store/azure/azure_endpoint.h"
#include "store/azure/azure_options.h"

namespace samcache {
namespace {

constexpr const char* kReadPermission = "r";
constexpr const char* kBlobResource = "b";

const char* protocols(const ReadGrant& grant) { return grant.https_only ? "https" : "https,http"; }

}  // namespace

std::string read_string_to_sign(const ReadGrant& grant, const std::optional<UserDelegationKey>& delegation) {
  std::vector<std::string> fields = {kReadPermission, "", rfc3339(grant.expires),
                                     "/blob/" + grant.account + "/" + grant.container + "/" + grant.blob};
  if (delegation) {
    fields.insert(fields.end(), {delegation->object_id, delegation->tenant_id, delegation->start, delegation->expiry,
                                 delegation->service, delegation->version});
    fields.insert(fields.end(), {"", "", ""});  // no other user, no correlation id
  } else {
    fields.emplace_back();  // no stored policy
  }
  fields.insert(fields.end(), {"", protocols(grant), kAzureApiVersion, kBlobResource});
  fields.insert(fields.end(), {"", ""});  // no snapshot, no encryption scope
  fields.insert(fields.end(), {grant.cache_control, grant.content_disposition, "", "", grant.content_type});
  std::string text = fields.front();
  for (std::size_t i = 1; i < fields.size(); ++i) text += "\n" + fields[i];
  return text;
}

std::string signed_read_query(const ReadGrant& grant, const std::optional<UserDelegationKey>& delegation,
                              const std::string& key) {
  AzureQuery query = {{"sv", kAzureApiVersion},
                      {"sr", kBlobResource},
                      {"sp", kReadPermission},
                      {"se", rfc3339(grant.expires)},
                      {"spr", protocols(grant)}};
  if (delegation) {
    query.insert(query.end(), {{"skoid", delegation->object_id},
                               {"sktid", delegation->tenant_id},
                               {"skt", delegation->start},
                               {"ske", delegation->expiry},
                               {"sks", delegation->service},
                               {"skv", delegation->version}});
  }
  const AzureQuery wanted_headers = {
      {"rscc", grant.cache_control}, {"rscd", grant.content_disposition}, {"rsct", grant.content_type}};
  for (const auto& header : wanted_headers) {
    if (!header.second.empty()) query.push_back(header);
  }
  query.emplace_back("sig", hmac_sha256_base64(key, read_string_to_sign(grant, delegation)));
  std::string text;
  for (const auto& [name, value] : query)
    text += (text.empty() ? "" : "&") + url_escaped(name) + "=" + url_escaped(value);
  return text;
}

}  // namespace samcache
