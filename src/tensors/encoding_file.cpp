#include "tensors/encoding_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

constexpr std::string_view kFormat = "samcache.encoding";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kMetadataDigestKey = "metadata_digest";
constexpr std::size_t kMaxTextLength = 256;
constexpr std::int64_t kMaxDimension = 65536;

struct ProfileFacts {
  std::string_view name;
  std::vector<std::string> tensor_names;  // finest level first
};

// Indexed by Profile.
const std::array<ProfileFacts, 3>& profile_facts() {
  static const std::array<ProfileFacts, 3> kFacts{{
      {"trunk", {"trunk"}},
      {"interactive", {"image_embeddings.0", "image_embeddings.1", "image_embeddings.2"}},
      {"detector", {"backbone_fpn_0", "backbone_fpn_1", "backbone_fpn_2"}},
  }};
  return kFacts;
}

const ProfileFacts& facts(Profile profile) { return profile_facts()[static_cast<std::size_t>(profile)]; }

// What is wrong, or success; the ErrorCode depends on where the encoding came from and is set by the callers.
using Fault = std::optional<std::string>;

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Fault find_fault_in_text(std::string_view key, std::string_view value, bool may_be_empty) {
  if (value.empty() && !may_be_empty) return std::string(key) + " is missing";
  if (value.size() > kMaxTextLength) return std::string(key) + " is longer than 256 bytes";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (!is_utf8(value) || std::any_of(value.begin(), value.end(), is_control)) {
    return std::string(key) + " is not plain text: " + in_quotes(value);
  }
  return std::nullopt;
}

Fault find_fault_in_metadata(const EncodingMetadata& metadata) {
  if (!is_sha256_hex(metadata.image_sha256)) {
    return "image_sha256 is not 64 lower-case hexadecimal digits: " + in_quotes(metadata.image_sha256);
  }
  if (Fault fault = find_fault_in_text("image_id", metadata.image_id, true)) return fault;
  if (Fault fault = find_fault_in_text("model", metadata.model, false)) return fault;
  if (Fault fault = find_fault_in_text("model_fingerprint", metadata.model_fingerprint, false)) return fault;
  if (Fault fault = find_fault_in_text("preprocess", metadata.preprocess, false)) return fault;
  const auto is_size = [](int size) { return size >= 1 && size <= kMaxOriginalSize; };
  if (!is_size(metadata.original_height) || !is_size(metadata.original_width)) {
    return "the original size " + std::to_string(metadata.original_width) + "x" +
           std::to_string(metadata.original_height) + " is not within 1.." + std::to_string(kMaxOriginalSize);
  }
  if (!is_rfc3339(metadata.created_at)) return "created_at is not an RFC 3339 time: " + in_quotes(metadata.created_at);
  return std::nullopt;
}

Fault find_fault_in_tensor(const Tensor& tensor) {
  const std::string described = "tensor " + in_quotes(tensor.name) + " is " + std::string(dtype_name(tensor.dtype)) +
                                " " + shape_text(tensor.shape);
  if (tensor.dtype != DType::kF32 && tensor.dtype != DType::kF16 && tensor.dtype != DType::kBF16) {
    return described + ", but must be F32, F16 or BF16";
  }
  const bool has_rank = tensor.rank() == 4 && tensor.shape[0] == 1;
  const auto is_dimension = [](std::int64_t d) { return d >= 1 && d <= kMaxDimension; };
  if (!has_rank || !std::all_of(tensor.shape.begin(), tensor.shape.end(), is_dimension)) {
    return described + ", but must be [1, C, H, W]";
  }
  if (tensor_size_bytes(tensor.dtype, tensor.shape) != tensor.data.size()) {
    return described + ", but holds " + std::to_string(tensor.data.size()) + " bytes";
  }
  return std::nullopt;
}

