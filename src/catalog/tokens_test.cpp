// Tokens, the audit log, annotations.
#include <set>

#include "catalog/test_catalog.h"

namespace samcache {
namespace {

std::int64_t now_ms() { return static_cast<std::int64_t>(std::time(nullptr)) * 1000; }

TEST_F(CatalogTest, ATokenIsFoundByItsSecretAndNothingElse) {
  Tokens& tokens = catalog_->tokens();
  EXPECT_FALSE(tokens.any_created(soon()).value());
  const CreatedToken made =
      tokens.create({.name = "Ann's laptop", .scopes = {.read = true, .write = true}, .project = "cells"}, soon())
          .value();
  EXPECT_TRUE(tokens.any_created(soon()).value());
  ASSERT_EQ(made.secret.size(), 47U);
  EXPECT_TRUE(made.secret.starts_with("sct_"));
  const auto found = tokens.find(made.secret, soon()).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, made.record.id);
  EXPECT_EQ(found->name, "Ann's laptop");
  EXPECT_EQ(found->scopes, (TokenScopes{.read = true, .write = true}));
  EXPECT_EQ(found->project, "cells");
  EXPECT_EQ(found->state, TokenState::kValid);
  EXPECT_TRUE(tokens.list(soon()).value().at(0).last_used_at_ms.has_value());

  using namespace std::string_literals;
  std::string wrong = made.secret;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  for (const std::string& secret :
       {wrong, ""s, "sct_"s, made.record.id, made.secret + "x", "sct_"s + std::string(43, '\0'),
        "sct_"s + std::string(43, '\''), std::string(10 << 20, 'x')}) {
    EXPECT_FALSE(tokens.find(secret, soon()).value().has_value());
  }
}

TEST_F(CatalogTest, TheDatabaseHoldsNoSecret) {
  const CreatedToken made = catalog_->tokens().create({.name = "x", .scopes = {.read = true}}, soon()).value();
  const auto rows = database_->transaction(Access::kRead, soon(), [&](Transaction& transaction) -> Result<SqlRows> {
    return transaction.query("SELECT * FROM tokens");
  });
  ASSERT_EQ(rows.value().size(), 1U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(rows.value()[0].text(i).find(made.secret.substr(4)), std::string::npos);
  }
}

TEST_F(CatalogTest, SecretsDiffer) {
  std::set<std::string> secrets;
  for (int i = 0; i < 20; ++i) {
    secrets.insert(catalog_->tokens().create({.name = "x", .scopes = {.admin = true}}, soon()).value().secret);
  }
  EXPECT_EQ(secrets.size(), 20U);
}

TEST_F(CatalogTest, ExpiredAndRevokedTokensAreToldApart) {
  Tokens& tokens = catalog_->tokens();
  const CreatedToken expiring =
      tokens.create({.name = "x", .scopes = {.read = true}, .expires_at_ms = now_ms() + 1500}, soon()).value();
  const CreatedToken revoked = tokens.create({.name = "y", .scopes = {.read = true}}, soon()).value();
  EXPECT_EQ(tokens.find(expiring.secret, soon()).value()->state, TokenState::kValid);
  EXPECT_TRUE(tokens.revoke(revoked.record.id, soon()).value());
  EXPECT_FALSE(tokens.revoke(revoked.record.id, soon()).value());
  EXPECT_FALSE(tokens.revoke("' OR 1=1 --", soon()).value());
  EXPECT_EQ(tokens.find(revoked.secret, soon()).value()->state, TokenState::kRevoked);
  std::this_thread::sleep_for(std::chrono::milliseconds(1600));
  EXPECT_EQ(tokens.find(expiring.secret, soon()).value()->state, TokenState::kExpired);
  EXPECT_EQ(tokens.list(soon()).value().size(), 2U);
  EXPECT_TRUE(tokens.any_created(soon()).value());
}

TEST_F(CatalogTest, TokensThatCannotBeAreRefused) {
  Tokens& tokens = catalog_->tokens();
  EXPECT_FALSE(tokens.create({.name = "", .scopes = {.read = true}}, soon()).ok());
  EXPECT_FALSE(tokens.create({.name = "x\ny", .scopes = {.read = true}}, soon()).ok());
  EXPECT_FALSE(tokens.create({.name = "x"}, soon()).ok());
  EXPECT_FALSE(tokens.create({.name = "x", .scopes = {.read = true}, .project = "a/b"}, soon()).ok());
  EXPECT_FALSE(tokens.create({.name = "x", .scopes = {.read = true}, .expires_at_ms = now_ms() - 5000}, soon()).ok());
  EXPECT_FALSE(tokens.any_created(soon()).value());
}

TEST(TokenScopesText, GoesBothWays) {
  for (const std::string text : {"read", "read,write", "read,write,admin", "admin"}) {
    EXPECT_EQ(format_scopes(parse_scopes(text).value()), text);
  }
  EXPECT_EQ(format_scopes(parse_scopes("admin,read").value()), "read,admin");
  for (const std::string text : {"", "root", "read,", ",", "read write"}) EXPECT_FALSE(parse_scopes(text).ok()) << text;
}

TEST_F(CatalogTest, TheAuditLogKeepsWhatItIsToldNewestFirst) {
  AuditLog& log = catalog_->audit_log();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(log.append({.request_id = "r" + std::to_string(i),
                            .token_id = "t",
                            .action = "image.create",
                            .subject = "s",
                            .detail = "it's"},
                           soon())
                    .ok());
  }
  const AuditPage first = log.list(3, "", soon()).value();
  ASSERT_EQ(first.entries.size(), 3U);
  EXPECT_EQ(first.entries[0].request_id, "r4");
  EXPECT_EQ(first.entries[0].detail, "it's");
  EXPECT_GT(first.entries[0].time_ms, 1'600'000'000'000);
  const AuditPage second = log.list(3, first.next_cursor, soon()).value();
  ASSERT_EQ(second.entries.size(), 2U);
  EXPECT_EQ(second.entries[1].request_id, "r0");
  EXPECT_TRUE(second.next_cursor.empty());
  EXPECT_FALSE(log.list(3, first.next_cursor + "0", soon()).ok());
}

