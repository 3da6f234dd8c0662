#include "model/tokenizer/vocabulary.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "model/tokenizer/test_vocabulary.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Vocabulary small() { return parse_original_merges(kSmallMerges, "small.txt").value(); }
Json small_json() { return tokenizer_json(small()); }

bool same(const Vocabulary& a, const Vocabulary& b) {
  const auto same_merge = [](const Vocabulary::Merge& left, const Vocabulary::Merge& right) {
    return left.left == right.left && left.right == right.right && left.merged == right.merged;
  };
  return a.ids == b.ids && a.start == b.start && a.end == b.end &&
         std::equal(a.merges.begin(), a.merges.end(), b.merges.begin(), b.merges.end(), same_merge);
}

// The message, which must be one line and begin with the file; "no error" when there is none.
std::string message_of(const Result<Vocabulary>& vocabulary, const std::string& file) {
  if (vocabulary.ok()) return "no error";
  const std::string& message = vocabulary.error().message;
  EXPECT_EQ(vocabulary.error().code, ErrorCode::kCorrupt) << message;
  EXPECT_TRUE(message.starts_with(file)) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

void expect_text_refused(const std::string& text, const std::string& why) {
  const std::string message = message_of(parse_tokenizer_json(text, "tokenizer.json"), "tokenizer.json");
  EXPECT_NE(message.find(why), std::string::npos) << message << " does not say: " << why;
}

void expect_refused(const Json& document, const std::string& why) { expect_text_refused(document.dump(), why); }

void expect_merges_refused(const std::string& text, const std::string& why) {
  const std::string message = message_of(parse_original_merges(text, "bpe.txt"), "bpe.txt");
  EXPECT_NE(message.find(why), std::string::npos) << message << " does not say: " << why;
}

TEST(Vocabulary, MergesAloneNumberTheTokens) {
  const Vocabulary vocabulary = small();
  EXPECT_EQ(vocabulary.ids.at("!"), 0);
  EXPECT_EQ(vocabulary.ids.at("!</w>"), 256);
  EXPECT_EQ(vocabulary.ids.at("th"), 512);
  EXPECT_EQ(vocabulary.ids.at("cat</w>"), 515);
  EXPECT_EQ(vocabulary.start, 516);
  EXPECT_EQ(vocabulary.end, 517);
  EXPECT_EQ(vocabulary.merges.size(), 4U);
}

TEST(Vocabulary, ByteSymbolsAreVisibleAndAllDifferent) {
  std::array<bool, 256> seen{};
  Vocabulary vocabulary;
  for (const ByteSymbol& byte : byte_symbols()) {
    EXPECT_TRUE(vocabulary.ids.emplace(byte.symbol, 0).second) << byte.symbol;
    seen.at(byte.byte) = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 256);
  EXPECT_EQ(byte_symbols()[0].symbol, "!");
  EXPECT_EQ(byte_symbols()[188].byte, 0);
  EXPECT_EQ(byte_symbols()[188].symbol, "\u0100");
}

TEST(Vocabulary, AllFormsSayTheSame) {
  const Vocabulary expected = small();
  EXPECT_TRUE(same(expected, parse_tokenizer_json(small_json().dump(2), "t").value()));
  EXPECT_TRUE(same(expected, parse_tokenizer_json(tokenizer_json(expected, MergesAs::kPairs).dump(), "t").value()));
  const auto pair = parse_vocab_and_merges(vocab_json(expected).dump(), "v", merges_text(expected), "m");
  EXPECT_TRUE(same(expected, pair.value()));
}

TEST(Vocabulary, LinesMayEndAsOnWindowsAndTheLastOneInNothing) {
  std::string text = merges_text(small());
  text.pop_back();
  EXPECT_TRUE(same(small(), parse_original_merges(text, "bpe.txt").value()));
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) text.insert(at, "\r");
  EXPECT_TRUE(same(small(), parse_original_merges(text, "bpe.txt").value()));
}

