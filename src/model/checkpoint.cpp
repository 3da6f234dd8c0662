#include "model/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "model/checkpoint_files.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// Where the numbers of one row of the table are.
struct Located {
  bool present = false;
  bool transposed = false;  // one span, whose transpose is the canonical tensor
  DType dtype = DType::kF32;
  std::vector<SharedBytes> spans = {};
};

bool is_weight_dtype(DType dtype) { return dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16; }

bool is_rotary_table(std::string_view name) { return name.ends_with(".freqs_cis"); }

// What does not fit, gathered so that one message can show the extent of it.
struct Misfits {
  static constexpr std::size_t kShown = 3;
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
  std::vector<std::string> misshapen;

  bool any() const { return !missing.empty() || !unknown.empty() || !misshapen.empty(); }

  std::string text() const {
    std::string result;
    append(result, "missing", missing);
    append(result, "unknown", unknown);
    append(result, "of another shape or type", misshapen);
    return result;
  }

 private:
  static void append(std::string& result, const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    if (!result.empty()) result += "; ";
    result += std::to_string(names.size()) + (names.size() == 1 ? " tensor " : " tensors ") + what + " (";
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) result += (i > 0 ? ", " : "") + names[i];
    result += names.size() > kShown ? ", …)" : ")";
  }
};

std::optional<Naming> detect_naming(const WeightFiles& files) {
  if (files.converted()) return Naming::kCanonical;
  for (const Tensor& tensor : files.tensors) {
    const std::string_view name = tensor.name;
    if (name.starts_with("detector_model.") || name.starts_with("tracker_model.") || name.starts_with("tracker_neck."))
      return Naming::kHuggingFace;
    if (name.starts_with("detector.") || name.starts_with("tracker.")) return Naming::kMeta;
  }
  return std::nullopt;
}

// Finds the rows of the table among the tensors of a file.
class Matcher {
 public:
  Matcher(const std::vector<Tensor>& tensors, Naming naming) : naming_(naming) {
    for (const Tensor& tensor : tensors) by_name_.emplace(tensor.name, &tensor);
  }

  Located locate(const WeightSpec& spec) {
    if (!spec.generated) {
      known_.insert(spec.name);  // computed from the sizes, so whatever the file says about it is not read
      return {};
    }
    if (naming_ == Naming::kCanonical) return locate_whole(spec, spec.name, spec.canonical_shape());
    if (naming_ == Naming::kMeta) return locate_meta(spec);
    return locate_hf(spec);
  }

  Misfits finish() && {
    for (const auto& [name, tensor] : by_name_)
      if (!known_.contains(name)) misfits_.unknown.push_back(in_quotes(name));
    std::sort(misfits_.unknown.begin(), misfits_.unknown.end());
    return std::move(misfits_);
  }

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const Tensor* find(const std::string& name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return nullptr;
    known_.insert(found->first);
    return found->second;
  }

  // The tensor of this name if it is there and fits.
  const Tensor* find_fitting(const WeightSpec& spec, const std::string& name, const std::vector<std::int64_t>& shape) {
    const Tensor* tensor = find(name);
    if (tensor == nullptr) {
      if (spec.used_by_image_model && reported_.insert(name).second) misfits_.missing.push_back(name);
      return nullptr;
    }
    if (tensor->shape == shape && is_weight_dtype(tensor->dtype)) return tensor;
    if (reported_.insert(name).second)
      misfits_.misshapen.push_back(name + " is " + std::string(dtype_name(tensor->dtype)) + " " +
                                   shape_text(tensor->shape) + ", expected " + shape_text(shape));
    return nullptr;
  }

  Located locate_whole(const WeightSpec& spec, const std::string& name, const std::vector<std::int64_t>& shape) {
    const Tensor* tensor = find_fitting(spec, name, shape);
    if (tensor == nullptr) return {};
    return {.present = true, .dtype = tensor->dtype, .spans = {tensor->data}};
  }

