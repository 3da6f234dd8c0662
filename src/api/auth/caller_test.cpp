#include "api/auth/caller.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(Caller, EachScopeIsForItselfAndAdminIsEverything) {
  const Caller reader{.scopes = {.read = true}};
  EXPECT_TRUE(reader.may(Permission::kRead));
  EXPECT_TRUE(reader.may(Permission::kOperator));
  EXPECT_FALSE(reader.may(Permission::kWrite));
  EXPECT_FALSE(reader.may(Permission::kAdmin));
  const Caller writer{.scopes = {.write = true}};
  EXPECT_FALSE(writer.may(Permission::kRead));
  EXPECT_TRUE(writer.may(Permission::kWrite));
  EXPECT_TRUE(writer.may(Permission::kNone));
  EXPECT_FALSE(reader.may(Permission::kReadWrite));
  EXPECT_FALSE(writer.may(Permission::kReadWrite));
  EXPECT_TRUE((Caller{.scopes = {.read = true, .write = true}}.may(Permission::kReadWrite)));
  const Caller admin{.scopes = {.admin = true}};
  for (const Permission permission :
       {Permission::kRead, Permission::kWrite, Permission::kReadWrite, Permission::kAdmin, Permission::kOperator}) {
    EXPECT_TRUE(admin.may(permission)) << permission_name(permission);
    EXPECT_TRUE(Caller::anyone().may(permission)) << permission_name(permission);
  }
}

TEST(Caller, OneOfAProjectSeesNothingElse) {
  const Caller caller{.scopes = {.admin = true}, .project = "cats"};
  EXPECT_TRUE(caller.sees("cats"));
  EXPECT_FALSE(caller.sees("dogs"));
  EXPECT_FALSE(caller.sees(""));
  EXPECT_FALSE(caller.may(Permission::kOperator));
  EXPECT_TRUE(Caller::anyone().sees("dogs"));
}

TEST(Permission, NamesReadBack) {
  for (const Permission permission :
       {Permission::kNone, Permission::kRead, Permission::kWrite, Permission::kAdmin, Permission::kOperator}) {
    EXPECT_EQ(parse_permission(permission_name(permission)), permission);
  }
  EXPECT_THROW((void)parse_permission("everything"), std::logic_error);
  for (const TokenForm form : {TokenForm::kBearer, TokenForm::kBasicPassword, TokenForm::kTokenHeader}) {
    const RouteAccess access = parse_access_tag(access_tag({Permission::kReadWrite, form}));
    EXPECT_EQ(access.permission, Permission::kReadWrite);
    EXPECT_EQ(access.form, form);
  }
  EXPECT_EQ(parse_access_tag(permission_name(Permission::kRead)).form, TokenForm::kBearer);
  for (const char* tag : {"read cookie", "everything basic", "read ", ""}) {
    EXPECT_THROW((void)parse_access_tag(tag), std::logic_error) << tag;
  }
}

}  // namespace
}  // namespace samcache
