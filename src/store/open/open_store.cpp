#include "store/open/open_store.h"

#include <algorithm>
#include <optional>

#include "store/azure/azure_store.h"
#include "store/azure/connection_string.h"
#include "store/disk/disk_store.h"
#include "store/memory/memory_store.h"
#include "store/redis/redis_store.h"
#include "store/wire/compressed_store.h"

namespace samcache {
namespace {

constexpr std::chrono::milliseconds kFolderTimeout{30'000};
constexpr std::chrono::milliseconds kRedisTimeout{2'000};  // a hot layer that is slower than that is none
constexpr std::chrono::milliseconds kAzureTimeout{120'000};

// One tier before it is known which others there are.
struct OpenedTier {
  std::shared_ptr<ObjectStore> store;
  std::chrono::milliseconds timeout{0};
  bool in_memory = false;
};

template <class Pointer>
Result<OpenedTier> tier_of(Result<Pointer> store, std::chrono::milliseconds timeout) {
  if (!store) return store.error();
  return OpenedTier{std::move(*store), timeout};
}

Result<OpenedTier> open_tier(const MemoryUrl& url, const AzureSecrets&) {
  return OpenedTier{std::make_shared<MemoryStore>(url.budget_bytes), kFolderTimeout, true};
}

Result<OpenedTier> open_tier(const FileUrl& url, const AzureSecrets&) {
  DiskStoreOptions options;
  options.root = url.folder;
  options.budget_bytes = url.budget_bytes;
  options.shared = url.shared;
  return tier_of(DiskStore::open(options), kFolderTimeout);
}

Result<OpenedTier> open_tier(const RedisUrl& url, const AzureSecrets&) {
  RedisOptions options;
  options.host = url.host;
  options.port = url.port;
  options.user = url.user;
  options.password = url.password;
  options.database = url.database;
  if (url.ttl) options.ttl = *url.ttl;
  if (url.max_object_bytes) options.max_object_bytes = *url.max_object_bytes;
  return tier_of(RedisStore::create(options), kRedisTimeout);
}

AzureCredential azure_identity(const AzureSecrets& secrets) {
  if (!secrets.account_key.empty()) return SharedKeyCredential{secrets.account_key};
  if (!secrets.sas_token.empty()) return SasCredential{secrets.sas_token};
  if (!secrets.federated_token_file.empty()) {
    WorkloadIdentityCredential identity{secrets.tenant_id, secrets.client_id, secrets.federated_token_file};
    if (!secrets.authority_host.empty()) identity.authority_host = secrets.authority_host;
    return identity;
  }
  return ManagedIdentityCredential{.client_id = secrets.client_id,
                                   .identity_endpoint = secrets.identity_endpoint,
                                   .identity_header = secrets.identity_header};
}

Result<AzureAccount> azure_account(const AzureUrl& url, const AzureSecrets& secrets) {
  AzureAccount account;
  if (secrets.connection_string.empty()) {
    account.name = url.account;
    account.credential = azure_identity(secrets);
  } else {
    Result<AzureAccount> parsed = parse_connection_string(secrets.connection_string);
    if (!parsed) return parsed;
    account = std::move(*parsed);
    if (account.name != url.account) {
      return Error{ErrorCode::kInvalidArgument,
                   "the connection string is of the account " + account.name + ", not of " + url.account};
    }
  }
  if (!url.endpoint.empty()) account.endpoint = url.endpoint;
  if (!url.secondary.empty()) account.secondary_endpoint = url.secondary;
  return account;
}

Result<OpenedTier> open_tier(const AzureUrl& url, const AzureSecrets& secrets) {
  Result<AzureAccount> account = azure_account(url, secrets);
  if (!account) return account.error();
  AzureStoreOptions options;
  options.account = std::move(*account);
  options.container = url.container;
  options.create_container = url.create_container;
  Result<std::shared_ptr<AzureStore>> store = AzureStore::open(std::move(options));
  if (!store) return store.error();
  if (!url.compress) return OpenedTier{std::move(*store), kAzureTimeout};
  return OpenedTier{std::make_shared<CompressedStore>(std::move(*store)), kAzureTimeout};
}

Result<OpenedTier> open_url(const StoreUrl& url, const AzureSecrets& secrets) {
  return std::visit([&](const auto& kind) { return open_tier(kind, secrets); }, url);
}

// The last folder before the persistent store: memory and Redis forget.
std::optional<std::size_t> staging_tier(const std::vector<StoreUrl>& urls) {
  for (std::size_t i = urls.size() - 1; i-- > 0;) {
    if (std::holds_alternative<FileUrl>(urls[i])) return i;
  }
  return std::nullopt;
}

Result<std::vector<StoreUrl>> parse_urls(const std::vector<std::string>& texts) {
  if (texts.empty()) return Error{ErrorCode::kInvalidArgument, "no store is named"};
  std::vector<StoreUrl> urls;
  for (const std::string& text : texts) {
    Result<StoreUrl> url = parse_store_url(text);
    if (!url) return url.error();
    urls.push_back(std::move(*url));
  }
  return urls;
}

}  // namespace

Result<OpenedStores> open_stores(const StoreSetup& setup) {
  const Result<std::vector<StoreUrl>> urls = parse_urls(setup.urls);
  if (!urls) return urls.error();
  TieredOptions options;
  options.on_error = setup.on_error;
  if (setup.write_back) {
    const std::optional<std::size_t> staging = staging_tier(*urls);
    if (!staging) {
      return Error{ErrorCode::kInvalidArgument,
                   "write-back needs a folder (file:///...) before the last store: what is saved must survive a crash"};
    }
    options.write_back = true;
    options.staging_tier = *staging;
    options.pending_folder = setup.pending_folder;
  }
  OpenedStores opened;
  for (std::size_t i = 0; i < urls->size(); ++i) {
    Result<OpenedTier> tier = open_url((*urls)[i], setup.azure);
    if (!tier) return tier.error().within("the store " + without_password(setup.urls[i]));
    if (!tier->in_memory && setup.check) {
      opened.verified.push_back(std::make_shared<VerifiedStore>(tier->store, setup.check, setup.on_corrupt));
      tier->store = opened.verified.back();
    }
    options.tiers.push_back({.store = tier->store, .timeout = tier->timeout, .copy_at_once = tier->in_memory});
  }
  Result<std::shared_ptr<TieredStore>> store = TieredStore::open(std::move(options));
  if (!store) return store.error();
  opened.store = std::move(*store);
  return opened;
}

}  // namespace samcache
