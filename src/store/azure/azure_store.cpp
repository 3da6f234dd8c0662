#include "store/azure/azure_store.h"

#include <charconv>

#include "store/azure/azure_digests.h"
#include "store/azure/blob_download.h"
#include "store/azure/blob_listing.h"
#include "store/azure/blob_service.h"
#include "store/azure/blob_upload.h"
#include "store/azure/call_runner.h"
#include "store/azure/delegation_key.h"
#include "store/azure/http_date.h"
#include "store/object_name.h"

namespace samcache {
namespace {

// nullopt for the answer to HEAD of a blob that is none.
std::optional<ObjectInfo> info_of(const std::string& name, const HttpResponse& head) {
  const std::string* length = head.find("content-length");
  const std::string* modified = head.find("last-modified");
  std::uint64_t size = 0;
  if (!length) return std::nullopt;
  const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), size);
  if (error != std::errc() || end != length->data() + length->size()) return std::nullopt;
  const auto time = modified ? parse_http_date(*modified) : std::nullopt;
  return ObjectInfo{name, size, time.value_or(std::chrono::system_clock::time_point())};
}

// Of a 404: whether it is the blob that is missing, and not the container or the account.
bool is_miss(const BlobAnswer& answer) {
  const std::string code = answer.refusal().code;
  return answer.head.status == 404 && (code.empty() || code == "BlobNotFound");
}

}  // namespace

struct AzureStore::State {
  explicit State(std::unique_ptr<BlobService> made) : service(std::move(made)), delegation(*service) {}

  // One request about one blob; 404 is an answer.
  Result<BlobAnswer> ask(const std::string& operation, const char* method, const std::string& name, bool is_read,
                         Deadline deadline) {
    CallRunner runner(*service, operation, deadline);
    runner.add({.request = {.method = method, .resource = service->blob_resource(name)},
                .is_read = is_read,
                .expected = {404}});
    if (Status status = runner.run(1); !status) return status.error();
    const BlobAnswer& answer = *runner.answer(0);
    if (answer.head.ok() || is_miss(answer)) return answer;
    return answer.refusal().as_error().within(operation);
  }

  const std::unique_ptr<BlobService> service;
  DelegationKeyCache delegation;
};

AzureStore::AzureStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

AzureStore::~AzureStore() = default;

Result<std::shared_ptr<AzureStore>> AzureStore::open(AzureStoreOptions options) {
  const bool create = options.create_container;
  Result<std::unique_ptr<BlobService>> service = BlobService::create(std::move(options));
  if (!service) return service.error().within("cannot open an Azure store");
  std::shared_ptr<AzureStore> store(new AzureStore(std::make_unique<State>(std::move(*service))));
  if (create) {
    if (Status status = store->create_container(); !status) return status.error();
  }
  return store;
}

Status AzureStore::create_container() {
  BlobService& service = *state_->service;
  const std::string operation = "cannot create the container of " + service.describe();
  CallRunner runner(service, operation, Deadline::after(service.options().open_timeout));
  runner.add(
      {.request = {.method = "PUT", .resource = service.container_resource(), .query = {{"restype", "container"}}},
       .expected = {409}});
  if (Status status = runner.run(1); !status) return status.error();
  const BlobAnswer& answer = *runner.answer(0);
  if (answer.head.ok() || answer.refusal().code == "ContainerAlreadyExists") return {};
  return answer.refusal().as_error().within(operation);
}

Result<std::optional<ObjectInfo>> AzureStore::stat(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::string operation = "cannot look for " + name + " in " + state_->service->describe();
  const Result<BlobAnswer> answer = state_->ask(operation, "HEAD", name, true, deadline);
  if (!answer) return answer.error();
  if (!answer->head.ok()) return std::optional<ObjectInfo>();
  const std::optional<ObjectInfo> info = info_of(name, answer->head);
  if (!info) return Error{ErrorCode::kIo, operation + ": the answer does not say how large it is"};
  return info;
}

Result<std::optional<SharedBytes>> AzureStore::load(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  return BlobDownload(*state_->service, name, deadline).run();
}

Result<bool> AzureStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  return BlobUpload(*state_->service, name, bytes, mode, deadline).run();
}

Result<bool> AzureStore::remove(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  const std::string operation = "cannot remove " + name + " from " + state_->service->describe();
  const Result<BlobAnswer> answer = state_->ask(operation, "DELETE", name, false, deadline);
  if (!answer) return answer.error();
  // Gone at the second try: then the first one, whose answer was lost, removed it.
  return answer->head.ok() || answer->may_have_run_before;
}

Result<std::vector<ObjectInfo>> AzureStore::list(const std::string& prefix, Deadline deadline) {
  if (Status status = check_name_prefix(prefix); !status) return status.error();
  return list_blobs(*state_->service, prefix, deadline);
}

Result<std::string> AzureStore::signed_read_url(const std::string& name, std::chrono::seconds expires_in,
                                                Deadline deadline, const SignedReadOptions& wanted) {
  if (Status status = check_object_name(name); !status) return status.error();
  BlobService& service = *state_->service;
  AzureAuthorizer& authorizer = service.authorizer();
  const std::string operation = "cannot sign a URL for " + name;
  if (expires_in <= std::chrono::seconds(0)) {
    return Error{ErrorCode::kInvalidArgument, operation + ": it would have expired already"};
  }
  const AzureEndpoint& endpoint = service.endpoint(Site::kPrimary);
  const ReadGrant grant{.account = service.options().account.name,
                        .container = service.options().container,
                        .blob = name,
                        .expires = authorizer.now() + expires_in,
                        .https_only = endpoint.is_encrypted(),
                        .content_type = wanted.content_type,
                        .content_disposition = wanted.content_disposition,
                        .cache_control = wanted.cache_control};
  std::optional<UserDelegationKey> delegation;
  std::string key = authorizer.account_key();
  if (authorizer.has_token()) {
    if (expires_in > kMaxDelegation) {
      return Error{ErrorCode::kInvalidArgument, operation + ": an identity can sign for 7 days at most"};
    }
    Result<UserDelegationKey> lent = state_->delegation.get(grant.expires, deadline);
    if (!lent) return lent.error();
    key = from_base64(lent->key_base64).value_or("");
    delegation = std::move(*lent);
  }
  if (key.empty()) {
    return Error{ErrorCode::kUnsupported, operation + ": it takes an account key or an identity; a SAS cannot sign"};
  }
  return endpoint.url(service.blob_resource(name), {}, signed_read_query(grant, delegation, key));
}

}  // namespace samcache
