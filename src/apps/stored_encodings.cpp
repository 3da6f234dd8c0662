#include "apps/stored_encodings.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "apps/console.h"
#include "base/text.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience{5};  // with a store, for one operation
constexpr std::chrono::seconds kClosingPatience{60};

Deadline patiently() { return Deadline::after(kPatience); }

std::string joined(const std::vector<std::string>& urls) {
  std::string text;
  for (const std::string& url : urls) text += (text.empty() ? "" : ", ") + without_password(url);
  return text;
}

}  // namespace

Result<SharedBytes> encoding_bytes(const Encoding& encoding) {
  Result<std::vector<std::byte>> bytes = serialize_encoding(encoding);
  if (!bytes) return bytes.error();
  return SharedBytes(std::move(*bytes));
}

StoredEncodings::StoredEncodings(const CommonOptions& options) {
  setup_.urls = options.stores;
  if (setup_.urls.empty()) {
    default_folder_ = options.data;
    setup_.urls.push_back(file_url(default_folder_));
    where_ = default_folder_.string();
  } else {
    where_ = joined(setup_.urls);
  }
  setup_.write_back = options.write_back;
  setup_.pending_folder = fs::path(options.data) / ".pending";
  setup_.azure = options.azure;
  setup_.check = check_stored_object;
  setup_.on_corrupt = [](const std::string&, const std::string& message) { print_warning(message); };
  setup_.on_error = [](const Error& error) { print_warning(error.message); };
}

StoredEncodings::~StoredEncodings() {
  if (opened_ && !opened_->store->flush(Deadline::after(kClosingPatience))) {
    print_warning("stopped waiting for copies to the stores; what was to be kept is safe, and goes on next time");
  }
}

bool StoredEncodings::is_surely_empty() const {
  std::error_code code;
  return !opened_ && !default_folder_.empty() && !fs::exists(default_folder_, code) && !code;
}

Result<const OpenedStores*> StoredEncodings::open() {
  if (!opened_) {
    Result<OpenedStores> opened = open_stores(setup_);
    if (!opened) return opened.error();
    opened_ = std::move(*opened);
  }
  return &*opened_;
}

Result<std::optional<StoredEncodings::Loaded>> StoredEncodings::load(const EncodingKey& key) {
  const Result<std::string> name = encoding_name(key);
  if (!name) return name.error();
  if (is_surely_empty()) return std::optional<Loaded>();
  const Result<const OpenedStores*> stores = open();
  if (!stores) return stores.error();
  const auto found = (*stores)->store->fetch(*name, {.deadline = patiently()});
  if (!found) return found.error();
  if (!*found) return std::optional<Loaded>();
  // Every tier but memory was checked on the way, and what is in memory came from one of them.
  Result<Encoding> encoding = parse_verified_encoding((*found)->bytes, *name);
  if (!encoding) return encoding.error();
  return std::optional(Loaded{std::move(*encoding), (*found)->bytes.size(), cache_of_kind((*found)->source)});
}

Result<std::uint64_t> StoredEncodings::save(const Encoding& encoding) {
  const EncodingMetadata& metadata = encoding.metadata;
  const Result<std::string> name =
      encoding_name({metadata.model_fingerprint, metadata.image_id, std::string(profile_name(metadata.profile))});
  if (!name) return name.error();
  const Result<SharedBytes> bytes = encoding_bytes(encoding);
  if (!bytes) return bytes.error();
  const Result<const OpenedStores*> stores = open();
  if (!stores) return stores.error();
  const Result<bool> saved = (*stores)->store->save(*name, *bytes, SaveMode::kReplace, patiently());
  if (!saved) return saved.error();
  return std::uint64_t{bytes->size()};
}

Result<std::vector<StoredEncoding>> StoredEncodings::list(const std::string& model_fingerprint) {
  std::vector<StoredEncoding> found;
  if (is_surely_empty()) return found;
  const Result<const OpenedStores*> stores = open();
  if (!stores) return stores.error();
  const std::string prefix = std::string(kEncodingsPrefix) + (model_fingerprint.empty() ? "" : model_fingerprint + "/");
  const Result<std::vector<ObjectInfo>> objects = (*stores)->store->list(prefix, patiently());
  if (!objects) return objects.error();
  for (const ObjectInfo& object : *objects) {
    std::optional<EncodingKey> key = parse_encoding_name(object.name);
    if (key) found.push_back({std::move(*key), object.name, object.size_bytes, object.modified});
  }
  return found;
}

Result<std::vector<StoredEncoding>> StoredEncodings::find(std::string_view id_prefix) {
  if (!is_image_id_prefix(id_prefix)) {
    return Error{ErrorCode::kInvalidArgument,
                 "not an image id: " + in_quotes(id_prefix) + " (give a UUID or at least its first 8 digits)"};
  }
  std::string prefix(id_prefix);
  std::ranges::transform(prefix, prefix.begin(), [](unsigned char c) { return std::tolower(c); });
  Result<std::vector<StoredEncoding>> found = list();
  if (!found) return found;
  std::erase_if(*found, [&](const StoredEncoding& stored) { return !stored.key.image_id.starts_with(prefix); });
  std::set<std::string> ids;
  for (const StoredEncoding& stored : *found) ids.insert(stored.key.image_id);
  if (ids.empty()) return Error{ErrorCode::kNotFound, "no encoding of an image " + prefix + " in " + where_};
  if (ids.size() > 1) {
    return Error{ErrorCode::kInvalidArgument, "the id " + prefix + " fits " + std::to_string(ids.size()) + " images, " +
                                                  *ids.begin() + " and " + *std::next(ids.begin()) +
                                                  " among them: give more of it"};
  }
  return found;
}

Result<bool> StoredEncodings::remove(const EncodingKey& key) {
  const Result<std::string> name = encoding_name(key);
  if (!name) return name.error();
  const Result<const OpenedStores*> stores = open();
  if (!stores) return stores.error();
  return (*stores)->store->remove(*name, patiently());
}

}  // namespace samcache
