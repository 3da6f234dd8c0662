#include "api/auth/caller.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace samcache {
namespace {

constexpr std::array kNames = {"none", "read", "write", "read,write", "admin", "operator"};

constexpr std::array kFormSuffixes = {"", " basic", " token"};

}  // namespace

const char* permission_name(Permission permission) { return kNames.at(static_cast<std::size_t>(permission)); }

Permission parse_permission(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Permission>(i);
  }
  throw std::logic_error("parse_permission: there is no permission " + std::string(name));
}

std::string access_tag(RouteAccess access) {
  return permission_name(access.permission) + std::string(kFormSuffixes.at(static_cast<std::size_t>(access.form)));
}

RouteAccess parse_access_tag(std::string_view tag) {
  const std::size_t space = std::min(tag.find(' '), tag.size());
  for (std::size_t i = 0; i < kFormSuffixes.size(); ++i) {
    if (tag.substr(space) == kFormSuffixes[i]) {
      return {parse_permission(tag.substr(0, space)), static_cast<TokenForm>(i)};
    }
  }
  throw std::logic_error("parse_access_tag: there is no access " + std::string(tag));
}

bool Caller::may(Permission permission) const {
  switch (permission) {
    case Permission::kNone: return true;
    case Permission::kRead: return scopes.read || scopes.admin;
    case Permission::kWrite: return scopes.write || scopes.admin;
    case Permission::kReadWrite: return (scopes.read && scopes.write) || scopes.admin;
    case Permission::kAdmin: return scopes.admin;
    case Permission::kOperator: break;
  }
  return (scopes.read || scopes.admin) && !project;
}

}  // namespace samcache
