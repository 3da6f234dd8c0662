// libFuzzer target: any bytes as a safetensors file and as an encoding file.
//
// What the reader accepts must hold its own promises (slices within the data, sizes that fit), must survive being
// written and read again, and must stay an encoding if it was one. A digest cannot be guessed, so the digests of
// accepted files are put right before they are tried as encodings: the checks behind them get their share.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tensors/encoding_file.h"
#include "tensors/safetensors.h"

namespace {

using samcache::Encoding;
using samcache::Result;
using samcache::SafetensorsFile;
using samcache::SafetensorsLimits;
using samcache::SafetensorsMetadata;
using samcache::SharedBytes;
using samcache::Tensor;

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void check_promises(const SafetensorsFile& file) {
  const std::byte* next = file.data().data();
  for (const Tensor& tensor : file.tensors()) {
    require(tensor.data.data() == next, "tensors follow each other without a gap");
    next += tensor.data.size();
    require(samcache::tensor_size_bytes(tensor.dtype, tensor.shape) == tensor.data.size(), "sizes fit shapes");
    require(file.find(tensor.name) == &tensor, "every tensor is found by its name");
  }
  require(next == file.data().data() + file.data().size(), "tensors cover the data");
}

// Writes what was read with a right digest, and reads it again.
SharedBytes rewritten(const SafetensorsFile& file) {
  SafetensorsMetadata metadata = file.metadata();
  for (const char* key : {"digest", "chunk_digests", "header_digest", "metadata_digest"}) metadata.erase(key);
  Result<std::vector<std::byte>> bytes = samcache::serialize_safetensors(file.tensors(), metadata);
  require(bytes.ok(), "what was read can be written");
  SharedBytes written(*std::move(bytes));
  const Result<SafetensorsFile> again = SafetensorsFile::parse(written, SafetensorsLimits::for_checkpoints(), "again");
  require(again.ok(), "what was written can be read");
  require(again->verify_digest().ok(), "its digest is right");
  require(again->tensors().size() == file.tensors().size(), "no tensor got lost");
  for (const Tensor& tensor : file.tensors()) {
    const Tensor* found = again->find(tensor.name);
    require(found != nullptr && found->shape == tensor.shape && found->dtype == tensor.dtype &&
                samcache::text_of(found->data) == samcache::text_of(tensor.data),
            "tensors are the same again");
  }
  return written;
}

void check_encoding(const Result<Encoding>& encoding) {
  if (!encoding) return;
  Result<std::vector<std::byte>> bytes = samcache::serialize_encoding(*encoding);
  require(bytes.ok(), "an encoding that was read can be written");
  require(samcache::parse_encoding(SharedBytes(*std::move(bytes)), "again").ok(), "and read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const samcache::ByteSpan input = std::as_bytes(std::span(data, size));
  const SharedBytes bytes = SharedBytes::copy_of(input);
  check_encoding(samcache::parse_encoding(bytes, "input"));
  const Result<SafetensorsFile> file = SafetensorsFile::parse(bytes, SafetensorsLimits::for_checkpoints(), "input");
  if (!file) {
    require(!file.error().message.empty() && file.error().message.find('\n') == std::string::npos,
            "errors are one line");
    return 0;
  }
  check_promises(*file);
  check_encoding(samcache::parse_encoding(rewritten(*file), "rewritten"));
  return 0;
}
