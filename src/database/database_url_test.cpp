#include "database/database_url.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(DatabaseUrl, SqliteTakesAbsoluteAndRelativePaths) {
  EXPECT_EQ(parse_database_url("sqlite:///var/lib/a b.db", {})->connection, "/var/lib/a b.db");
  EXPECT_EQ(parse_database_url("sqlite:data/x.db", {})->connection, "data/x.db");
  EXPECT_EQ(parse_database_url("sqlite:/x.db", {})->name, "sqlite at /x.db");
}

TEST(DatabaseUrl, PostgresqlKeepsThePasswordOutOfItsName) {
  const auto address = parse_database_url("postgresql://ann:p%27w@db.example:6543/images?sslmode=require", {});
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->dialect, SqlDialect::kPostgresql);
  EXPECT_EQ(address->name, "postgresql at db.example:6543/images");
  EXPECT_NE(address->connection.find("password='p\\'w'"), std::string::npos) << address->connection;
  EXPECT_NE(address->connection.find("sslmode='require'"), std::string::npos);
  EXPECT_NE(address->connection.find("statement_timeout=30000"), std::string::npos);
}

TEST(DatabaseUrl, WhatTheUrlSaysWinsOverDefaults) {
  const auto address = parse_database_url("postgres://h/d?connect_timeout=77&options=-c%20work_mem%3D8MB", {});
  ASSERT_TRUE(address.ok());
  EXPECT_NE(address->connection.find("connect_timeout='77'"), std::string::npos);
  EXPECT_NE(address->connection.find("-c work_mem=8MB"), std::string::npos);
}

TEST(DatabaseUrl, WhatIsNoUrlIsRefusedWithoutRepeatingSecrets) {
  for (const std::string url :
       {"", "mysql://h/d", "sqlite:", "sqlite://", "sqlite://host/x", "sqlite::memory:", "sqlite:///a\"b",
        "sqlite:///a\nb", "postgresql://u:hunter2@h:1/d?nonsense=1", "postgresql://u:hunter2@[::1/d", "hunter2"}) {
    const auto address = parse_database_url(url, {});
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(address.error().message.find("hunter2"), std::string::npos) << address.error().message;
  }
}

}  // namespace
}  // namespace samcache
