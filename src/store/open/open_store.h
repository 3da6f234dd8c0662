// From URLs to one store: each tier opened, checked on every crossing, and put together.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/open/store_url.h"
#include "store/tiered/tiered_store.h"
#include "store/verified_store.h"

namespace samcache {

// What must not stand in a URL; empty: not given. Of several the first of this order is used.
struct AzureSecrets {
  std::string connection_string;
  std::string account_key;
  std::string sas_token;
  // Workload identity.
  std::string tenant_id, client_id, federated_token_file, authority_host;
  // Managed identity as App Service and Container Apps offer it; without it the virtual machine's own is asked.
  std::string identity_endpoint, identity_header;
};

struct StoreSetup {
  std::vector<std::string> urls = {};         // fastest first, the last one keeps everything; at least one
  bool write_back = false;                    // saves end when they are in the last folder before the persistent store
  std::filesystem::path pending_folder = {};  // for write_back
  AzureSecrets azure = {};
  ContentCheck check = {};  // of every object that comes from a disk or a network, or goes there
  CorruptionListener on_corrupt = {};
  std::function<void(const Error&)> on_error = {};  // of tiers passed over and of background work
};

struct OpenedStores {
  std::shared_ptr<TieredStore> store;
  // Each tier whose bytes are checked, in their order: all but memory.
  std::vector<std::shared_ptr<VerifiedStore>> verified;
};

// kInvalidArgument for a URL that is none or a combination that makes no sense; else the error of what could not be
// opened.
Result<OpenedStores> open_stores(const StoreSetup& setup);

}  // namespace samcache
