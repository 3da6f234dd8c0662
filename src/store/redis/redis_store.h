// A hot layer that machines share: objects in a Redis server (6.2 or later) for as long as they are used.
//
// An object is kept in chunks of 1 MiB, so that no command holds the server for long; a manifest under the object's
// name says under which generation they are (redis_manifest.h). A save writes the chunks, then the manifest in one
// atomic command, then deletes the generation it replaced; so a reader has the old object or the new one, and one that
// finds the chunks of its generation gone looks at the manifest again. Everything carries a TTL, which each load
// renews: what a broken connection leaves behind goes by itself.
//
// The server may evict whatever it likes: an object of which anything is missing is a miss, and what is left of it is
// removed (list does not look: it answers with what the manifests say). Sizes are checked; content is VerifiedStore's.
//
// Nothing is connected until the first call, and a server that comes back is used again by the next one. No call lasts
// longer than its deadline (but for the system's resolving of a host's name), nor its exchanges with the server longer
// than the options' timeouts. kUnavailable: no connection, no answer in time, the server busy, loading or not in
// charge. kOutOfSpace: its memory is full and it may not evict. kIo: it refuses (a wrong password), or is no Redis
// server. Messages name the server and no secrets.
#pragma once

#include <memory>

#include "store/object_store.h"
#include "store/redis/redis_options.h"

namespace samcache {

class RedisPool;

class RedisStore : public ObjectStore {
 public:
  // Fails for options that cannot be (check_redis_options), and not because of the server.
  static Result<std::unique_ptr<RedisStore>> create(RedisOptions options);
  ~RedisStore() override;

  std::string kind() const override { return "redis"; }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override;
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override;
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override;
  Result<bool> remove(const std::string& name, Deadline deadline) override;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override;

 private:
  explicit RedisStore(RedisOptions options);

  const RedisOptions options_;
  std::unique_ptr<RedisPool> pool_;
};

}  // namespace samcache