  Located locate_meta(const WeightSpec& spec) {
    Located located = locate_whole(spec, spec.name, spec.shape);
    if (located.present && spec.drops_first_row()) {
      SharedBytes& data = located.spans.front();
      const std::size_t row = data.size() / static_cast<std::size_t>(spec.shape[1]);
      data = data.slice(row, data.size() - row);
    }
    return located;
  }

  Located locate_hf(const WeightSpec& spec) {
    if (spec.hf.empty()) return {};
    switch (spec.hf.front().op) {
      case HfPiece::Op::kSame: return locate_copies(spec);
      case HfPiece::Op::kRows: return locate_rows(spec);
      case HfPiece::Op::kDropFirst: return locate_whole(spec, spec.hf[0].name, spec.hf[0].shape);
      case HfPiece::Op::kConcatRow: return locate_concatenated(spec);
      case HfPiece::Op::kTranspose: {
        Located located = locate_whole(spec, spec.hf[0].name, spec.hf[0].shape);
        located.transposed = true;
        return located;
      }
    }
    return {};
  }

  // Any one of the copies will do; others that are there must say the same.
  Located locate_copies(const WeightSpec& spec) {
    const HfPiece* chosen = &spec.hf.front();
    for (const HfPiece& piece : spec.hf)
      if (!by_name_.contains(chosen->name)) chosen = &piece;
    if (!by_name_.contains(chosen->name)) chosen = &spec.hf.front();
    Located located = locate_whole(spec, chosen->name, chosen->shape);
    for (const HfPiece& piece : spec.hf) {
      if (&piece == chosen || !by_name_.contains(piece.name)) continue;
      const Located other = locate_whole(spec, piece.name, piece.shape);
      if (!located.present || !other.present) continue;
      const ByteSpan a = located.spans.front();
      const ByteSpan b = other.spans.front();
      if (a.size() != b.size() || std::memcmp(a.data(), b.data(), a.size()) != 0)
        warnings_.push_back(piece.name + " differs from " + chosen->name + ", which is the one in use");
    }
    return located;
  }

  Located locate_rows(const WeightSpec& spec) {
    const bool split = std::any_of(spec.hf.begin(), spec.hf.end(),
                                   [&](const HfPiece& piece) { return by_name_.contains(piece.name); });
    if (!split)
      for (const std::string& fused : spec.hf_fused_names)
        if (by_name_.contains(fused)) return locate_whole(spec, fused, spec.shape);
    Located located{.present = true};
    for (const HfPiece& piece : spec.hf) {
      const Tensor* tensor = find_fitting(spec, piece.name, piece.shape);
      if (tensor == nullptr) {
        located.present = false;
        continue;
      }
      if (!located.spans.empty() && located.dtype != tensor->dtype)
        misfits_.misshapen.push_back(piece.name + " is " + std::string(dtype_name(tensor->dtype)) +
                                     ", unlike the projections beside it");
      located.dtype = tensor->dtype;
      located.spans.push_back(tensor->data);
    }
    return located.present ? located : Located{};
  }

  Located locate_concatenated(const WeightSpec& spec) {
    const HfPiece& piece = spec.hf.front();
    Located located = locate_whole(spec, piece.name, piece.shape);
    if (!located.present) return located;
    SharedBytes& data = located.spans.front();
    const std::size_t row = data.size() / static_cast<std::size_t>(piece.count);
    data = data.slice(row * static_cast<std::size_t>(piece.index), row);
    return located;
  }

  Naming naming_;
  std::unordered_map<std::string_view, const Tensor*> by_name_;
  std::set<std::string_view> known_;
  std::set<std::string> reported_;
  Misfits misfits_;
  std::vector<std::string> warnings_;
};

SharedBytes concatenated(const std::vector<SharedBytes>& spans) {
  std::size_t size = 0;
  for (const SharedBytes& span : spans) size += span.size();
  AlignedBuffer buffer(size);
  std::byte* to = buffer.data();
  for (const SharedBytes& span : spans) {
    if (!span.empty()) std::memcpy(to, span.data(), span.size());
    to += span.size();
  }
  return std::move(buffer).share();
}