// `tensors` must be the profile's, in its order.
Fault find_fault_in_tensors(Profile profile, const std::vector<Tensor>& tensors) {
  const std::vector<std::string>& names = profile_tensor_names(profile);
  const bool names_fit = std::equal(tensors.begin(), tensors.end(), names.begin(), names.end(),
                                    [](const Tensor& tensor, const std::string& name) { return tensor.name == name; });
  if (!names_fit) return "the tensors are not those of the profile " + std::string(profile_name(profile));
  for (const Tensor& tensor : tensors) {
    if (Fault fault = find_fault_in_tensor(tensor)) return fault;
  }
  for (std::size_t level = 1; level < tensors.size(); ++level) {
    const std::vector<std::int64_t>& fine = tensors[level - 1].shape;
    const std::vector<std::int64_t>& coarse = tensors[level].shape;
    const bool halves = fine[2] == 2 * coarse[2] && fine[3] == 2 * coarse[3];
    if (!halves || (profile == Profile::kDetector && fine[1] != coarse[1])) {
      return "tensor " + in_quotes(tensors[level].name) + " " + shape_text(coarse) +
             " does not fit the level before it, " + shape_text(fine);
    }
  }
  return std::nullopt;
}

Fault find_fault(const Encoding& encoding) {
  if (Fault fault = find_fault_in_metadata(encoding.metadata)) return fault;
  return find_fault_in_tensors(encoding.metadata.profile, encoding.tensors);
}

// Covers all metadata but the two digests, and what each tensor claims to be. Every part is preceded by its length, so
// that no two different files give the same text.
std::string metadata_digest(const SafetensorsMetadata& metadata, const std::vector<Tensor>& tensors) {
  std::string text;
  const auto add = [&](std::string_view part) { text += std::to_string(part.size()) + ":" + std::string(part) + ","; };
  for (const auto& [key, value] : metadata) {
    if (key == "digest" || key == kMetadataDigestKey) continue;
    add(key);
    add(value);
  }
  for (const Tensor& tensor : tensors) {
    add(tensor.name);
    add(dtype_name(tensor.dtype));
    add(shape_text(tensor.shape));
  }
  return xxh3_digest(bytes_of(text));
}

SafetensorsMetadata to_file_metadata(const Encoding& encoding) {
  const EncodingMetadata& from = encoding.metadata;
  SafetensorsMetadata metadata{
      {"format", std::string(kFormat)},
      {"version", std::string(kVersion)},
      {"image_sha256", from.image_sha256},
      {"model", from.model},
      {"model_fingerprint", from.model_fingerprint},
      {"preprocess", from.preprocess},
      {"profile", std::string(profile_name(from.profile))},
      {"original_height", std::to_string(from.original_height)},
      {"original_width", std::to_string(from.original_width)},
      {"created_at", from.created_at},
  };
  if (!from.image_id.empty()) metadata.emplace("image_id", from.image_id);
  metadata.emplace(kMetadataDigestKey, metadata_digest(metadata, encoding.tensors));
  return metadata;
}

std::string value_or_empty(const SafetensorsMetadata& metadata, std::string_view key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

// Plain decimal digits as std::to_string writes them; 0 for anything else, which no size may be.
int parse_size(std::string_view text) {
  int size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && std::to_string(size) == text ? size : 0;
}

Result<EncodingMetadata> from_file_metadata(const SafetensorsMetadata& metadata) {
  const std::string format = value_or_empty(metadata, "format");
  if (format != kFormat) {
    return Error{ErrorCode::kUnsupported,
                 "not an encoding file: its metadata says format " + in_quotes(format) + ", not " + in_quotes(kFormat)};
  }
  const std::string version = value_or_empty(metadata, "version");
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported, "encoding version " + in_quotes(version) + " is not known, only 1 is"};
  }
  const Result<Profile> profile = parse_profile(value_or_empty(metadata, "profile"));
  if (!profile) return Error{ErrorCode::kCorrupt, profile.error().message};
  return EncodingMetadata{.image_sha256 = value_or_empty(metadata, "image_sha256"),
                          .image_id = value_or_empty(metadata, "image_id"),
                          .model = value_or_empty(metadata, "model"),
                          .model_fingerprint = value_or_empty(metadata, "model_fingerprint"),
                          .preprocess = value_or_empty(metadata, "preprocess"),
                          .profile = *profile,
                          .original_height = parse_size(value_or_empty(metadata, "original_height")),
                          .original_width = parse_size(value_or_empty(metadata, "original_width")),
                          .created_at = value_or_empty(metadata, "created_at")};
}

