#include "model/tokenizer/tokenizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "model/tokenizer/test_vocabulary.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;
using Json = nlohmann::json;

const fs::path kData = SAMCACHE_TEST_DATA;
const fs::path kReleased = kData / "tokenizer";

Tokenizer small_tokenizer() { return Tokenizer(parse_original_merges(kSmallMerges, "small.txt").value()); }

// The ids between start and end.
Ids ids_of(const Tokenizer& tokenizer, std::string_view text) {
  const PromptTokens tokens = tokenizer.encode(text, 5000).value();
  return {tokens.ids.begin() + 1, tokens.ids.begin() + tokens.length - 1};
}

void expect_golden(const Tokenizer& tokenizer, const char* list, const TextCleaning& cleaning) {
  std::ifstream file(kData / "golden/tokenizer_golden.json");
  const Json golden = Json::parse(file);
  ASSERT_FALSE(golden[list].empty());
  for (const Json& prompt : golden[list]) {
    const auto text = prompt["text"].get<std::string>();
    const Result<PromptTokens> tokens = tokenizer.encode(text, golden["context_length"], cleaning);
    ASSERT_TRUE(tokens.ok()) << tokens.error().message;
    EXPECT_EQ(tokens->ids, prompt["ids"].get<Ids>()) << text;
  }
}

