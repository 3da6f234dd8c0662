#include "model/tokenizer/text_cleaning.h"

#include <gtest/gtest.h>

#include "model/tokenizer/character_repair.h"
#include "model/tokenizer/code_points.h"
#include "model/tokenizer/html_unescape.h"

namespace samcache {
namespace {

std::string cleaned(std::string_view text, bool repair = true) { return utf8_of(clean_text(text, {.repair = repair})); }
std::string repaired(std::string_view text) { return utf8_of(repair_characters(code_points_of(text))); }
std::string unescaped(std::string_view text) { return utf8_of(html_unescape(code_points_of(text))); }

// The words of `text`, with a bar between.
std::string words_of(std::string_view text) {
  const std::u32string code_points = code_points_of(text);
  std::string result;
  for (const std::u32string_view word : split_words(code_points)) result += (result.empty() ? "" : "|") + utf8_of(word);
  return result;
}

TEST(CodePoints, SurviveTheWayFromUtf8AndBack) {
  const std::string text = "a\u007F\u0080\u07FF\u0800\uFFFF\U00010000\U0010FFFF";
  EXPECT_EQ(code_points_of(text), U"a\u007F\u0080\u07FF\u0800\uFFFF\U00010000\U0010FFFF");
  EXPECT_EQ(utf8_of(code_points_of(text)), text);
}

TEST(TextCleaning, LowersCaseAndMakesWhiteSpaceSingle) {
  EXPECT_EQ(cleaned("  A Striped\t\n CAT\u00A0\u3000! "), "a striped cat !");
  EXPECT_EQ(cleaned(" \t\u2003\n"), "");
  EXPECT_EQ(cleaned(""), "");
}

TEST(TextCleaning, StripsTheSeparatorsOfAsciiThoughTheyAreNoWhiteSpace) {
  EXPECT_EQ(cleaned("\x1C a\x1F"
                    "b \x1D",
                    false),
            "a\x1F"
            "b");
}

TEST(TextCleaning, ASigmaIsFinalAtTheEndOfAWord) {
  EXPECT_EQ(cleaned("ΟΔΟΣ ΣΑΣ"), "οδος σας");
  EXPECT_EQ(cleaned("Σ"), "σ") << "alone it ends nothing";
  EXPECT_EQ(cleaned("ΑΣ'Α ΑΣ' ΑΣ."), "ασ'α ας' ας.") << "an apostrophe does not end a word, but may follow one";
  EXPECT_EQ(cleaned("ⅧΣ 8Σ"), "ⅷς 8σ") << "Roman numerals have case";
}

TEST(TextCleaning, ADottedCapitalIBecomesTwoCodePoints) { EXPECT_EQ(cleaned("İI"), "i\u0307i"); }

TEST(TextCleaning, ReplacesHtmlReferencesTwice) {
  EXPECT_EQ(cleaned("tom &amp; jerry"), "tom & jerry");
  EXPECT_EQ(cleaned("&amp;lt;b&amp;gt;", false), "<b>");
  EXPECT_EQ(cleaned("&amp;amp;lt;", false), "&lt;") << "and not a third time";
}

TEST(HtmlUnescape, TakesTheLongestName) {
  EXPECT_EQ(unescaped("&notin; &notinx; &not; &amp"), "\u2209 \u00ACinx; \u00AC &");
  EXPECT_EQ(unescaped("&NotEqualTilde; &CounterClockwiseContourIntegral;"), "\u2242\u0338 \u2233");
  EXPECT_EQ(unescaped("&hellip &nosuchname; & && &;"), "&hellip &nosuchname; & && &;");
}

TEST(HtmlUnescape, NumbersThatAreNoCharactersFollowTheTableOfTheStandard) {
  EXPECT_EQ(unescaped("&#233;&#xE9;&#XE9&#233x"),
            "éééé"
            "x");
  EXPECT_EQ(unescaped("&#0;&#xD800;&#x110000;&#99999999999999999999;"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(unescaped("&#128;&#x81;&#13;"), "\u20AC\u0081\r");
  EXPECT_EQ(unescaped("[&#1;&#x7F;&#xFDD0;&#x1FFFE;]"), "[]");
  EXPECT_EQ(unescaped("&#; &#x; &#g;"), "&#; &#x; &#g;");
}

TEST(CharacterRepair, UndoesTypography) {
  EXPECT_EQ(repaired("\u201Cit\u2019s\u201D \u02BC"), "\"it's\" '");
  EXPECT_EQ(repaired("\uFB01sh \uFB04 \u01C5 \u0149"), "fish ffl D\u017E 'n");
  EXPECT_EQ(repaired("\uFF26\uFF55\uFF4C\uFF4C\u3000\uFF01"), "Full !");
  EXPECT_EQ(repaired("\uFF76\uFF9E"), "\u30AC") << "half-width ka and its mark are one character";
}

TEST(CharacterRepair, ComposesAndOrdersMarks) {
  EXPECT_EQ(repaired("cafe\u0301"), "caf\u00E9");
  EXPECT_EQ(repaired("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(repaired("\u1112\u1161\u11AB"), "한");
  EXPECT_EQ(repaired("\u0958"), "\u0915\u093C") << "some compositions are excluded";
}

TEST(CharacterRepair, RemovesWhatHasNoVisibleEffect) {
  EXPECT_EQ(repaired("\033[36;44mblue\033[0m \033[x"), "blue ");
  EXPECT_EQ(repaired("\033[1 \033"), "[1 ") << "not an escape: only its first character goes";
  EXPECT_EQ(repaired("\uFEFFa\u0007b\u200Dc\uFFFC"), "ab\u200Dc");
}

TEST(CharacterRepair, MakesLineBreaksAlikeAndC1ControlsWindows1252) {
  EXPECT_EQ(repaired("a\r\nb\rc\u2028d"), "a\nb\nc\nd");
  EXPECT_EQ(repaired("a\u0085\u0092\u0081"), "a\u2026'\u0081");
}

TEST(CharacterRepair, ReplacesOnlyCertainReferences) {
  EXPECT_EQ(repaired("&amp;lt; P&EACUTE;REZ STRA&SZLIG;E"), "< P\u00C9REZ STRASSE");
  EXPECT_EQ(repaired("this&not that &LTIMES; &nTILDE;"), "this&not that &LTIMES; &nTILDE;");
  EXPECT_EQ(repaired("&#233; &#233 &#x3B; &#12ab;"), "\u00E9 &#233 &#x3B; &#12ab;");
}

TEST(CharacterRepair, LeavesReferencesFromTheFirstTagOn) {
  EXPECT_EQ(repaired("&eacute;\n<b>&eacute;\n&eacute;"), "\u00E9\n<b>&eacute;\n&eacute;");
}

TEST(CharacterRepair, LeavesTextInTheWrongEncodingAlone) {
  EXPECT_EQ(repaired("sch\u00C3\u00B6n"), "sch\u00C3\u00B6n");
}

TEST(SplitWords, SeparatesLettersNumbersAndTheRest) {
  EXPECT_EQ(words_of("r2-d2, 100% 犬と猫"), "r|2|-|d|2|,|1|0|0|%|犬と猫");
  EXPECT_EQ(words_of("½ⅷ٣"), "½|ⅷ|٣");
  EXPECT_EQ(words_of("cat!~ dog..."), "cat|!~|dog|...");
  EXPECT_EQ(words_of("e\u0300e"), "e|\u0300|e") << "a mark is no letter";
  EXPECT_EQ(words_of(""), "");
}

TEST(SplitWords, TakesContractionsOffOnlyWhereAWordBegins) {
  EXPECT_EQ(words_of("dog's don't we'll they've you're i'm he'd"), "dog|'s|don|'t|we|'ll|they|'ve|you|'re|i|'m|he|'d");
  EXPECT_EQ(words_of("''s 'stop"), "''|s|'s|top");
  EXPECT_EQ(words_of("it'\u017Fx"), "it|'\u017F|x") << "a long s is an s when case is ignored";
}

TEST(SplitWords, KnowsTheSpecialTokens) {
  EXPECT_EQ(words_of("<start_of_text>cat<end_of_text>"), "<start_of_text>|cat|<end_of_text>");
  EXPECT_EQ(words_of("!<end_of_text> <end>"), "!<|end|_|of|_|text|>|<|end|>");
}

TEST(SplitWords, DropsTheMarkThatIsAVariantOfALetter) { EXPECT_EQ(words_of("a\u0345b!\u0345"), "a|b|!"); }

}  // namespace
}  // namespace samcache
