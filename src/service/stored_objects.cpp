#include "service/stored_objects.h"

#include "base/text.h"
#include "image/digest.h"
#include "store/object_name.h"
#include "tensors/encoding_file.h"

namespace samcache {
namespace {

constexpr std::string_view kOriginalsPrefix = "originals/";
constexpr std::size_t kSha256Length = 64;

Status check_encoding(const EncodingKey& key, const std::string& name, const SharedBytes& bytes) {
  const Result<Encoding> encoding = parse_encoding(bytes, name);
  if (!encoding) return encoding.error();
  const EncodingMetadata& metadata = encoding->metadata;
  const bool fits = metadata.model_fingerprint == key.model_fingerprint && metadata.image_id == key.image_id &&
                    profile_name(metadata.profile) == key.profile;
  if (fits) return {};
  return Error{ErrorCode::kCorrupt, name + " holds another encoding than its name says: image " +
                                        in_quotes(metadata.image_id) + ", profile " +
                                        std::string(profile_name(metadata.profile)) + ", model " +
                                        in_quotes(metadata.model_fingerprint)};
}

}  // namespace

std::string original_name(std::string_view sha256) { return std::string(kOriginalsPrefix) + std::string(sha256); }

std::optional<std::string> parse_original_name(std::string_view name) {
  if (!name.starts_with(kOriginalsPrefix)) return std::nullopt;
  name.remove_prefix(kOriginalsPrefix.size());
  const bool is_digest = name.size() == kSha256Length && name.find_first_not_of("0123456789abcdef") == name.npos;
  if (!is_digest) return std::nullopt;
  return std::string(name);
}

Status check_stored_object(const std::string& name, const SharedBytes& bytes) {
  if (const std::optional<EncodingKey> key = parse_encoding_name(name)) return check_encoding(*key, name, bytes);
  const std::optional<std::string> sha256 = parse_original_name(name);
  if (!sha256 || sha256_hex(bytes.span()) == *sha256) return {};
  return Error{ErrorCode::kCorrupt, name + " does not have the SHA-256 that its name says"};
}

std::string cache_of_kind(std::string_view kind) {
  if (kind == "memory") return "memory";
  return kind == "disk" || kind == "share" ? "disk" : "remote";
}

}  // namespace samcache
