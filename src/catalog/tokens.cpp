#include "catalog/tokens.h"

#include <openssl/sha.h>

#include <array>

#include "base/text.h"
#include "catalog/checks.h"
#include "database/random_id.h"

namespace samcache {
namespace {

constexpr std::string_view kSecretPrefix = "sct_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretLength = kSecretPrefix.size() + 43;
constexpr std::size_t kMaxNameCharacters = 100;
constexpr std::int64_t kNoteUseEveryMs = 5 * 60 * 1000;

constexpr const char* kColumns =
    "id, name, scopes, project, created_at, expires_at, revoked_at, last_used_at FROM tokens";

// RFC 4648's base64 for URLs, without padding.
std::string base64url(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned int bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += kDigits[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kDigits[(bits << (6 - count)) & 63];
  return text;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest = {};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

TokenRecord token_of(const SqlRow& row, std::int64_t now_ms) {
  TokenRecord token{.id = row.text(0),
                    .name = row.text(1),
                    .scopes = parse_scopes(row.text(2)).value(),
                    .project = row.is_null(3) ? std::nullopt : std::optional(row.text(3)),
                    .created_at_ms = row.integer(4),
                    .expires_at_ms = row.optional_integer(5),
                    .revoked_at_ms = row.optional_integer(6),
                    .last_used_at_ms = row.optional_integer(7)};
  if (token.revoked_at_ms) {
    token.state = TokenState::kRevoked;
  } else if (token.expires_at_ms && *token.expires_at_ms <= now_ms) {
    token.state = TokenState::kExpired;
  }
  return token;
}

Status check_request(const TokenRequest& request) {
  if (Status fits = check_text("token's name", request.name, 1, kMaxNameCharacters); !fits) return fits;
  if (request.project) {
    if (Status fits = check_project(*request.project); !fits) return fits;
  }
  if (request.scopes == TokenScopes{}) {
    return Error{ErrorCode::kInvalidArgument, "a token without scopes opens nothing; give read, write or admin"};
  }
  return {};
}

}  // namespace

std::string format_scopes(TokenScopes scopes) {
  std::string text;
  const auto add = [&](bool has, const char* word) {
    if (has) text += (text.empty() ? "" : ",") + std::string(word);
  };
  add(scopes.read, "read");
  add(scopes.write, "write");
  add(scopes.admin, "admin");
  return text;
}

Result<TokenScopes> parse_scopes(std::string_view text) {
  TokenScopes scopes;
  for (std::string_view rest = text; true;) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    if (word == "read") {
      scopes.read = true;
    } else if (word == "write") {
      scopes.write = true;
    } else if (word == "admin") {
      scopes.admin = true;
    } else {
      return Error{ErrorCode::kInvalidArgument, "the scopes " + in_quotes(text) + " are not of read, write and admin"};
    }
    if (comma == std::string_view::npos) return scopes;
    rest.remove_prefix(comma + 1);
  }
}

Tokens::Tokens(std::shared_ptr<Database> database) : database_(std::move(database)) {}

Result<CreatedToken> Tokens::create(const TokenRequest& request, Deadline deadline) {
  if (Status fits = check_request(request); !fits) return fits.error();
  const std::string secret = std::string(kSecretPrefix) + base64url(random_bytes(kSecretBytes));
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<CreatedToken> {
    const std::int64_t now = transaction.now_ms();
    if (request.expires_at_ms && *request.expires_at_ms <= now) {
      return Error{ErrorCode::kInvalidArgument, "the token would have expired already"};
    }
    const std::string id = random_uuid();
    transaction.execute(
        "INSERT INTO tokens (id, name, scopes, project, secret_sha256, created_at, expires_at) "
        "VALUES (:id, :name, :scopes, :project, :secret, :now, :expires)",
        {{"id", id},
         {"name", request.name},
         {"scopes", format_scopes(request.scopes)},
         {"project", request.project},
         {"secret", sha256_hex(secret)},
         {"now", now},
         {"expires", request.expires_at_ms}});
    return CreatedToken{{.id = id,
                         .name = request.name,
                         .scopes = request.scopes,
                         .project = request.project,
                         .created_at_ms = now,
                         .expires_at_ms = request.expires_at_ms},
                        secret};
  });
}

Result<std::optional<TokenRecord>> Tokens::find(const std::string& secret, Deadline deadline) {
  using Answer = std::optional<TokenRecord>;
  if (secret.size() != kSecretLength || !secret.starts_with(kSecretPrefix)) return Answer();
  std::int64_t now_ms = 0;
  auto found = database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    now_ms = transaction.now_ms();
    const SqlRows rows = transaction.query(std::string("SELECT ") + kColumns + " WHERE secret_sha256 = :secret",
                                           {{"secret", sha256_hex(secret)}});
    if (rows.empty()) return Answer();
    return Answer(token_of(rows[0], now_ms));
  });
  if (found && found->has_value() && (*found)->state == TokenState::kValid) note_use(**found, now_ms, deadline);
  return found;
}

void Tokens::note_use(const TokenRecord& token, std::int64_t now_ms, Deadline deadline) {
  if (token.last_used_at_ms.value_or(0) > now_ms - kNoteUseEveryMs) return;
  const Status noted = database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Status {
    transaction.execute("UPDATE tokens SET last_used_at = :now WHERE id = :id", {{"now", now_ms}, {"id", token.id}});
    return {};
  });
  static_cast<void>(noted);  // the next use notes it
}

Result<std::vector<TokenRecord>> Tokens::list(Deadline deadline) {
  using Answer = std::vector<TokenRecord>;
  return database_->transaction(Access::kRead, deadline, [](Transaction& transaction) -> Result<Answer> {
    Answer tokens;
    for (const SqlRow& row : transaction.query(std::string("SELECT ") + kColumns + " ORDER BY number")) {
      tokens.push_back(token_of(row, transaction.now_ms()));
    }
    return tokens;
  });
}

Result<bool> Tokens::revoke(const std::string& id, Deadline deadline) {
  if (!is_uuid(id)) return false;
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<bool> {
    return transaction.execute("UPDATE tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
                               {{"now", transaction.now_ms()}, {"id", id}}) > 0;
  });
}

Result<bool> Tokens::any_created(Deadline deadline) {
  return database_->transaction(Access::kRead, deadline, [](Transaction& transaction) -> Result<bool> {
    return !transaction.query("SELECT 1 FROM tokens LIMIT 1").empty();
  });
}

}  // namespace samcache
