#include "store/encoding_directory.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

#include "base/atomic_file.h"
#include "base/text.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_fingerprint(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_lower_hex);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Error io_error(const fs::path& path, const std::error_code& code) {
  return errno_error("read the folder " + path.string(), code.value());
}

std::optional<EncodingKey> key_from_names(const std::string& folder, const std::string& file) {
  return parse_encoding_name(std::string(kEncodingsPrefix) + folder + "/" + file);
}

// Calls `visit` with every entry of a folder; one that does not exist has none.
Status for_each_entry(const fs::path& folder, const std::function<void(const fs::directory_entry&)>& visit) {
  std::error_code code;
  fs::directory_iterator entry(folder, code);
  if (code == std::errc::no_such_file_or_directory) return {};
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) visit(*entry);
  if (code) return io_error(folder, code);
  return {};
}

// Calls `visit` with (model fingerprint, entry) for everything in the models' folders.
Status for_each_file(const fs::path& root,
                     const std::function<void(const std::string&, const fs::directory_entry&)>& visit) {
  std::vector<fs::path> folders;
  Status status = for_each_entry(root, [&](const fs::directory_entry& entry) {
    std::error_code code;
    if (is_fingerprint(entry.path().filename().string()) && entry.is_directory(code)) folders.push_back(entry.path());
  });
  if (!status) return status;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    Status files = for_each_entry(folder, [&](const fs::directory_entry& entry) { visit(name, entry); });
    if (!files) return files;
  }
  return {};
}

}  // namespace

Result<fs::path> EncodingDirectory::path_for(const EncodingKey& key) const {
  const Result<std::string> name = encoding_name(key);
  if (!name) return name.error();
  return root_.parent_path() / *name;
}

Result<std::vector<StoredEncoding>> EncodingDirectory::list() const {
  std::vector<StoredEncoding> found;
  const Status status = for_each_file(root_, [&](const std::string& folder, const fs::directory_entry& entry) {
    std::optional<EncodingKey> key = key_from_names(folder, entry.path().filename().string());
    std::error_code code;
    if (!key || !entry.is_regular_file(code)) return;
    const std::uintmax_t size = entry.file_size(code);
    if (!code) found.push_back({std::move(*key), entry.path(), size});  // else it was removed meanwhile
  });
  if (!status) return status.error();
  std::sort(found.begin(), found.end(), [](const StoredEncoding& a, const StoredEncoding& b) {
    return std::tie(a.key.model_fingerprint, a.key.image_id, a.key.profile) <
           std::tie(b.key.model_fingerprint, b.key.image_id, b.key.profile);
  });
  return found;
}

Result<std::vector<StoredEncoding>> EncodingDirectory::find(std::string_view id_prefix) const {
  if (!is_image_id_prefix(id_prefix)) {
    return Error{ErrorCode::kInvalidArgument,
                 "not an image id: " + in_quotes(id_prefix) + " (give a UUID or at least its first 8 digits)"};
  }
  Result<std::vector<StoredEncoding>> all = list();
  if (!all) return all;
  const std::string prefix = lower_case(id_prefix);
  std::vector<StoredEncoding> found;
  std::set<std::string> ids;
  for (StoredEncoding& stored : *all) {
    if (!stored.key.image_id.starts_with(prefix)) continue;
    ids.insert(stored.key.image_id);
    found.push_back(std::move(stored));
  }
  if (found.empty()) {
    return Error{ErrorCode::kNotFound, "no encoding of an image " + prefix + " in " + root_.string()};
  }
  if (ids.size() > 1) {
    return Error{ErrorCode::kInvalidArgument, "the id " + prefix + " fits " + std::to_string(ids.size()) + " images, " +
                                                  *ids.begin() + " and " + *std::next(ids.begin()) +
                                                  " among them: give more of it"};
  }
  return found;
}

Result<bool> EncodingDirectory::remove(const EncodingKey& key) const {
  const Result<fs::path> path = path_for(key);
  if (!path) return path.error();
  std::error_code code;
  const bool existed = fs::remove(*path, code);
  if (code) return errno_error("remove " + path->string(), code.value());
  return existed;
}

Result<int> EncodingDirectory::sweep_temporaries(std::chrono::seconds min_age) const {
  const auto oldest_kept = fs::file_time_type::clock::now() - min_age;
  int removed = 0;
  const Status status = for_each_file(root_, [&](const std::string&, const fs::directory_entry& entry) {
    std::error_code code;
    if (!is_temporary_name(entry.path().filename().string()) || !entry.is_regular_file(code)) return;
    const fs::file_time_type written = entry.last_write_time(code);
    if (code || written > oldest_kept) return;
    if (fs::remove(entry.path(), code)) ++removed;
  });
  if (!status) return status.error();
  return removed;
}

}  // namespace samcache
