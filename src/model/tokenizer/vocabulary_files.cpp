#include <algorithm>
#include <system_error>

#include "base/bytes.h"
#include "base/mapped_file.h"
#include "model/tokenizer/gzip.h"
#include "model/tokenizer/vocabulary.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// The released files are 1 to 5 MB. Hostile JSON takes up to eighty times its size in memory.
constexpr std::uint64_t kMaxFileBytes = 8u << 20;
constexpr std::size_t kMaxUnpackedBytes = 64u << 20;
constexpr const char* kOriginalName = "bpe_simple_vocab_16e6.txt";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<Vocabulary> read_tokenizer_json(const fs::path& path) {
  const Result<SharedBytes> text = read_file(path, kMaxFileBytes);
  if (!text) return text.error();
  return parse_tokenizer_json(text_of(*text), path.string());
}

Result<Vocabulary> read_vocab_and_merges(const fs::path& vocab, const fs::path& merges) {
  const Result<SharedBytes> vocab_text = read_file(vocab, kMaxFileBytes);
  if (!vocab_text) return vocab_text.error();
  const Result<SharedBytes> merges_text = read_file(merges, kMaxFileBytes);
  if (!merges_text) return merges_text.error();
  return parse_vocab_and_merges(text_of(*vocab_text), vocab.string(), text_of(*merges_text), merges.string());
}

Result<Vocabulary> read_original(const fs::path& path) {
  const Result<SharedBytes> file = read_file(path, kMaxFileBytes);
  if (!file) return file.error();
  if (path.extension() != ".gz") return parse_original_merges(text_of(*file), path.string());
  const Result<std::string> text = gunzip(*file, kMaxUnpackedBytes, path.string());
  if (!text) return text.error();
  return parse_original_merges(*text, path.string());
}

// The original's merges in `folder`; an empty path when there are none.
Result<fs::path> find_original(const fs::path& folder) {
  for (const std::string& name : {std::string(kOriginalName), std::string(kOriginalName) + ".gz"})
    if (is_there(folder / name)) return folder / name;
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".txt.gz") || (name.starts_with("bpe") && name.ends_with(".txt")))
      found.push_back(entry->path());
  }
  if (failed) return errno_error("list " + folder.string(), failed.value());
  if (found.size() > 1)
    return Error{ErrorCode::kInvalidArgument, folder.string() +
                                                  " holds several files named bpe*.txt or *.txt.gz: leave " +
                                                  "the tokenizer's alone there, or call it " + kOriginalName};
  return found.empty() ? fs::path() : found.front();
}

}  // namespace

Result<Vocabulary> read_vocabulary(const fs::path& model) {
  if (!is_there(model)) return Error{ErrorCode::kNotFound, "no model at " + model.string()};
  std::error_code ignored;
  // The folder of "model.safetensors" is "", which names nothing.
  const fs::path parent = model.has_parent_path() ? model.parent_path() : fs::path(".");
  const fs::path folder = fs::is_directory(model, ignored) ? model : parent;

  const fs::path vocab = folder / "vocab.json";
  const fs::path merges = folder / "merges.txt";
  if (is_there(folder / "tokenizer.json")) return read_tokenizer_json(folder / "tokenizer.json");
  if (is_there(vocab) && is_there(merges)) return read_vocab_and_merges(vocab, merges);
  const Result<fs::path> original = find_original(folder);
  if (!original) return original.error();
  if (!original->empty()) return read_original(*original);
  return Error{ErrorCode::kNotFound,
               folder.string() + " holds no tokenizer: looked for tokenizer.json, vocab.json with merges.txt, " +
                   kOriginalName + ".gz (or another bpe*.txt or *.txt.gz); copy one of them there"};
}

}  // namespace samcache
