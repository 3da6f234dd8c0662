// A store in a container of Azure Blob Storage, spoken to over its REST interface.
//
// Objects are block blobs of the same names. Nothing is held open but idle connections, and nothing runs between calls;
// what goes on within one is on the caller's thread, up to eight connections at once. How requests are cut, repeated
// and hurried: azure_options.h, call_runner.h. What is there is never evicted. The fault of a moment is kUnavailable,
// after some tries or at the deadline; refusals (a key that is wrong, a container that is missing) are kIo, at once.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/azure/azure_options.h"
#include "store/object_store.h"

namespace samcache {

// What the answer to a signed URL is to say about itself; empty: what the blob says.
struct SignedReadOptions {
  std::string content_type = {};
  std::string content_disposition = {};
  std::string cache_control = {};
};

class AzureStore : public ObjectStore {
 public:
  // Asks the service nothing unless the container is to be created. kInvalidArgument for options that cannot be.
  static Result<std::shared_ptr<AzureStore>> open(AzureStoreOptions options);
  ~AzureStore() override;

  std::string kind() const override { return "azure"; }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;

  // A URL by which anyone may read the object (there or not) until it expires: for browsers. With an account key it is
  // made here; an identity borrows a key of the service, which is kept for further ones and lasts 7 days at most. A SAS
  // cannot sign: kUnsupported.
  Result<std::string> signed_read_url(const std::string& name, std::chrono::seconds expires_in, Deadline deadline,
                                      const SignedReadOptions& wanted = {});

 private:
  struct State;
  explicit AzureStore(std::unique_ptr<State> state);
  Status create_container();

  const std::unique_ptr<State> state_;
};

}  // namespace samcache
