#include "store/azure/delegation_key.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/clock.h"
#include "store/azure/azure_digests.h"
#include "store/azure/call_runner.h"
#include "store/object_store.h"

namespace samcache {
namespace {

constexpr std::chrono::hours kUsualDelegation{24};
constexpr std::chrono::minutes kStartBefore{5};  // clocks differ

}  // namespace

Result<UserDelegationKey> parse_delegation_key(const std::string& xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node root = document.child("UserDelegationKey");
  UserDelegationKey key{.object_id = root.child_value("SignedOid"),
                        .tenant_id = root.child_value("SignedTid"),
                        .start = root.child_value("SignedStart"),
                        .expiry = root.child_value("SignedExpiry"),
                        .service = root.child_value("SignedService"),
                        .version = root.child_value("SignedVersion"),
                        .key_base64 = root.child_value("Value")};
  const bool whole = !key.object_id.empty() && !key.tenant_id.empty() && !key.start.empty() && !key.expiry.empty() &&
                     !key.service.empty() && !key.version.empty() && !key.key_base64.empty() &&
                     from_base64(key.key_base64).has_value();
  if (!whole) return Error{ErrorCode::kCorrupt, "the answer is no user delegation key"};
  return key;
}

Result<UserDelegationKey> DelegationKeyCache::get(std::chrono::system_clock::time_point until, Deadline deadline) {
  std::unique_lock lock(mutex_);
  while (fetching_) {
    if (deadline.passed()) return deadline_error("get a user delegation key");
    fetched_.wait_for(lock, std::min(deadline.remaining(), std::chrono::milliseconds(60'000)));
  }
  if (key_ && expires_ >= until) return *key_;
  const auto now = service_.authorizer().now();
  const auto expires = std::min(std::max(until, now + kUsualDelegation), now + kMaxDelegation);
  fetching_ = true;
  lock.unlock();
  Result<UserDelegationKey> key = fetch(expires, deadline);
  lock.lock();
  fetching_ = false;
  fetched_.notify_all();
  if (!key) return key;
  key_ = *key;
  expires_ = expires;
  return key;
}

Result<UserDelegationKey> DelegationKeyCache::fetch(std::chrono::system_clock::time_point expires, Deadline deadline) {
  const std::string operation = "cannot get a user delegation key of " + service_.describe();
  const std::string body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>" +
                           rfc3339(service_.authorizer().now() - kStartBefore) + "</Start><Expiry>" + rfc3339(expires) +
                           "</Expiry></KeyInfo>";
  BlobCall call;
  call.request = {.method = "POST",
                  .resource = "/",
                  .query = {{"restype", "service"}, {"comp", "userdelegationkey"}},
                  .headers = {{"Content-Type", "application/xml"}},
                  .body = bytes_of(body)};
  CallRunner runner(service_, operation, deadline);
  runner.add(std::move(call));
  if (Status status = runner.run(1); !status) return status.error();
  Result<UserDelegationKey> key = parse_delegation_key(runner.answer(0)->text);
  if (!key) return key.error().within(operation);
  return key;
}

}  // namespace samcache
