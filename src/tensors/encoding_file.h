// The `samcache.encoding` file: one image's encoding as safetensors, readable by every safetensors library.
//
// Metadata (all strings): format=samcache.encoding, version=1, image_sha256, image_id (when known), model,
// model_fingerprint, preprocess, profile, original_height, original_width, created_at (RFC 3339), digest (of the data).
// Tensors by profile; F32, F16 or BF16, batch of one:
//   trunk        trunk [1, C, H, W]
//   interactive  image_embeddings.0/1/2 [1, C0, 4H, 4W], [1, C1, 2H, 2W], [1, C2, H, W]
//   detector     backbone_fpn_0/1/2     [1, C, 4H, 4W], [1, C, 2H, 2W], [1, C, H, W]
// Integrity: two more keys make every changed bit of the file show, be it in a tensor, a name or the padding, with one
// fast pass over the bytes:
//   chunk_digests  of every 4 MiB of the data, as check_chunk_digests (base/hashing.h) reads them
//   header_digest  xxh3-128 of all that stands before the data (length, JSON, padding), its own 32 digits taken as
//   zeros
// They come together. A file without them (made elsewhere, or before there were any) is checked by its `digest`, and by
// metadata_digest where it has one: an older form, of the other metadata and the tensors' names, types and shapes. A
// file without `digest` is refused.
//
// An Encoding is immutable once made: pass it as std::shared_ptr<const Encoding> or const&; threads share it freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "tensors/tensor.h"

namespace samcache {

// The cut of the vision graph that was kept.
enum class Profile : std::uint8_t {
  kTrunk,        // the last ViT block's output: serves every prompt
  kInteractive,  // what a click needs
  kDetector,     // what a concept prompt needs
};

std::string_view profile_name(Profile profile);  // "trunk", "interactive", "detector"
Result<Profile> parse_profile(std::string_view name);
// "trunk,interactive": at least one, each at most once.
Result<std::vector<Profile>> parse_profiles(std::string_view comma_separated);
// The tensors an encoding of this profile consists of, in file order.
const std::vector<std::string>& profile_tensor_names(Profile profile);

inline constexpr int kMaxOriginalSize = 65535;  // pixels a side
// The largest file that is looked into: ten times a full-size detector encoding in float32.
inline constexpr std::uint64_t kMaxEncodingFileBytes = 1ULL << 30;

struct EncodingMetadata {
  std::string image_sha256;       // 64 lower-case hexadecimal digits, of the original file's bytes
  std::string image_id;           // empty when not known
  std::string model;              // e.g. "facebook/sam3"; for people
  std::string model_fingerprint;  // of the weights; encodings of different fingerprints do not mix
  std::string preprocess;         // revision of the preprocessing
  Profile profile = Profile::kTrunk;
  int original_height = 0;  // pixels, 1..kMaxOriginalSize
  int original_width = 0;
  std::string created_at;  // RFC 3339
};

struct Encoding {
  EncodingMetadata metadata;
  std::vector<Tensor> tensors;

  const Tensor* find(std::string_view name) const;  // nullptr when absent
  std::uint64_t size_bytes() const;                 // of the tensors' data
};

// Reads the file, checks the digest, the metadata and the tensors. The tensors are slices of one buffer. It is read and
// not mapped: every byte is wanted at once, to check the digest, and in a virtual machine the page faults of a mapping
// cost several times the copy; nor can a file that somebody truncates later crash the process. kNotFound: no such file;
// kUnsupported: another format or a later version; kTooLarge: a header or a size that is no encoding's; kCorrupt:
// anything broken.
Result<Encoding> read_encoding(const std::filesystem::path& path);
// The same on bytes; `source_name` stands in errors where the path would. Keeps `file` alive.
Result<Encoding> parse_encoding(const SharedBytes& file, const std::string& source_name);
// The same without the pass over the tensors' bytes: microseconds. Allowed for bytes that parse_encoding or
// check_encoding_file accepted in this process and that have stayed in its memory since; never for a mapped file, which
// others can write to. Everything but the data is checked as ever.
Result<Encoding> parse_verified_encoding(const SharedBytes& file, const std::string& source_name);
// Whether parse_encoding would accept it: for whoever moves bytes and does not look into them.
Status check_encoding_file(const SharedBytes& file, const std::string& source_name);

// kInvalidArgument when the encoding breaks the rules above; else as AtomicFileWriter.
Status write_encoding(const std::filesystem::path& path, const Encoding& encoding);
// The bytes write_encoding writes.
Result<std::vector<std::byte>> serialize_encoding(const Encoding& encoding);

}  // namespace samcache
