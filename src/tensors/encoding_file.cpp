#include "tensors/encoding_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/hashing.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "tensors/safetensors.h"
#include "tensors/safetensors_header.h"

namespace samcache {
namespace {

constexpr std::string_view kFormat = "samcache.encoding";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kMetadataDigestKey = "metadata_digest";
constexpr std::string_view kChunkDigestsKey = "chunk_digests";
constexpr std::string_view kHeaderDigestKey = "header_digest";
// How it stands in a header, up to its digits. Inside a JSON string the quotes would be escaped.
constexpr std::string_view kHeaderDigestStart = R"("header_digest":"xxh3-128:)";
constexpr std::size_t kHeaderDigestDigits = 32;
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

// The older form. Covers all metadata but the two digests, and what each tensor claims to be. Every part is preceded by
// its length, so that no two different files give the same text.
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

// Where the digits of the header digest are; nothing where there is none.
std::optional<std::size_t> find_header_digits(ByteSpan prefix) {
  const std::size_t found = text_of(prefix).find(kHeaderDigestStart);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t digits = found + kHeaderDigestStart.size();
  if (prefix.size() - digits < kHeaderDigestDigits) return std::nullopt;
  return digits;
}

// Of everything before the data, with the digits themselves taken as zeros.
std::string header_digest(ByteSpan prefix, std::size_t digits) {
  Xxh3Hasher hasher;
  hasher.update(prefix.first(digits));
  hasher.update(bytes_of(std::string(kHeaderDigestDigits, '0')));
  hasher.update(prefix.subspan(digits + kHeaderDigestDigits));
  return hasher.digest();
}

SafetensorsMetadata to_file_metadata(const EncodingMetadata& from) {
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
  return metadata;
}

// A file's beginning, complete, and the tensors whose data follows it, in their order there.
struct EncodingLayout {
  std::string prefix;
  std::vector<Tensor> tensors;
};

Result<EncodingLayout> lay_out(const Encoding& encoding) {
  if (Fault fault = find_fault(encoding)) return Error{ErrorCode::kInvalidArgument, *fault};
  EncodingLayout layout{{}, in_aligned_order(encoding.tensors)};
  std::vector<TensorSpec> specs;
  ChunkedXxh3Hasher data;
  for (const Tensor& tensor : layout.tensors) {
    specs.push_back({tensor.name, tensor.dtype, tensor.shape});
    data.update(tensor.data);
  }
  SafetensorsMetadata metadata = to_file_metadata(encoding.metadata);
  metadata.emplace(kChunkDigestsKey, data.chunk_digests());
  metadata.emplace(kHeaderDigestKey, std::string(kXxh3DigestPrefix) + std::string(kHeaderDigestDigits, '0'));
  Result<std::string> prefix = build_safetensors_prefix(specs, metadata);
  if (!prefix) return prefix.error();
  layout.prefix = *std::move(prefix);
  layout.prefix.replace(kDigestOffset, kXxh3DigestLength, data.digest());
  const std::optional<std::size_t> digits = find_header_digits(bytes_of(layout.prefix));
  check(digits.has_value(), "encoding file: the header that was just built has no header digest");
  const std::string digest = header_digest(bytes_of(layout.prefix), *digits);
  layout.prefix.replace(*digits, kHeaderDigestDigits, digest.substr(kXxh3DigestPrefix.size()));
  return layout;
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

Error damaged(const std::string& what) { return {ErrorCode::kCorrupt, what + ": the file is damaged, make it again"}; }

// `prefix`: everything before the data.
Status check_header_digest(const SafetensorsMetadata& metadata, ByteSpan prefix) {
  const auto stated = metadata.find(kHeaderDigestKey);
  if (stated == metadata.end()) {
    // Without this a damaged name of the key would go unnoticed.
    if (metadata.contains(kChunkDigestsKey)) return damaged("the metadata has chunk_digests but no header_digest");
    return {};
  }
  const std::optional<std::size_t> digits = find_header_digits(prefix);
  if (digits && header_digest(prefix, *digits) == stated->second) return {};
  return damaged("the header does not match its digest");
}

Status check_metadata_digest(const SafetensorsMetadata& metadata, const std::vector<Tensor>& tensors) {
  const auto stated = metadata.find(kMetadataDigestKey);
  if (stated == metadata.end() || stated->second == metadata_digest(metadata, tensors)) return {};
  return damaged("the metadata does not match its digest");
}

// Errors name the file.
Status check_data(const SafetensorsFile& file) {
  const auto chunk_digests = file.metadata().find(kChunkDigestsKey);
  if (chunk_digests != file.metadata().end() && file.metadata().contains(kDigestKey)) {
    const Status status = check_chunk_digests(file.data(), chunk_digests->second);
    if (!status) return damaged(status.error().message).within(file.source_name());
    return {};
  }
  Status status = file.verify_digest();
  if (status || status.error().code != ErrorCode::kNotFound) return status;
  return Error{ErrorCode::kCorrupt, status.error().message};
}

Result<Encoding> to_encoding(const SafetensorsFile& file, ByteSpan prefix) {
  Result<EncodingMetadata> metadata = from_file_metadata(file.metadata());
  if (!metadata) return metadata.error();
  if (Status status = check_header_digest(file.metadata(), prefix); !status) return status.error();
  std::vector<Tensor> tensors = in_profile_order(metadata->profile, file.tensors());
  if (Status status = check_metadata_digest(file.metadata(), tensors); !status) return status.error();
  Encoding encoding{*std::move(metadata), std::move(tensors)};
  if (Fault fault = find_fault(encoding)) return Error{ErrorCode::kCorrupt, *fault};
  return encoding;
}

enum class DataCheck { kDigests, kNone };

Result<Encoding> parse(const SharedBytes& file, const std::string& source_name, DataCheck data_check) {
  const Result<SafetensorsFile> parsed = SafetensorsFile::parse(file, SafetensorsLimits::for_encodings(), source_name);
  if (!parsed) return parsed.error();
  // What the file claims to be first: "not an encoding file" says more than "no digest".
  Result<Encoding> encoding = to_encoding(*parsed, file.span().first(file.size() - parsed->data().size()));
  if (!encoding) return encoding.error().within(source_name);
  if (data_check == DataCheck::kDigests) {
    if (Status status = check_data(*parsed); !status) return status.error();
  }
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
  return parse(file, source_name, DataCheck::kDigests);
}

Result<Encoding> parse_verified_encoding(const SharedBytes& file, const std::string& source_name) {
  return parse(file, source_name, DataCheck::kNone);
}

Status check_encoding_file(const SharedBytes& file, const std::string& source_name) {
  const Result<Encoding> encoding = parse_encoding(file, source_name);
  if (!encoding) return encoding.error();
  return {};
}

Result<Encoding> read_encoding(const std::filesystem::path& path) {
  const Result<SharedBytes> file = read_file(path, kMaxEncodingFileBytes);
  if (!file) return file.error();
  return parse_encoding(*file, path.string());
}

Status write_encoding(const std::filesystem::path& path, const Encoding& encoding) {
  const Result<EncodingLayout> layout = lay_out(encoding);
  if (!layout) return layout.error().within("cannot write the encoding " + path.string());
  Result<AtomicFileWriter> file = AtomicFileWriter::create(path);
  if (!file) return file.error();
  if (Status status = file->reserve(layout->prefix.size() + encoding.size_bytes()); !status) return status;
  if (Status status = file->append(bytes_of(layout->prefix)); !status) return status;
  for (const Tensor& tensor : layout->tensors) {
    if (Status status = file->append(tensor.data); !status) return status;
  }
  return file->commit();
}

Result<std::vector<std::byte>> serialize_encoding(const Encoding& encoding) {
  const Result<EncodingLayout> layout = lay_out(encoding);
  if (!layout) return layout.error().within("cannot serialize the encoding");
  std::vector<std::byte> file;
  file.reserve(layout->prefix.size() + encoding.size_bytes());
  const auto add = [&](ByteSpan bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
  add(bytes_of(layout->prefix));
  for (const Tensor& tensor : layout->tensors) add(tensor.data);
  return file;
}

}  // namespace samcache
