// Bearer tokens: who may call the API, for what, and for which project.
//
// A secret is "sct_" and 43 characters (256 random bits in base64url). It is shown once, when the token is made; the
// database holds its SHA-256 alone, which is also how it is found, so no comparison depends on the secret's characters.
// Any thread. Obtained from Catalog::tokens(), which owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/database.h"

namespace samcache {

struct TokenScopes {
  bool read = false;
  bool write = false;
  bool admin = false;

  friend bool operator==(const TokenScopes&, const TokenScopes&) = default;
};

// "read,write" and back. kInvalidArgument for an unknown word or none at all.
std::string format_scopes(TokenScopes scopes);
Result<TokenScopes> parse_scopes(std::string_view text);

struct TokenRequest {
  std::string name;  // 1 to 100 characters, for people
  TokenScopes scopes = {};
  std::optional<std::string> project = {};  // nothing: all projects
  std::optional<std::int64_t> expires_at_ms = {};
};

enum class TokenState { kValid, kExpired, kRevoked };

struct TokenRecord {
  std::string id = {};  // a UUID
  std::string name = {};
  TokenScopes scopes = {};
  std::optional<std::string> project = {};
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> expires_at_ms = {};
  std::optional<std::int64_t> revoked_at_ms = {};
  std::optional<std::int64_t> last_used_at_ms = {};  // to a few minutes
  TokenState state = TokenState::kValid;             // when it was read, by the database's clock
};

struct CreatedToken {
  TokenRecord record;
  std::string secret;  // not kept anywhere: hand it over now
};

class Tokens {
 public:
  explicit Tokens(std::shared_ptr<Database> database);

  Result<CreatedToken> create(const TokenRequest& request, Deadline deadline);

  // Nothing: no such token. Expired and revoked ones are found, too: look at `state`. Notes the use, at most every five
  // minutes for each token; a failure to note it is no failure.
  Result<std::optional<TokenRecord>> find(const std::string& secret, Deadline deadline);

  // Oldest first; revoked and expired ones with them.
  Result<std::vector<TokenRecord>> list(Deadline deadline);

  // False: no such token, or revoked already.
  Result<bool> revoke(const std::string& id, Deadline deadline);

  // Whether one was ever created, whatever became of it.
  Result<bool> any_created(Deadline deadline);

 private:
  void note_use(const TokenRecord& token, std::int64_t now_ms, Deadline deadline);

  const std::shared_ptr<Database> database_;
};

}  // namespace samcache
