#include "api/adapters/adapter_routes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace samcache {
namespace {

// "GET /path" of each row "| `GET /path` | …" of the tables in docs/adapters.md.
std::set<std::string> documented_routes() {
  std::ifstream file(std::filesystem::path(SAMCACHE_TEST_DATA) / "../../docs/adapters.md");
  std::set<std::string> routes;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `GET /") && !line.starts_with("| `POST /")) continue;
    routes.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return routes;
}

TEST(AdapterRoutes, AreTheOnesThatAreDocumented) {
  const std::vector<std::string> names = adapter_route_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), documented_routes());
}

}  // namespace
}  // namespace samcache
