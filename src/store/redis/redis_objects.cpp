#include "store/redis/redis_objects.h"

#include <algorithm>
#include <cstring>

#include "store/object_name.h"

namespace samcache {
namespace {

// One that is replaced so often that it cannot be read is not worth more.
constexpr int kMaxReads = 100;
// Asked for before the first is there: enough to keep the line busy, and no more than the server should hold of
// answers.
constexpr std::size_t kChunksAhead = 16;
constexpr std::size_t kNamesPerRequest = 500;
constexpr const char* kKeysPerScanStep = "1000";

// Deletes a key while it has the value that is known.
constexpr const char* kDeleteIfStill = "return redis.call('GET',KEYS[1])==ARGV[1] and redis.call('DEL',KEYS[1]) or 0";

Error damaged(const std::string& name, const std::string& what) {
  return {ErrorCode::kCorrupt, "in redis, " + name + " is damaged: " + what};
}

}  // namespace

Result<RedisReply> RedisObjects::call(const RedisCommand& command) {
  if (deadline_.passed()) return deadline_error("ask " + redis_server_name(options_));
  return connection_.call(command, exchange_deadline());
}

Result<std::optional<std::string>> RedisObjects::fetch_manifest(const std::string& name, Use use) {
  const std::string key = manifest_key(options_.key_prefix, name);
  const std::string ttl_ms = std::to_string(options_.ttl.count());
  const auto reply = call(use == Use::kRenew ? RedisCommand{"GETEX", key, "PX", ttl_ms} : RedisCommand{"GET", key});
  if (!reply) return reply.error();
  const auto text = text_of_reply(**reply);
  if (text) return std::optional(std::string(*text));
  if ((*reply)->type != REDIS_REPLY_NIL) return connection_.unexpected_reply("GET");
  return std::optional<std::string>();
}

template <class T>
Result<std::optional<T>> RedisObjects::read_consistently(const std::string& name, Use use, const Reader<T>& read) {
  std::string incomplete;
  for (int i = 0; i < kMaxReads; ++i) {
    const auto text = fetch_manifest(name, use);
    if (!text) return text.error();
    if (!text->has_value()) return std::optional<T>();
    const auto manifest = parse_manifest(**text);
    if (!manifest) return damaged(name, "its manifest is none");
    if (**text == incomplete) {
      if (Status status = discard(name, **text, *manifest); !status) return status.error();
      return std::optional<T>();
    }
    auto found = read(*manifest);
    if (!found || found->has_value()) return found;
    incomplete = **text;
  }
  return Error{ErrorCode::kUnavailable, redis_server_name(options_) + ": " + name + " is replaced again and again"};
}

Result<std::optional<RedisManifest>> RedisObjects::find_whole(const std::string& name) {
  return read_consistently<RedisManifest>(name, Use::kLook,
                                          [&](const RedisManifest& manifest) -> Result<std::optional<RedisManifest>> {
                                            const auto complete = has_all_chunks(manifest);
                                            if (!complete) return complete.error();
                                            return *complete ? std::optional(manifest) : std::nullopt;
                                          });
}

Result<std::optional<SharedBytes>> RedisObjects::read_whole(const std::string& name) {
  return read_consistently<SharedBytes>(name, Use::kRenew,
                                        [&](const RedisManifest& manifest) { return fetch_chunks(name, manifest); });
}

Result<std::optional<SharedBytes>> RedisObjects::fetch_chunks(const std::string& name, const RedisManifest& manifest) {
  if (manifest.size_bytes > options_.max_object_bytes) {
    return Error{ErrorCode::kTooLarge, "in redis, " + name + " has " + std::to_string(manifest.size_bytes) +
                                           " bytes; the limit is " + std::to_string(options_.max_object_bytes)};
  }
  const Deadline deadline = exchange_deadline();
  const std::string ttl_ms = std::to_string(options_.ttl.count());
  const std::vector<std::string> keys = chunk_keys(options_.key_prefix, manifest);
  AlignedBuffer bytes(manifest.size_bytes);
  std::size_t sent = 0;
  bool complete = true;
  std::optional<Error> error;
  for (std::size_t i = 0; i < keys.size(); ++i) {  // all of them, for the sake of those who use the connection next
    for (; sent < keys.size() && sent < i + kChunksAhead; ++sent) {
      if (Status status = connection_.send({"GETEX", keys[sent], "PX", ttl_ms}, deadline); !status)
        return status.error();
    }
    const std::uint64_t chunk_bytes = manifest.size_of_chunk(i);
    const auto reply = connection_.receive(deadline, kMaxSmallReplyBytes + chunk_bytes);
    if (!reply) {
      if (!error) error = reply.error();
      if (!connection_.is_sound()) break;
      continue;
    }
    const auto chunk = text_of_reply(**reply);
    complete = complete && chunk;
    if (!chunk) continue;
    if (chunk->size() != chunk_bytes) {
      error = damaged(name, "chunk " + std::to_string(i) + " has " + std::to_string(chunk->size()) + " bytes");
      continue;
    }
    std::memcpy(bytes.data() + i * manifest.chunk_bytes, chunk->data(), chunk->size());
  }
  if (error) return *error;
  if (!complete) return std::optional<SharedBytes>();
  return std::optional(std::move(bytes).share());
}

Result<bool> RedisObjects::has_all_chunks(const RedisManifest& manifest) {
  if (manifest.chunk_count() == 0) return true;
  const std::vector<std::string> keys = chunk_keys(options_.key_prefix, manifest);
  RedisCommand command = {"EXISTS"};
  command.insert(command.end(), keys.begin(), keys.end());
  const auto reply = call(command);
  if (!reply) return reply.error();
  if ((*reply)->type != REDIS_REPLY_INTEGER) return connection_.unexpected_reply("EXISTS");
  return static_cast<std::uint64_t>((*reply)->integer) == manifest.chunk_count();
}

Result<std::uint64_t> RedisObjects::delete_chunks(const RedisManifest& manifest) {
  if (manifest.chunk_count() == 0) return std::uint64_t{0};
  const std::vector<std::string> keys = chunk_keys(options_.key_prefix, manifest);
  RedisCommand command = {"UNLINK"};
  command.insert(command.end(), keys.begin(), keys.end());
  const auto reply = call(command);
  if (!reply) return reply.error();
  if ((*reply)->type != REDIS_REPLY_INTEGER) return connection_.unexpected_reply("UNLINK");
  return static_cast<std::uint64_t>((*reply)->integer);
}

Status RedisObjects::discard(const std::string& name, const std::string& manifest_text, const RedisManifest& manifest) {
  const auto reply = call({"EVAL", kDeleteIfStill, "1", manifest_key(options_.key_prefix, name), manifest_text});
  if (!reply) return reply.error();
  const auto deleted = delete_chunks(manifest);
  return deleted ? Status() : deleted.error();
}

Status RedisObjects::write_chunks(const RedisManifest& manifest, ByteSpan bytes) {
  if (deadline_.passed()) return deadline_error("write to " + redis_server_name(options_));
  const Deadline deadline = exchange_deadline();
  const std::string ttl_ms = std::to_string(options_.ttl.count());
  const std::vector<std::string> keys = chunk_keys(options_.key_prefix, manifest);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const ByteSpan chunk = bytes.subspan(i * manifest.chunk_bytes, manifest.size_of_chunk(i));
    if (Status status = connection_.send({"SET", keys[i], text_of(chunk), "PX", ttl_ms}, deadline); !status) {
      return status;
    }
  }
  Status outcome;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto reply = connection_.receive(deadline);
    if (!reply && outcome) outcome = reply.error();
    if (!connection_.is_sound()) return outcome;
  }
  if (!outcome) (void)delete_chunks(manifest);  // else they go by their TTL
  return outcome;
}