TEST_F(CatalogTest, HostileTextsCannotKeepAnEntryOutOfTheLog) {
  AuditLog& log = catalog_->audit_log();
  std::string cut_inside;
  for (int i = 0; i < 700; ++i) cut_inside += "猫";
  ASSERT_TRUE(log.append({.request_id = std::string("a\0b", 3),
                          .token_id = "\xff\xfe",
                          .action = "x\ny",
                          .subject = std::string(10 << 20, 'x'),
                          .detail = cut_inside},
                         soon())
                  .ok());
  const AuditEntry entry = log.list(1, "", soon()).value().entries.at(0);
  EXPECT_EQ(entry.request_id, "a?b");
  EXPECT_EQ(entry.token_id, "??");
  EXPECT_EQ(entry.action, "x?y");
  EXPECT_EQ(entry.subject.size(), 1000U);
  EXPECT_EQ(entry.detail.size(), 999U);  // whole characters
}

TEST_F(CatalogTest, AnnotationsAreSavedUnderRisingRevisions) {
  const std::string id = add(1);
  Annotations& annotations = catalog_->annotations();
  EXPECT_FALSE(annotations.load(id, soon()).value().has_value());
  const SavedAnnotations first = annotations.save(id, R"({"objects":["it's"]})", 0, soon()).value();
  EXPECT_FALSE(first.conflict);
  EXPECT_EQ(first.revision, 1);
  EXPECT_EQ(annotations.save(id, "[]", 1, soon()).value().revision, 2);
  EXPECT_EQ(annotations.load(id, soon()).value()->document, "[]");
  EXPECT_EQ(annotations.load(id, soon()).value()->revision, 2);

  for (const std::int64_t stale : {0, 1, 3, -1}) {
    const SavedAnnotations refused = annotations.save(id, "[1]", stale, soon()).value();
    EXPECT_TRUE(refused.conflict);
    EXPECT_EQ(refused.revision, 2);
  }
  EXPECT_EQ(annotations.load(id, soon()).value()->document, "[]");
}

TEST_F(CatalogTest, OfManyWhoSaveOnTheSameRevisionOneWins) {
  const std::string id = add(1);
  ASSERT_FALSE(catalog_->annotations().save(id, "{}", 0, soon()).value().conflict);
  std::atomic<int> won = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (!catalog_->annotations().save(id, std::to_string(i), 1, soon()).value().conflict) ++won;
    });
  }
  threads.clear();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(catalog_->annotations().load(id, soon()).value()->revision, 2);
}

TEST_F(CatalogTest, AnnotationsThatCannotBeAreRefused) {
  const std::string id = add(1);
  Annotations& annotations = catalog_->annotations();
  EXPECT_EQ(annotations.save(id, "{", 0, soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(annotations.save(id, "\"\xff\"", 0, soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(annotations.save(id, std::string("1\0", 2), 0, soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(annotations.save(id, std::string(kMaxAnnotationBytes + 1, '1'), 0, soon()).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(annotations.save(random_uuid(), "{}", 0, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(annotations.save("nobody", "{}", 3, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(
      annotations.save(id, "\"" + std::string(kMaxAnnotationBytes - 2, 'x') + "\"", 0, soon()).value().conflict);
  EXPECT_EQ(annotations.load(id, soon()).value()->document.size(), kMaxAnnotationBytes);
}

TEST_F(CatalogTest, AnnotationsGoWithTheirImageAndAreListedByProject) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(add(i, "a"));
    ASSERT_FALSE(catalog_->annotations().save(ids.back(), std::to_string(i), 0, soon()).value().conflict);
  }
  add(9, "a");  // without any
  ASSERT_TRUE(catalog_->remove_image(ids[1], soon()).value().has_value());
  EXPECT_FALSE(catalog_->annotations().load(ids[1], soon()).value().has_value());
  const auto first = catalog_->annotations().list("a", 2, "", soon()).value();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[1].image_id, ids[2]);
  EXPECT_EQ(first[1].annotations.document, "2");
  const auto rest = catalog_->annotations().list("a", 100, first[1].image_id, soon()).value();
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[1].image_id, ids[4]);
  EXPECT_EQ(catalog_->annotations().list("a", 2, ids[1], soon()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace samcache
