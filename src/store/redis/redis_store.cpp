#include "store/redis/redis_store.h"

#include <utility>

#include "store/object_name.h"
#include "store/redis/redis_objects.h"
#include "store/redis/redis_pool.h"

namespace samcache {
namespace {

// A connection, and `work` on it.
template <class Work>
auto on_connection(RedisPool& pool, const RedisOptions& options, Deadline deadline, const Work& work)
    -> decltype(work(std::declval<RedisObjects&>())) {
  if (deadline.passed()) return deadline_error("ask " + redis_server_name(options));
  auto connection = pool.take(deadline);
  if (!connection) return connection.error();
  RedisObjects objects(options, **connection, deadline);
  return work(objects);
}

}  // namespace

RedisStore::RedisStore(RedisOptions options)
    : options_(std::move(options)), pool_(std::make_unique<RedisPool>(options_)) {}

RedisStore::~RedisStore() = default;

Result<std::unique_ptr<RedisStore>> RedisStore::create(RedisOptions options) {
  if (Status status = check_redis_options(options); !status) return status.error();
  return std::unique_ptr<RedisStore>(new RedisStore(std::move(options)));
}

Result<std::optional<ObjectInfo>> RedisStore::stat(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  return on_connection(*pool_, options_, deadline, [&](RedisObjects& objects) -> Result<std::optional<ObjectInfo>> {
    const auto manifest = objects.find_whole(name);
    if (!manifest) return manifest.error();
    if (!manifest->has_value()) return std::optional<ObjectInfo>();
    return std::optional(ObjectInfo{name, (*manifest)->size_bytes, (*manifest)->modified});
  });
}

Result<std::optional<SharedBytes>> RedisStore::load(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  return on_connection(*pool_, options_, deadline, [&](RedisObjects& objects) { return objects.read_whole(name); });
}

Result<bool> RedisStore::save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  if (bytes.size() > options_.max_object_bytes) {
    return Error{ErrorCode::kTooLarge, name + " has " + std::to_string(bytes.size()) +
                                           " bytes; the limit in redis is " +
                                           std::to_string(options_.max_object_bytes)};
  }
  return on_connection(*pool_, options_, deadline, [&](RedisObjects& objects) -> Result<bool> {
    if (mode == SaveMode::kKeep) {
      const auto there = objects.find_whole(name);
      if (!there) return there.error();
      if (there->has_value()) return false;
    }
    const RedisManifest manifest{.generation = new_generation(),
                                 .size_bytes = bytes.size(),
                                 .chunk_bytes = options_.chunk_bytes,
                                 .modified = std::chrono::system_clock::now()};
    if (Status status = objects.write_chunks(manifest, bytes); !status) return status.error();
    return objects.publish(name, manifest, mode);
  });
}

Result<bool> RedisStore::remove(const std::string& name, Deadline deadline) {
  if (Status status = check_object_name(name); !status) return status.error();
  return on_connection(*pool_, options_, deadline, [&](RedisObjects& objects) { return objects.remove(name); });
}

Result<std::vector<ObjectInfo>> RedisStore::list(const std::string& prefix, Deadline deadline) {
  if (Status status = check_name_prefix(prefix); !status) return status.error();
  return on_connection(*pool_, options_, deadline, [&](RedisObjects& objects) -> Result<std::vector<ObjectInfo>> {
    const auto names = objects.scan_names(prefix);
    if (!names) return names.error();
    return objects.infos(*names);
  });
}

}  // namespace samcache
