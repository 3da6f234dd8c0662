// Who asks, and what they may do.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/tokens.h"

namespace samcache {

// What a route asks of its callers.
enum class Permission {
  kNone,       // no token
  kRead,       // to look, to prompt
  kWrite,      // to change
  kReadWrite,  // both: to prompt on a picture that comes with the prompt
  kAdmin,      // to put in what everybody will trust
  kOperator,   // to look at what concerns all projects
};

const char* permission_name(Permission permission);  // "none", "read", ...
// The inverse; any other text is a bug and throws.
Permission parse_permission(std::string_view name);

// How callers of a route may send their token besides `Authorization: Bearer`: other programs have ways of their own.
enum class TokenForm {
  kBearer,
  kBasicPassword,  // the password of Authorization: Basic, whatever the user's name
  kTokenHeader,    // the header Token
};

struct RouteAccess {
  Permission permission = Permission::kNone;
  TokenForm form = TokenForm::kBearer;
};

// What a route carries as its tag: "read", "read,write basic", "read token". Anything else is a bug and throws.
std::string access_tag(RouteAccess access);
RouteAccess parse_access_tag(std::string_view tag);

struct Caller {
  std::string token_id = {};  // empty: access is open
  std::string name = {};      // the token's
  TokenScopes scopes = {};
  std::optional<std::string> project = {};  // nothing: all

  // Who comes without a token while access is open.
  static Caller anyone() { return {.scopes = {.read = true, .write = true, .admin = true}}; }

  // `admin` is everything; `read` and `write` are each for itself.
  bool may(Permission permission) const;
  bool sees(std::string_view project_of_image) const { return !project || *project == project_of_image; }
};

}  // namespace samcache