Result<bool> RedisObjects::publish(const std::string& name, const RedisManifest& manifest, SaveMode mode) {
  const std::string key = manifest_key(options_.key_prefix, name);
  const std::string text = format_manifest(manifest);
  const std::string ttl_ms = std::to_string(options_.ttl.count());
  const auto reply = call({"SET", key, text, "PX", ttl_ms, mode == SaveMode::kKeep ? "NX" : "GET"});
  if (!reply) return reply.error();  // it may have happened: the chunks are left to their TTL
  if (mode == SaveMode::kKeep) {
    const bool is_published = (*reply)->type != REDIS_REPLY_NIL;
    if (!is_published) (void)delete_chunks(manifest);
    return is_published;
  }
  const auto replaced_text = text_of_reply(**reply);
  const auto replaced = replaced_text ? parse_manifest(*replaced_text) : std::nullopt;
  if (replaced) (void)delete_chunks(*replaced);
  return true;
}

Result<bool> RedisObjects::remove(const std::string& name) {
  const auto reply = call({"GETDEL", manifest_key(options_.key_prefix, name)});
  if (!reply) return reply.error();
  const auto text = text_of_reply(**reply);
  const auto manifest = text ? parse_manifest(*text) : std::nullopt;
  if (!manifest) return text.has_value();
  const auto deleted = delete_chunks(*manifest);
  return !deleted || *deleted == manifest->chunk_count();  // an error only leaves the chunks to their TTL
}