// `from` is [columns, rows] of `width`-byte elements; the answer is [rows, columns].
SharedBytes transposed(const SharedBytes& from, std::size_t rows, std::size_t columns, std::size_t width) {
  AlignedBuffer buffer(from.size());
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      std::memcpy(buffer.data() + (row * columns + column) * width, from.data() + (column * rows + row) * width, width);
  return std::move(buffer).share();
}

}  // namespace

const char* naming_name(Naming naming) {
  switch (naming) {
    case Naming::kHuggingFace: return "Hugging Face";
    case Naming::kMeta: return "Meta";
    case Naming::kCanonical: return "samcache";
  }
  return "";
}

struct Checkpoint::State {
  Sam3Config config;
  bool has_config_file = false;
  Naming naming = Naming::kHuggingFace;
  std::vector<fs::path> source_files;
  std::uint64_t size_bytes = 0;
  int tensor_count = 0;
  std::uint64_t parameter_count = 0;
  std::map<DType, int> dtypes;
  std::vector<WeightSpec> table;
  std::vector<Located> located;                               // one for each row of the table
  std::unordered_map<std::string_view, std::size_t> by_name;  // rows of the table
  std::vector<std::string> missing_unused;
  std::vector<std::string> present_unused;
  std::vector<std::string> warnings;
  std::string carried_fingerprint;
};

class CheckpointLoader {
 public:
  static Result<Checkpoint> load(const fs::path& path, const CheckpointOptions& options) {
    Result<WeightFiles> files = open_weight_files(path, options);
    if (!files) return files.error();
    auto state = std::make_shared<Checkpoint::State>();
    if (const Status read = read_sizes(*files, *state); !read) return read.error();
    describe(*files, *state);
    if (const Status matched = match(*files, *state); !matched) return matched.error();
    return Checkpoint(std::move(state));
  }

 private:
  // config.json beside the weights; else the sizes a converted copy carries; else the released ones.
  static Status read_sizes(const WeightFiles& files, Checkpoint::State& state) {
    const fs::path path = files.paths.front().parent_path() / "config.json";
    Result<Sam3Config> config = read_config(path.string());
    state.has_config_file = config.ok();
    if (!config && config.error().code != ErrorCode::kNotFound) return config.error();
    const auto carried = files.metadata.find("config");
    if (!config && files.converted() && carried != files.metadata.end()) {
      config = parse_config(carried->second, "the config in " + files.paths.front().string());
      if (!config) return config.error();
    } else if (!config) {
      state.warnings.push_back("no " + path.string() + ": the sizes of the released SAM 3 are assumed");
      config = Sam3Config::released();
    }
    state.config = *std::move(config);
    return {};
  }

  static void describe(const WeightFiles& files, Checkpoint::State& state) {
    state.source_files = files.paths;
    state.size_bytes = files.size_bytes;
    state.tensor_count = static_cast<int>(files.tensors.size());
    state.warnings.insert(state.warnings.end(), files.warnings.begin(), files.warnings.end());
    for (const Tensor& tensor : files.tensors) {
      ++state.dtypes[tensor.dtype];
      if (!is_rotary_table(tensor.name)) state.parameter_count += element_count(tensor.shape).value_or(0);
    }
  }

