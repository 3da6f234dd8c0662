// The steps of which RedisStore's operations are made, each an exchange with the server over one connection.
// Internal to redis/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/object_store.h"
#include "store/redis/redis_connection.h"
#include "store/redis/redis_manifest.h"

namespace samcache {

class RedisObjects {
 public:
  // Both must outlive this.
  RedisObjects(const RedisOptions& options, RedisConnection& connection, Deadline deadline)
      : options_(options), connection_(connection), deadline_(deadline) {}

  enum class Use { kLook, kRenew };  // whether the TTL starts again

  // The manifest of `name`, if the object is there whole; what is left of one that is not is removed.
  Result<std::optional<RedisManifest>> find_whole(const std::string& name);
  // The object, which counts as a use; the same if it is not whole.
  Result<std::optional<SharedBytes>> read_whole(const std::string& name);

  // Writes the chunks of a generation that nobody knows yet; when that fails, deletes what was written of them.
  Status write_chunks(const RedisManifest& manifest, ByteSpan bytes);
  // Makes the generation the object of that name: false when SaveMode::kKeep found another, and then its chunks are
  // deleted; those of the one it replaced are, too.
  Result<bool> publish(const std::string& name, const RedisManifest& manifest, SaveMode mode);
  // Whether there was a whole object.
  Result<bool> remove(const std::string& name);

  Result<std::vector<std::string>> scan_names(const std::string& prefix);
  // Of those that are still there.
  Result<std::vector<ObjectInfo>> infos(const std::vector<std::string>& names);

 private:
  template <class T>
  using Reader = std::function<Result<std::optional<T>>(const RedisManifest&)>;
  // What `read` makes of the chunks; a generation that it finds incomplete is either replaced meanwhile, and then the
  // next one is read, or has lost chunks.
  template <class T>
  Result<std::optional<T>> read_consistently(const std::string& name, Use use, const Reader<T>& read);

  Result<std::optional<std::string>> fetch_manifest(const std::string& name, Use use);
  Result<std::optional<SharedBytes>> fetch_chunks(const std::string& name, const RedisManifest& manifest);
  Result<bool> has_all_chunks(const RedisManifest& manifest);
  Result<std::uint64_t> delete_chunks(const RedisManifest& manifest);
  // Removes the manifest unless it was replaced meanwhile.
  Status discard(const std::string& name, const std::string& manifest_text, const RedisManifest& manifest);

  Result<RedisReply> call(const RedisCommand& command);
  Deadline exchange_deadline() const { return deadline_.within(options_.command_timeout); }

  const RedisOptions& options_;
  RedisConnection& connection_;
  Deadline deadline_;
};

}  // namespace samcache