TEST(Vocabulary, SpecialTokensMayBeAddedTokensOnly) {
  Json document = small_json();
  document["model"]["vocab"].erase("<|startoftext|>");
  document["model"]["vocab"].erase("<|endoftext|>");
  EXPECT_TRUE(same(small(), parse_tokenizer_json(document.dump(), "t").value()));
  document.erase("added_tokens");
  expect_refused(document, "no token \"<|startoftext|>\"");
}

TEST(VocabularyHostile, NotJsonOrNotATokenizer) {
  for (const char* text : {"", "{", "nul", "\xFF\xFE", "{\"model\": {}} trailing"})
    expect_text_refused(text, "not JSON");
  for (const char* text : {"[]", "3", "\"vocab\""}) expect_text_refused(text, "not a JSON object");
  for (const char* text : {"{}", "{\"model\": 7}", "{\"model\": {\"vocab\": {}}}"})
    expect_text_refused(text, "there is no model with a vocab and merges");
  expect_text_refused(std::string(100000, '['), "not JSON");
}

TEST(VocabularyHostile, WrongTypes) {
  const auto refused_with = [](const char* pointer, const Json& value, const std::string& why) {
    Json document = small_json();
    document[Json::json_pointer(pointer)] = value;
    expect_refused(document, why);
  };
  refused_with("/model/vocab", Json::array(), "not an object of tokens");
  refused_with("/model/merges", "t h", "model.merges is not a list");
  refused_with("/model/merges/0", 3, "merge 0: neither");
  refused_with("/model/merges/1", {"a", "b", "c"}, "merge 1: neither");
  refused_with("/model/merges/1", {"a", 1}, "merge 1: neither");
  refused_with("/model/merges/0", "t h e", "not two symbols");
  refused_with("/model/merges/0", "th", "not two symbols");
  refused_with("/model/merges/0", " t", "not two symbols");
  refused_with("/added_tokens", Json::object(), "added_tokens is not a list");
  refused_with("/added_tokens/0", "x", "added_tokens has an entry");
  refused_with("/added_tokens/0/content", 5, "added_tokens has an entry");
}

TEST(VocabularyHostile, IdsThatAreNone) {
  const std::vector<Json> none = {-1, 1.0, "5", nullptr, 2147483647U, 4294967296U, 18446744073709551615U};
  for (const Json& id : none) {
    Json document = small_json();
    document["model"]["vocab"]["cat</w>"] = id;
    expect_refused(document, "the id of token \"cat</w>\"");
    document = small_json();
    document["added_tokens"][1]["id"] = id;
    expect_refused(document, "the id of token");
  }
}

TEST(VocabularyHostile, IdsThatAreTaken) {
  Json document = small_json();
  document["model"]["vocab"]["cat</w>"] = 0;
  expect_refused(document, "two tokens have the id 0");
  document = small_json();
  document["added_tokens"][0]["id"] = 600;
  expect_refused(document, "token \"<|startoftext|>\" has two ids");
}

TEST(VocabularyHostile, TokensThatAreMissing) {
  for (const char* token : {"q", "q</w>"}) {
    Json document = small_json();
    document["model"]["vocab"].erase(token);
    expect_refused(document, std::string("there is no token \"") + token + "\"");
  }
  for (const char* merge : {"t zz", "zz t", "z z"}) {
    Json document = small_json();
    document["model"]["merges"].push_back(merge);
    expect_refused(document, "which has no id");
  }
}

TEST(VocabularyHostile, OnePairMergedTwice) {
  expect_merges_refused(std::string(kSmallMerges) + "t h\n", "two merges of \"t\" and \"h\"");
}