  static Status match(const WeightFiles& files, Checkpoint::State& state) {
    const std::string source = files.paths.front().string();
    const std::optional<Naming> naming = detect_naming(files);
    if (!naming)
      return Error{ErrorCode::kUnsupported,
                   source + " is not a SAM 3 checkpoint: none of its " + std::to_string(files.tensors.size()) +
                       " tensors is called detector… or tracker…" +
                       (files.tensors.empty() ? "" : " (the first is " + in_quotes(files.tensors.front().name) + ")")};
    state.naming = *naming;
    state.table = weights_table(state.config);
    Matcher matcher(files.tensors, *naming);
    for (std::size_t row = 0; row < state.table.size(); ++row) {
      const WeightSpec& spec = state.table[row];
      state.by_name.emplace(spec.name, row);
      state.located.push_back(matcher.locate(spec));
      if (!spec.used_by_image_model && spec.generated)
        (state.located.back().present ? state.present_unused : state.missing_unused).push_back(spec.name);
    }
    state.warnings.insert(state.warnings.end(), matcher.warnings().begin(), matcher.warnings().end());
    const Misfits misfits = std::move(matcher).finish();
    if (misfits.any())
      return Error{ErrorCode::kUnsupported,
                   source + " does not fit " +
                       (state.has_config_file ? "its config.json"
                                              : "the sizes of the released SAM 3 (there is no config.json beside it)") +
                       ": " + misfits.text()};
    return carry_fingerprint(files, state);
  }

  static Status carry_fingerprint(const WeightFiles& files, Checkpoint::State& state) {
    if (state.naming != Naming::kCanonical) return {};
    const auto found = files.metadata.find("model_fingerprint");
    if (found == files.metadata.end() || found->second.size() != 32 ||
        found->second.find_first_not_of("0123456789abcdef") != std::string::npos)
      return Error{ErrorCode::kCorrupt, files.paths.front().string() +
                                            " carries no model_fingerprint: run `samcache "
                                            "model convert` again"};
    state.carried_fingerprint = found->second;
    return {};
  }
};

Result<Checkpoint> Checkpoint::open(const fs::path& path, const CheckpointOptions& options) {
  return CheckpointLoader::load(path, options);
}

const Sam3Config& Checkpoint::config() const { return state_->config; }
bool Checkpoint::has_config_file() const { return state_->has_config_file; }
Naming Checkpoint::naming() const { return state_->naming; }
const std::vector<fs::path>& Checkpoint::source_files() const { return state_->source_files; }
std::uint64_t Checkpoint::size_bytes() const { return state_->size_bytes; }
int Checkpoint::tensor_count() const { return state_->tensor_count; }
std::uint64_t Checkpoint::parameter_count() const { return state_->parameter_count; }
const std::map<DType, int>& Checkpoint::dtypes() const { return state_->dtypes; }
const std::vector<WeightSpec>& Checkpoint::table() const { return state_->table; }
const std::vector<std::string>& Checkpoint::missing_unused() const { return state_->missing_unused; }
const std::vector<std::string>& Checkpoint::present_unused() const { return state_->present_unused; }
const std::vector<std::string>& Checkpoint::warnings() const { return state_->warnings; }
const std::string& Checkpoint::carried_fingerprint() const { return state_->carried_fingerprint; }

const WeightSpec* Checkpoint::find_spec(std::string_view canonical_name) const {
  const auto row = state_->by_name.find(canonical_name);
  return row == state_->by_name.end() ? nullptr : &state_->table[row->second];
}

Result<Checkpoint::Pieces> Checkpoint::pieces(std::string_view canonical_name) const {
  const auto row = state_->by_name.find(canonical_name);
  if (row == state_->by_name.end() || !state_->located[row->second].present)
    return Error{ErrorCode::kNotFound,
                 state_->source_files.front().string() + " holds no tensor " + in_quotes(canonical_name)};
  const Located& located = state_->located[row->second];
  if (!located.transposed) return Pieces{located.dtype, located.spans};
  const std::vector<std::int64_t>& shape = state_->table[row->second].shape;
  return Pieces{located.dtype,
                {transposed(located.spans.front(), static_cast<std::size_t>(shape[0]),
                            static_cast<std::size_t>(shape[1]), dtype_bits(located.dtype) / 8)}};
}

Result<Tensor> Checkpoint::tensor(std::string_view canonical_name) const {
  const Result<Pieces> found = pieces(canonical_name);
  if (!found) return found.error();
  return Tensor{std::string(canonical_name), found->dtype, find_spec(canonical_name)->canonical_shape(),
                found->spans.size() == 1 ? found->spans.front() : concatenated(found->spans)};
}

}  // namespace samcache
