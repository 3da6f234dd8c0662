#include "api/routes.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "api/openapi_document.h"

namespace samcache {
namespace {

// "GET /path" of each operation. Reads the little of YAML that docs/openapi.yaml is written in: paths are keys two
// spaces in, methods four.
std::set<std::string> documented_operations() {
  std::set<std::string> operations;
  std::istringstream lines{std::string(kOpenapiDocument)};
  std::string path;
  bool in_paths = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != ' ') in_paths = line == "paths:";
    if (!in_paths || !line.ends_with(':')) continue;
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    for (const char* method : {"get", "put", "post", "delete", "patch"}) {
      if (line == std::string("    ") + method + ':') {
        std::string upper(method);
        for (char& c : upper) c = static_cast<char>(std::toupper(c));
        operations.insert(upper + ' ' + path);
      }
    }
  }
  return operations;
}

TEST(Routes, AreTheOnesThatAreDocumented) {
  const std::vector<std::string> names = route_names();
  const std::set<std::string> routes(names.begin(), names.end());
  EXPECT_EQ(routes.size(), names.size()) << "a route is there twice";
  EXPECT_EQ(routes, documented_operations());
}

}  // namespace
}  // namespace samcache