// The file's tensors in the profile's order, whatever order the file has them in.
std::vector<Tensor> in_profile_order(Profile profile, std::vector<Tensor> tensors) {
  const std::vector<std::string>& names = profile_tensor_names(profile);
  const auto place = [&](const Tensor& tensor) { return std::find(names.begin(), names.end(), tensor.name); };
  std::stable_sort(tensors.begin(), tensors.end(),
                   [&](const Tensor& a, const Tensor& b) { return place(a) < place(b); });
  return tensors;
}

Status check_metadata_digest(const SafetensorsMetadata& metadata, const std::vector<Tensor>& tensors) {
  const auto stated = metadata.find(kMetadataDigestKey);
  if (stated == metadata.end() || stated->second == metadata_digest(metadata, tensors)) return {};
  return Error{ErrorCode::kCorrupt, "the metadata does not match its digest: the file is damaged, make it again"};
}

Result<Encoding> to_encoding(const SafetensorsFile& file) {
  Result<EncodingMetadata> metadata = from_file_metadata(file.metadata());
  if (!metadata) return metadata.error();
  std::vector<Tensor> tensors = in_profile_order(metadata->profile, file.tensors());
  if (Status status = check_metadata_digest(file.metadata(), tensors); !status) return status.error();
  Encoding encoding{*std::move(metadata), std::move(tensors)};
  if (Fault fault = find_fault(encoding)) return Error{ErrorCode::kCorrupt, *fault};
  return encoding;
}

}  // namespace

std::string_view profile_name(Profile profile) { return facts(profile).name; }

const std::vector<std::string>& profile_tensor_names(Profile profile) { return facts(profile).tensor_names; }

Result<Profile> parse_profile(std::string_view name) {
  for (const Profile profile : {Profile::kTrunk, Profile::kInteractive, Profile::kDetector}) {
    if (profile_name(profile) == name) return profile;
  }
  return Error{ErrorCode::kInvalidArgument,
               "unknown profile " + in_quotes(name) + ": there are trunk, interactive and detector"};
}

Result<std::vector<Profile>> parse_profiles(std::string_view comma_separated) {
  std::vector<Profile> profiles;
  for (std::string_view rest = comma_separated;;) {
    const std::size_t comma = rest.find(',');
    const Result<Profile> profile = parse_profile(rest.substr(0, comma));
    if (!profile) return profile.error();
    if (std::find(profiles.begin(), profiles.end(), *profile) != profiles.end()) {
      return Error{ErrorCode::kInvalidArgument, "profile " + std::string(profile_name(*profile)) + " is given twice"};
    }
    profiles.push_back(*profile);
    if (comma == std::string_view::npos) return profiles;
    rest.remove_prefix(comma + 1);
  }
}

const Tensor* Encoding::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::uint64_t Encoding::size_bytes() const {
  std::uint64_t size = 0;
  for (const Tensor& tensor : tensors) size += tensor.data.size();
  return size;
}

Result<Encoding> parse_encoding(const SharedBytes& file, const std::string& source_name) {
  const Result<SafetensorsFile> parsed = SafetensorsFile::parse(file, SafetensorsLimits::for_encodings(), source_name);
  if (!parsed) return parsed.error();
  // What the file claims to be first: "not an encoding file" says more than "no digest".
  Result<Encoding> encoding = to_encoding(*parsed);
  if (!encoding) return encoding.error().within(source_name);
  if (Status status = parsed->verify_digest(); !status) {
    if (status.error().code != ErrorCode::kNotFound) return status.error();
    return Error{ErrorCode::kCorrupt, status.error().message};
  }
  return encoding;
}

Result<Encoding> read_encoding(const std::filesystem::path& path) {
  const Result<SharedBytes> file = read_file(path, kMaxEncodingFileBytes);
  if (!file) return file.error();
  return parse_encoding(*file, path.string());
}

Status write_encoding(const std::filesystem::path& path, const Encoding& encoding) {
  if (Fault fault = find_fault(encoding)) {
    return Error{ErrorCode::kInvalidArgument, "cannot write the encoding " + path.string() + ": " + *fault};
  }
  return write_safetensors(path, encoding.tensors, to_file_metadata(encoding));
}

Result<std::vector<std::byte>> serialize_encoding(const Encoding& encoding) {
  if (Fault fault = find_fault(encoding)) {
    return Error{ErrorCode::kInvalidArgument, "cannot serialize the encoding: " + *fault};
  }
  return serialize_safetensors(encoding.tensors, to_file_metadata(encoding));
}

}  // namespace samcache