TEST(VocabularyHostile, MergesThatAreNone) {
  expect_merges_refused("", "#version");
  expect_merges_refused("t h\nth e</w>\n", "#version");
  expect_merges_refused("#version: 0.2\nt h\n\nth e</w>\n", "line 3: \"\" is not two symbols");
  expect_merges_refused("#version: 0.2\nt h e\n", "line 2: \"t h e\" is not two symbols");
  expect_merges_refused("#version: 0.2\nthe zz\n", "which has no id");
  expect_merges_refused("#version: 0.2\n\xFF h\n", "not UTF-8");
}

TEST(VocabularyHostile, TheFileThatIsWrongIsNamed) {
  const std::string vocab = vocab_json(small()).dump();
  message_of(parse_vocab_and_merges("[]", "vocab.json", merges_text(small()), "merges.txt"), "vocab.json");
  EXPECT_NE(message_of(parse_vocab_and_merges(vocab, "vocab.json", "", "merges.txt"), "merges.txt"), "no error");
  const std::string unknown = merges_text(small()) + "q u\n";
  EXPECT_NE(message_of(parse_vocab_and_merges(vocab, "vocab.json", unknown, "merges.txt"), "merges.txt"), "no error");
}

class VocabularyFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("samcache-vocabulary-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A file with as many merges as tells it from the others.
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  static Vocabulary with_merges(std::size_t count) {
    Vocabulary vocabulary = small();
    vocabulary.merges.resize(count);
    return vocabulary;
  }
  std::size_t merges_found(const std::string& below = "") const {
    const Result<Vocabulary> vocabulary = read_vocabulary(folder_ / below);
    EXPECT_TRUE(vocabulary.ok()) << vocabulary.error().message;
    return vocabulary.ok() ? vocabulary->merges.size() : 0;
  }
  Error failure() const {
    const Result<Vocabulary> vocabulary = read_vocabulary(folder_);
    EXPECT_FALSE(vocabulary.ok());
    return vocabulary.ok() ? Error{} : vocabulary.error();
  }

  fs::path folder_;
};

TEST_F(VocabularyFiles, TheFirstFormThereIsIsTaken) {
  write("bpe_other.txt", merges_text(with_merges(1)));
  EXPECT_EQ(merges_found(), 1U);
  write("bpe_simple_vocab_16e6.txt", merges_text(with_merges(2)));
  EXPECT_EQ(merges_found(), 2U);
  write("merges.txt", merges_text(with_merges(3)));
  EXPECT_EQ(merges_found(), 2U) << "merges.txt without vocab.json says nothing";
  write("vocab.json", vocab_json(small()).dump());
  EXPECT_EQ(merges_found(), 3U);
  write("tokenizer.json", small_json().dump());
  EXPECT_EQ(merges_found(), 4U);
}

TEST_F(VocabularyFiles, LieBesideAWeightsFile) {
  write("tokenizer.json", small_json().dump());
  write("model.safetensors", "");
  EXPECT_EQ(merges_found("model.safetensors"), 4U);
}

TEST_F(VocabularyFiles, NoneIsAnErrorThatSaysWhatWasLookedFor) {
  const Error error = failure();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  for (const char* name : {"tokenizer.json", "vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz"})
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
  EXPECT_EQ(read_vocabulary(folder_ / "nowhere").error().code, ErrorCode::kNotFound);
}

TEST_F(VocabularyFiles, SeveralOfNoKnownNameAreAnError) {
  write("bpe_a.txt", kSmallMerges);
  write("bpe_b.txt", kSmallMerges);
  EXPECT_EQ(failure().code, ErrorCode::kInvalidArgument);
}

TEST_F(VocabularyFiles, WhatIsTooLargeOrNoFileIsRefused) {
  write("tokenizer.json", "{");
  fs::resize_file(folder_ / "tokenizer.json", 9u << 20);
  EXPECT_EQ(failure().code, ErrorCode::kTooLarge);
  fs::remove(folder_ / "tokenizer.json");
  fs::create_directory(folder_ / "tokenizer.json");
  EXPECT_EQ(failure().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace samcache
