#include "api/auth/caller.h"

#include <array>
#include <stdexcept>

namespace samcache {
namespace {

constexpr std::array kNames = {"none", "read", "write", "admin", "operator"};

}  // namespace

const char* permission_name(Permission permission) { return kNames.at(static_cast<std::size_t>(permission)); }

Permission parse_permission(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Permission>(i);
  }
  throw std::logic_error("parse_permission: there is no permission " + std::string(name));
}

bool Caller::may(Permission permission) const {
  switch (permission) {
    case Permission::kNone: return true;
    case Permission::kRead: return scopes.read || scopes.admin;
    case Permission::kWrite: return scopes.write || scopes.admin;
    case Permission::kAdmin: return scopes.admin;
    case Permission::kOperator: break;
  }
  return (scopes.read || scopes.admin) && !project;
}

}  // namespace samcache