Result<std::vector<std::string>> RedisObjects::scan_names(const std::string& prefix) {
  const std::string key_prefix = manifest_key(options_.key_prefix, "");
  const std::string pattern = key_prefix + prefix + "*";
  std::vector<std::string> names;
  std::string cursor = "0";
  do {
    const auto reply = call({"SCAN", cursor, "MATCH", pattern, "COUNT", kKeysPerScanStep});
    if (!reply) return reply.error();
    if ((*reply)->type != REDIS_REPLY_ARRAY || (*reply)->elements != 2) return connection_.unexpected_reply("SCAN");
    const auto next = text_of_reply(*(*reply)->element[0]);
    const redisReply& keys = *(*reply)->element[1];
    if (!next || keys.type != REDIS_REPLY_ARRAY) return connection_.unexpected_reply("SCAN");
    for (std::size_t i = 0; i < keys.elements; ++i) {
      const auto key = text_of_reply(*keys.element[i]);
      if (!key || !key->starts_with(key_prefix)) return connection_.unexpected_reply("SCAN");
      const std::string name(key->substr(key_prefix.size()));
      if (check_object_name(name)) names.push_back(name);  // else somebody else's
    }
    cursor = *next;
  } while (cursor != "0");
  // A key may be answered with more than once.
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::vector<ObjectInfo>> RedisObjects::infos(const std::vector<std::string>& names) {
  std::vector<ObjectInfo> found;
  for (std::size_t begin = 0; begin < names.size(); begin += kNamesPerRequest) {
    const std::size_t end = std::min(names.size(), begin + kNamesPerRequest);
    std::vector<std::string> keys;
    for (std::size_t i = begin; i < end; ++i) keys.push_back(manifest_key(options_.key_prefix, names[i]));
    RedisCommand command = {"MGET"};
    command.insert(command.end(), keys.begin(), keys.end());
    const auto reply = call(command);
    if (!reply) return reply.error();
    if ((*reply)->type != REDIS_REPLY_ARRAY || (*reply)->elements != keys.size()) {
      return connection_.unexpected_reply("MGET");
    }
    for (std::size_t i = begin; i < end; ++i) {
      const auto text = text_of_reply(*(*reply)->element[i - begin]);
      const auto manifest = text ? parse_manifest(*text) : std::nullopt;
      if (manifest) found.push_back({names[i], manifest->size_bytes, manifest->modified});
    }
  }
  return found;
}

}  // namespace samcache
