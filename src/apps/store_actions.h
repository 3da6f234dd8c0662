// What `samcache store …` does: each prints its result and answers with what went wrong.
#pragma once

#include <string>
#include <vector>

#include "apps/stored_encodings.h"

namespace samcache {

struct ListOptions {
  std::vector<std::string> ids;  // none: all
  bool json = false;
};
Status list_stored(const ListOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct StoreStatsOptions {
  bool json = false;
};
Status print_store_stats(const StoreStatsOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct GetOptions {
  std::string id;
  std::string profile = "trunk";
  std::string out;                  // file
  std::string layout = "samcache";  // or "seed"
  std::string dtype;                // empty: as stored
};
Status get_stored(const GetOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct PutOptions {
  std::vector<std::string> files;
  bool json = false;
};
Status put_files(const PutOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct RemoveOptions {
  std::vector<std::string> ids;
  std::string profile;  // empty: all
};
Status remove_stored(const RemoveOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct VerifyOptions {
  bool json = false;
};
Status verify_stored(const VerifyOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct GarbageOptions {
  bool other_models = false;
  int older_than_days = 0;  // 0: any age
  bool dry_run = false;
  bool json = false;
};
Status collect_garbage(const GarbageOptions& options, StoredEncodings& stored, const CommonOptions& common);

struct WarmOptions {
  std::vector<std::string> ids;  // none: all
  std::string profile;           // empty: all
  bool json = false;
};
Status warm_stored(const WarmOptions& options, StoredEncodings& stored, const CommonOptions& common);

}  // namespace samcache
