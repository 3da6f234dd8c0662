#include "apps/store_actions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/console.h"
#include "apps/interrupt.h"
#include "apps/lazy_engine.h"
#include "apps/progress_bar.h"
#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "store/tiered/prefetcher.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

Status print_json(const Json& document) {
  return write_stdout(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// The encodings of these images, or all; of one profile, or all.
Result<std::vector<StoredEncoding>> select(StoredEncodings& stored, const std::vector<std::string>& ids,
                                           const std::string& profile) {
  std::vector<StoredEncoding> selected;
  if (ids.empty()) {
    Result<std::vector<StoredEncoding>> all = stored.list();
    if (!all) return all;
    selected = std::move(*all);
  }
  for (const std::string& id : ids) {
    Result<std::vector<StoredEncoding>> found = stored.find(id);
    if (!found) return found;
    selected.insert(selected.end(), found->begin(), found->end());
  }
  if (profile.empty()) return selected;
  if (Result<Profile> known = parse_profile(profile); !known) return known.error();
  std::erase_if(selected, [&](const StoredEncoding& one) { return one.key.profile != profile; });
  return selected;
}

Json json_of(const StoredEncoding& stored) {
  return {{"id", stored.key.image_id},
          {"profile", stored.key.profile},
          {"model_fingerprint", stored.key.model_fingerprint},
          {"size_bytes", stored.size_bytes},
          {"created_at", rfc3339(stored.modified)}};
}

std::string line_of(const StoredEncoding& stored) {
  return stored.key.image_id + "  " + stored.key.profile + "  " + std::to_string(stored.size_bytes) + " bytes  " +
         rfc3339(stored.modified) + "  model " + stored.key.model_fingerprint.substr(0, 8) + "\n";
}

Error interruption() { return {ErrorCode::kCancelled, "interrupted"}; }

std::uint64_t total_bytes(const std::vector<StoredEncoding>& encodings) {
  std::uint64_t bytes = 0;
  for (const StoredEncoding& one : encodings) bytes += one.size_bytes;
  return bytes;
}

}  // namespace

Status list_stored(const ListOptions& options, StoredEncodings& stored, const CommonOptions&) {
  const Result<std::vector<StoredEncoding>> found = select(stored, options.ids, {});
  if (!found) return found.error();
  if (!options.json) {
    std::string text;
    for (const StoredEncoding& one : *found) text += line_of(one);
    return write_stdout(text);
  }
  Json encodings = Json::array();
  for (const StoredEncoding& one : *found) encodings.push_back(json_of(one));
  return print_json({{"encodings", std::move(encodings)}});
}

Status print_store_stats(const StoreStatsOptions& options, StoredEncodings& stored, const CommonOptions&) {
  const Result<const OpenedStores*> stores = stored.open();
  if (!stores) return stores.error();
  const Result<std::vector<StoredEncoding>> all = stored.list();
  if (!all) return all.error();
  const TieredStats stats = (*stores)->store->stats();
  Json tiers = Json::array();
  std::string text;
  for (const TierStats& tier : stats.tiers) {
    const StoreUsage& usage = tier.usage;
    tiers.push_back({{"kind", tier.kind},
                     {"objects", usage.objects},
                     {"used_bytes", usage.used_bytes},
                     {"budget_bytes", usage.budget_bytes == 0 ? Json() : Json(usage.budget_bytes)}});
    text += tier.kind + ": " + std::to_string(usage.objects) + " objects, " + std::to_string(usage.used_bytes) +
            " bytes" + (usage.budget_bytes == 0 ? std::string() : " of " + std::to_string(usage.budget_bytes)) + "\n";
  }
  if (!options.json) {
    return write_stdout(std::to_string(all->size()) + " encodings, " + std::to_string(total_bytes(*all)) +
                        " bytes, in " + stored.where() + "\n" + text);
  }
  return print_json({{"encodings", all->size()},
                     {"size_bytes", total_bytes(*all)},
                     {"pending_writes", stats.pending_writes},
                     {"tiers", std::move(tiers)}});
}

Status put_files(const PutOptions& options, StoredEncodings& stored, const CommonOptions&) {
  Json kept = Json::array();
  std::string text;
  for (const std::string& file : options.files) {
    const Result<Encoding> encoding = read_encoding(file);
    if (!encoding) return as_failure(encoding.error());
    if (encoding->metadata.image_id.empty()) {
      return Error{ErrorCode::kIo, file + " does not say which image it is of (no image_id): it cannot be kept"};
    }
    const Result<std::uint64_t> size = stored.save(*encoding);
    if (!size) return as_failure(size.error()).within(file);
    kept.push_back({{"id", encoding->metadata.image_id},
                    {"profile", profile_name(encoding->metadata.profile)},
                    {"size_bytes", *size},
                    {"file", file}});
    text +=
        encoding->metadata.image_id + "  " + std::string(profile_name(encoding->metadata.profile)) + "  " + file + "\n";
  }
  return options.json ? print_json({{"encodings", std::move(kept)}}) : write_stdout(text);
}

Status remove_stored(const RemoveOptions& options, StoredEncodings& stored, const CommonOptions&) {
  const Result<std::vector<StoredEncoding>> found = select(stored, options.ids, options.profile);
  if (!found) return found.error();
  for (const StoredEncoding& one : *found) {
    if (Result<bool> removed = stored.remove(one.key); !removed) return as_failure(removed.error());
  }
  return write_stdout(std::to_string(found->size()) + " encodings removed\n");
}

Status verify_stored(const VerifyOptions& options, StoredEncodings& stored, const CommonOptions&) {
  const Result<const OpenedStores*> stores = stored.open();
  if (!stores) return stores.error();
  ProgressBar bar;
  Json damaged = Json::array();
  std::size_t read = 0;
  std::uint64_t bytes = 0;
  for (const std::shared_ptr<VerifiedStore>& tier : (*stores)->verified) {
    const Result<std::vector<ObjectInfo>> objects = tier->list(std::string(kEncodingsPrefix), Deadline::never());
    if (!objects) return objects.error();
    for (std::size_t i = 0; i < objects->size(); ++i) {
      if (interrupted()) return interruption();
      const ObjectInfo& object = (*objects)[i];
      bar.show(static_cast<double>(i) / static_cast<double>(objects->size()), tier->kind() + " " + object.name);
      const std::uint64_t quarantined = tier->counts().quarantined;
      const Result<std::optional<SharedBytes>> loaded = tier->load(object.name, Deadline::never());
      if (!loaded) return loaded.error();
      ++read;
      bytes += object.size_bytes;
      if (tier->counts().quarantined > quarantined) {
        damaged.push_back({{"store", tier->kind()}, {"name", object.name}, {"size_bytes", object.size_bytes}});
      }
    }
  }
  bar.clear();
  const std::size_t count = damaged.size();
  const std::string summary = std::to_string(read) + " encodings read, " + std::to_string(count) + " damaged";
  const Status printed = options.json
                             ? print_json({{"encodings", read}, {"size_bytes", bytes}, {"damaged", std::move(damaged)}})
                             : write_stdout(summary + "\n");
  if (!printed || count == 0) return printed;
  return Error{ErrorCode::kCorrupt, summary + "; they were put aside and will be made anew when they are wanted"};
}

Status collect_garbage(const GarbageOptions& options, StoredEncodings& stored, const CommonOptions& common) {
  if (!options.other_models && options.older_than_days == 0) {
    return Error{ErrorCode::kInvalidArgument, "say what to remove: --other-models, --older-than N, or both"};
  }
  std::string fingerprint;
  if (options.other_models) {
    const Result<EngineOptions> engine = engine_options(common);
    if (!engine) return engine.error();
    const Result<std::string> known = LazyEngine(*engine).fingerprint();
    if (!known) return as_failure(known.error());
    fingerprint = *known;
  }
  Result<std::vector<StoredEncoding>> garbage = stored.list();
  if (!garbage) return garbage.error();
  const auto oldest_kept = std::chrono::system_clock::now() - std::chrono::hours(24) * options.older_than_days;
  std::erase_if(*garbage, [&](const StoredEncoding& one) {
    const bool is_kept_model = options.other_models && one.key.model_fingerprint == fingerprint;
    const bool is_young = options.older_than_days > 0 && one.modified >= oldest_kept;
    return is_kept_model || is_young;
  });
  Json removed = Json::array();
  std::string text;
  for (const StoredEncoding& one : *garbage) {
    if (interrupted()) return interruption();
    if (!options.dry_run) {
      if (Result<bool> gone = stored.remove(one.key); !gone) return as_failure(gone.error());
    }
    removed.push_back(json_of(one));
    text += line_of(one);
  }
  if (options.json) {
    return print_json(
        {{"removed", std::move(removed)}, {"size_bytes", total_bytes(*garbage)}, {"dry_run", options.dry_run}});
  }
  return write_stdout(text + std::to_string(garbage->size()) + " encodings, " + std::to_string(total_bytes(*garbage)) +
                      " bytes" + (options.dry_run ? " would be removed\n" : " removed\n"));
}

Status warm_stored(const WarmOptions& options, StoredEncodings& stored, const CommonOptions&) {
  const Result<std::vector<StoredEncoding>> found = select(stored, options.ids, options.profile);
  if (!found) return found.error();
  const Result<const OpenedStores*> stores = stored.open();
  if (!stores) return stores.error();
  std::vector<std::string> names;
  for (const StoredEncoding& one : *found) names.push_back(one.name);
  Prefetcher prefetcher((*stores)->store, {.threads = 4});
  const WarmResult result = prefetcher.warm(names, Deadline::never(), [](std::size_t) { return !interrupted(); });
  if (interrupted()) return interruption();
  const std::string summary = std::to_string(result.there) + " encodings are in the fast stores, " +
                              std::to_string(result.missing + result.failed) + " are not";
  const Status printed =
      options.json ? print_json({{"there", result.there}, {"missing", result.missing}, {"failed", result.failed}})
                   : write_stdout(summary + "\n");
  if (!printed || result.failed + result.missing == 0) return printed;
  return Error{ErrorCode::kIo, summary};
}

}  // namespace samcache