// The original's list of merges is where the other forms come from.
class ReleasedTokenizer : public testing::Test {
 protected:
  void SetUp() override {
    const Result<Vocabulary> vocabulary = read_vocabulary(kReleased);
    if (!vocabulary.ok() && vocabulary.error().code == ErrorCode::kUnsupported)
      GTEST_SKIP() << vocabulary.error().message;
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.error().message;
    vocabulary_ = *vocabulary;
    folder_ = fs::temp_directory_path() / ("samcache-tokenizer-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  void expect_all_golden(const fs::path& model) const {
    const Result<Tokenizer> tokenizer = Tokenizer::load(model);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
    EXPECT_EQ(tokenizer->vocabulary_size(), 49408);
    expect_golden(*tokenizer, "prompts", {.repair = false});
    expect_golden(*tokenizer, "prompts", {.repair = true});
    expect_golden(*tokenizer, "ftfy_sensitive_identity_shim", {.repair = false});
  }

  Vocabulary vocabulary_;
  fs::path folder_;
};

TEST_F(ReleasedTokenizer, GivesTheOfficialIdsFromTheOriginalMerges) {
  expect_all_golden(kReleased);
  expect_all_golden(kData / "tiny_hf/model.safetensors");
}

TEST_F(ReleasedTokenizer, GivesTheOfficialIdsFromATokenizerJson) {
  for (const MergesAs form : {MergesAs::kStrings, MergesAs::kPairs}) {
    std::ofstream(folder_ / "tokenizer.json") << tokenizer_json(vocabulary_, form).dump(2);
    expect_all_golden(folder_);
  }
}

TEST_F(ReleasedTokenizer, GivesTheOfficialIdsFromVocabAndMerges) {
  std::ofstream(folder_ / "vocab.json") << vocab_json(vocabulary_).dump();
  std::ofstream(folder_ / "merges.txt") << merges_text(vocabulary_);
  expect_all_golden(folder_);
}

TEST_F(ReleasedTokenizer, TreatsRepairedTextAsIfItHadBeenTypedRight) {
  const Tokenizer tokenizer(vocabulary_);
  const auto same = [&](const char* broken, const char* right) {
    EXPECT_EQ(ids_of(tokenizer, broken), ids_of(tokenizer, right)) << right;
    EXPECT_NE(tokenizer.encode(broken, 32, {.repair = false})->ids, tokenizer.encode(right, 32)->ids) << right;
  };
  same("it\u2019s", "it's");
  same("\u201Ccurly\u201D quotes", "\"curly\" quotes");
  same("\uFB01sh", "fish");
  same("\uFF26\uFF55\uFF4C\uFF4C", "full");
  same("cafe\u0301", "caf\u00E9");
}

TEST(Tokenizer, MergesWithinWordsInTheOrderOfTheVocabulary) {
  const Tokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(tokenizer.vocabulary_size(), 518);
  EXPECT_EQ(ids_of(tokenizer, "the cat"), (Ids{513, 515}));
  EXPECT_EQ(ids_of(tokenizer, "th"), (Ids{'t' - '!', 256 + 'h' - '!'})) << "\"th\" ends in another h";
  EXPECT_EQ(ids_of(tokenizer, "!!"), (Ids{0, 256})) << "a real token may have the padding's id";
}

// The merge of "aa" comes first everywhere, from the left, and only then what it makes possible, as a sweep would do
// it.
TEST(Tokenizer, DoesOneMergeEverywhereBeforeTheNext) {
  const Tokenizer tokenizer(parse_original_merges("#version\naa a\na a\naa aa\n", "test").value());
  const std::int32_t a_end = 256 + 'a' - '!';
  EXPECT_EQ(ids_of(tokenizer, "aaaaaa"), (Ids{513, 512, a_end}));
  EXPECT_EQ(ids_of(tokenizer, "aaaa"), (Ids{512, a_end}));
}

TEST(Tokenizer, EveryByteHasATokenAtTheEndOfAWordAndWithin) {
  const Tokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(ids_of(tokenizer, "猫").size(), 3U);
  EXPECT_EQ(ids_of(tokenizer, std::string_view("\0\0", 2)).size(), 0U) << "repaired away";
  EXPECT_EQ(tokenizer.encode(std::string_view("\0\0", 2), 8, {.repair = false})->ids[1], 188);
}

TEST(Tokenizer, SpecialTokensInTheTextAreThemselves) {
  const Tokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(ids_of(tokenizer, "<start_of_text>the<END_OF_TEXT>"), (Ids{516, 513, 517}));
}

TEST(Tokenizer, FillsTheContextWithPadding) {
  const PromptTokens tokens = small_tokenizer().encode("the cat", 6).value();
  EXPECT_EQ(tokens.ids, (Ids{516, 513, 515, 517, 0, 0}));
  EXPECT_EQ(tokens.length, 4);
  EXPECT_FALSE(tokens.truncated);
  EXPECT_FALSE(tokens.empty());
}

TEST(Tokenizer, CutsWhatDoesNotFitAndKeepsTheEnd) {
  const Tokenizer tokenizer = small_tokenizer();
  const PromptTokens exact = tokenizer.encode("the the", 4).value();
  EXPECT_EQ(exact.ids, (Ids{516, 513, 513, 517}));
  EXPECT_FALSE(exact.truncated);
  const PromptTokens cut = tokenizer.encode("the the cat", 4).value();
  EXPECT_EQ(cut.ids, (Ids{516, 513, 513, 517}));
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.length, 4);
  const PromptTokens nothing_fits = tokenizer.encode("the", 2).value();
  EXPECT_EQ(nothing_fits.ids, (Ids{516, 517}));
  EXPECT_FALSE(nothing_fits.empty()) << "there was a text";
}

TEST(Tokenizer, SaysWhenNothingOfTheTextIsLeft) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const char* text : {"", "  \n", "&nbsp;", "\uFEFF"}) EXPECT_TRUE(tokenizer.encode(text, 32)->empty()) << text;
}

TEST(Tokenizer, RefusesWhatIsNotUtf8) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const char* text : {"caf\xE9", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"}) {
    const Result<PromptTokens> tokens = tokenizer.encode(text, 32);
    ASSERT_FALSE(tokens.ok()) << text;
    EXPECT_EQ(tokens.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Tokenizer, AContextWithoutRoomForStartAndEndIsABug) {
  EXPECT_THROW((void)small_tokenizer().encode("cat", 1), std::logic_error);
}

// A quadratic search for the next merge would take minutes.
TEST(Tokenizer, ALongWordTakesLittleMoreThanLinearTime) {
  const Tokenizer tokenizer = small_tokenizer();
  std::string word;
  while (word.size() < (1u << 20)) word += "th";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(tokenizer.encode(word, 32)->truncated);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Tokenizer, NamesWhatIsWrongWithAModel) {
  EXPECT_EQ(Tokenizer::load("/nowhere/at/all").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace samcache
