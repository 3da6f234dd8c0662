#include "tensors/pt_file.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "base/mapped_file.h"
#include "base/text.h"
#include "tensors/pt_file_archive.h"
#include "tensors/pt_file_pickle.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxDimensions = 16;

// The folder inside the archive ("archive/", or whatever the file was called when it was saved).
std::optional<std::string> find_prefix(const ZipEntries& entries) {
  constexpr std::string_view kPickle = "data.pkl";
  for (const auto& [name, bytes] : entries) {
    if (!name.ends_with(kPickle)) continue;
    const std::string_view prefix = name.substr(0, name.size() - kPickle.size());
    if (prefix.empty() || prefix.find('/') == prefix.size() - 1) return std::string(prefix);
  }
  return std::nullopt;
}

bool is_contiguous(const PickledTensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

// Number of elements of storage that the tensor reaches into, from the storage's start; nothing on overflow or
// negative numbers. Requires at least one element.
std::optional<std::uint64_t> reach_elements(const PickledTensor& tensor) {
  std::uint64_t last = static_cast<std::uint64_t>(tensor.offset);
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::uint64_t step = 0;
    if (tensor.strides[i] < 0 ||
        __builtin_mul_overflow(static_cast<std::uint64_t>(tensor.shape[i] - 1),
                               static_cast<std::uint64_t>(tensor.strides[i]), &step) ||
        __builtin_add_overflow(last, step, &last))
      return std::nullopt;
  }
  return __builtin_add_overflow(last, std::uint64_t{1}, &last) ? std::nullopt : std::optional(last);
}

// The elements in row-major order. The reach was checked against `storage`.
SharedBytes gather(const PickledTensor& tensor, const SharedBytes& storage, std::uint64_t count, std::size_t width) {
  AlignedBuffer result(count * width);
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  const std::byte* from = storage.data() + static_cast<std::uint64_t>(tensor.offset) * width;
  std::byte* to = result.data();
  std::uint64_t at = 0;  // in elements from `from`; unsigned, as a stride that is never used may be any number
  for (std::uint64_t i = 0; i < count; ++i, to += width) {
    std::memcpy(to, from + at * width, width);
    for (std::size_t dim = index.size(); dim-- > 0;) {
      at += static_cast<std::uint64_t>(tensor.strides[dim]);
      if (++index[dim] < tensor.shape[dim]) break;
      at -= static_cast<std::uint64_t>(tensor.strides[dim]) * static_cast<std::uint64_t>(tensor.shape[dim]);
      index[dim] = 0;
    }
  }
  return std::move(result).share();
}

class TensorReader {
 public:
  TensorReader(const ZipEntries& entries, std::string prefix, std::uint64_t copy_budget)
      : entries_(entries), prefix_(std::move(prefix)), copy_budget_(copy_budget) {}

  Result<Tensor> read(const PickledEntry& entry) {
    const PickledTensor& pickled = entry.tensor;
    Tensor tensor{std::string(entry.key), pickled.dtype, pickled.shape, {}};
    const auto corrupt = [&](const std::string& what) {
      return Error{ErrorCode::kCorrupt, "tensor " + in_quotes(tensor.name) + " " + what};
    };
    if (pickled.shape.size() > kMaxDimensions) return corrupt("has more than 16 dimensions");
    const auto storage = entries_.find(prefix_ + "data/" + std::string(pickled.storage_key));
    if (storage == entries_.end()) return corrupt("has no data in the archive");
    const SharedBytes& bytes = storage->second;
    if (bytes.size() != pickled.storage_bytes)
      return corrupt("has " + std::to_string(bytes.size()) + " bytes of storage where the pickle says " +
                     std::to_string(pickled.storage_bytes));
    const std::optional<std::uint64_t> count = element_count(pickled.shape);
    const std::optional<std::uint64_t> size = tensor_size_bytes(pickled.dtype, pickled.shape);
    if (!count || !size || pickled.offset < 0) return corrupt("has an impossible shape");
    if (*count == 0) return tensor;
    const std::size_t width = dtype_bits(pickled.dtype) / 8;
    const std::optional<std::uint64_t> reach = reach_elements(pickled);
    if (!reach || *reach > bytes.size() / width) return corrupt("reaches past the end of its storage");
    if (is_contiguous(pickled)) {
      tensor.data = bytes.slice(static_cast<std::size_t>(pickled.offset) * width, *size);
      return tensor;
    }
    if (*size > copy_budget_)
      return Error{ErrorCode::kTooLarge, "tensor " + in_quotes(tensor.name) +
                                             " is not contiguous and too large to copy: save it .contiguous()"};
    copy_budget_ -= *size;
    tensor.data = gather(pickled, bytes, *count, width);
    return tensor;
  }

 private:
  const ZipEntries& entries_;
  std::string prefix_;
  std::uint64_t copy_budget_;
};

Result<std::vector<Tensor>> read_tensors(const SharedBytes& file, const PtLimits& limits) {
  const std::string_view start = text_of(file.span().first(std::min<std::size_t>(file.size(), 4)));
  if (start.starts_with('\x80'))
    return Error{ErrorCode::kUnsupported,
                 "saved in the format from before PyTorch 1.6: load it and torch.save it again with a newer one"};
  if (!start.starts_with("PK")) return Error{ErrorCode::kCorrupt, "not a PyTorch checkpoint (no zip archive)"};
  const Result<ZipEntries> entries = read_zip_entries(file, limits.archive_entries);
  if (!entries) return entries.error();
  const std::optional<std::string> prefix = find_prefix(*entries);
  if (!prefix) return Error{ErrorCode::kCorrupt, "a zip archive, but not a PyTorch checkpoint (no data.pkl inside)"};
  if (entries->contains(*prefix + "constants.pkl"))
    return Error{ErrorCode::kUnsupported, "a TorchScript program, not a checkpoint: save the model's state dict"};
  const auto byte_order = entries->find(*prefix + "byteorder");
  if (byte_order != entries->end() && text_of(byte_order->second) != "little")
    return Error{ErrorCode::kUnsupported, "saved on a big-endian machine: save it again on a little-endian one"};
  const SharedBytes& pickle = entries->find(*prefix + "data.pkl")->second;
  if (pickle.size() > limits.pickle_bytes)
    return Error{ErrorCode::kTooLarge, "data.pkl has " + std::to_string(pickle.size()) +
                                           " bytes, more than the limit of " + std::to_string(limits.pickle_bytes)};
  const Result<std::vector<PickledEntry>> state_dict = read_state_dict(pickle);
  if (!state_dict) return state_dict.error();

  TensorReader reader(*entries, *prefix, limits.copied_bytes);
  std::vector<Tensor> tensors;
  std::set<std::string_view> names;
  for (const PickledEntry& entry : *state_dict) {
    Result<Tensor> tensor = reader.read(entry);
    if (!tensor) return tensor.error();
    if (!names.insert(entry.key).second)
      return Error{ErrorCode::kCorrupt, "tensor " + in_quotes(tensor->name) + " occurs twice"};
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

}  // namespace

Result<std::vector<Tensor>> parse_pt(const SharedBytes& file, const std::string& source, const PtLimits& limits) {
  Result<std::vector<Tensor>> tensors = read_tensors(file, limits);
  if (!tensors) return tensors.error().within(source);
  return tensors;
}

Result<std::vector<Tensor>> open_pt(const std::filesystem::path& path, const PtLimits& limits) {
  const Result<SharedBytes> file = map_file(path);
  if (!file) return file.error();
  return parse_pt(*file, path.string(), limits);
}

}  // namespace samcache
