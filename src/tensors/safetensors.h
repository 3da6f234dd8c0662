// Reading and writing the safetensors format: 8 bytes of little-endian header length, a JSON header, the tensors'
// bytes.
//
// Reading is zero-copy: tensors are slices of the mapped file, and nothing but the header is touched. Everything is
// validated before the first tensor is handed out, and whatever is wrong is ONE error that names the file and the
// fault. What the reference library refuses is refused here. Stricter than it:
//   - duplicate keys (also inside an entry and inside __metadata__) and unknown keys inside an entry are refused;
//   - a zero header length and a header that does not start with '{' are refused with their own message;
//   - after the JSON object only spaces, tabs and line breaks may follow (as there), before it nothing may stand;
//   - dimensions and sizes must fit 63 bits; a shape has at most 16 dimensions; Limits bound header and tensor count;
//   - a tensor must not be called "__metadata__", nor have an empty name.
// Entries may stand in the header in any order; sorted by offset they must cover the data without gap, overlap or rest.
//
// Writing: tensors without padding between them, in the order given, the header padded with spaces so that the data
// starts at a multiple of 4096; a digest of the data goes into the metadata. Files are published atomically
// (base/atomic_file.h).
//
// Threads: a SafetensorsFile is immutable, share it freely. A SafetensorsWriter is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hashing.h"
#include "base/mapped_file.h"
#include "tensors/tensor.h"

namespace samcache {

struct SafetensorsLimits {
  std::uint64_t max_header_bytes = 100'000'000;  // the reference library's own limit
  std::size_t max_tensors = 200'000;

  static SafetensorsLimits for_checkpoints() { return {}; }
  static SafetensorsLimits for_encodings() { return {.max_header_bytes = 1 << 20, .max_tensors = 64}; }
};

using SafetensorsMetadata = std::map<std::string, std::string, std::less<>>;

class SafetensorsFile {
 public:
  // Maps the file; the mapping lives as long as this object or any tensor of it. See mapped_file.h on truncation.
  static Result<SafetensorsFile> open(const std::filesystem::path& path, const SafetensorsLimits& limits,
                                      MapAdvice advice = MapAdvice::kNone);
  // The same on bytes that are in memory already; `source_name` stands in errors where the path would.
  static Result<SafetensorsFile> parse(const SharedBytes& file, const SafetensorsLimits& limits,
                                       const std::string& source_name);

  // The string pairs under "__metadata__"; empty when there are none.
  const SafetensorsMetadata& metadata() const { return metadata_; }
  // In the order of their data.
  const std::vector<Tensor>& tensors() const { return tensors_; }
  // nullptr when there is none of that name; valid as long as this object.
  const Tensor* find(std::string_view name) const;

  // Length of the JSON header with its padding, as in the file's first 8 bytes.
  std::uint64_t header_size_bytes() const { return header_size_bytes_; }
  // All tensors' bytes, from the end of the header to the end of the file.
  const SharedBytes& data() const { return data_; }
  const std::string& source_name() const { return source_name_; }

  // Compares metadata()["digest"] with the data. kNotFound: the file has no digest (not made by this project: nothing
  // can be said); kUnsupported: a digest of another kind than "xxh3-128:..."; kCorrupt: the bytes are not what was
  // written.
  Status verify_digest() const;

 private:
  SafetensorsFile() = default;

  SafetensorsMetadata metadata_;
  std::vector<Tensor> tensors_;
  std::vector<std::uint32_t> by_name_;  // indices into tensors_, sorted by name
  std::uint64_t header_size_bytes_ = 0;
  SharedBytes data_;
  std::string source_name_;
};

// What a tensor will be, before its bytes are there.
struct TensorSpec {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
};

// The format allows no gap between tensors, so order is all there is to align them with. This order puts first the
// tensors whose size is a multiple of 64 (each of them then starts at a multiple of 64), then the others by falling
// element size (each then starts at a multiple of its element size); within these groups the given order stays.
std::vector<TensorSpec> aligned_order(std::vector<TensorSpec> specs);
// Throws when a tensor's data does not fit its shape.
std::vector<Tensor> in_aligned_order(const std::vector<Tensor>& tensors);

// Streams a file that need not fit in memory. Metadata must not contain "digest": the writer adds it.
class SafetensorsWriter {
 public:
  // kInvalidArgument: a duplicate, empty or reserved name, text that is not UTF-8, a shape whose size does not fit, or
  // an order in which a tensor would not start at a multiple of its element size (see aligned_order).
  static Result<SafetensorsWriter> create(const std::filesystem::path& path, const std::vector<TensorSpec>& specs,
                                          const SafetensorsMetadata& metadata);

  // The next bytes of the data, in spec order; pieces may end anywhere. More than the specs say throws.
  Status append(ByteSpan bytes);

  // Writes the digest into the header and publishes the file. Throws unless all bytes were appended.
  Status commit();

  std::uint64_t data_size_bytes() const { return data_size_bytes_; }

 private:
  SafetensorsWriter(AtomicFileWriter file, std::uint64_t data_size_bytes);

  AtomicFileWriter file_;
  Xxh3Hasher hasher_;
  std::uint64_t data_size_bytes_;
  std::uint64_t appended_bytes_ = 0;
};

// A whole file at once, in aligned_order(). The two produce the same bytes.
Status write_safetensors(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                         const SafetensorsMetadata& metadata);
Result<std::vector<std::byte>> serialize_safetensors(const std::vector<Tensor>& tensors,
                                                     const SafetensorsMetadata& metadata);

}  // namespace samcache
