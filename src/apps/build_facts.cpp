#include "apps/build_facts.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/source_commit.h"  // written by the build
#include "engine/libtorch_facts.h"

namespace samcache {

std::string version_text() {
  std::ostringstream text;
  text << "samcache " SAMCACHE_VERSION "\n"
       << "commit    " SAMCACHE_COMMIT "\n"
       << "build     " SAMCACHE_BUILD_TYPE ", " SAMCACHE_COMPILER "\n"
       << "libtorch  " << libtorch_version() << (libtorch_has_cuda() ? " with CUDA" : " without CUDA");
  return text.str();
}

std::string version_json() {
  return nlohmann::ordered_json{{"name", "samcache"},
                                {"version", SAMCACHE_VERSION},
                                {"commit", SAMCACHE_COMMIT},
                                {"build_type", SAMCACHE_BUILD_TYPE},
                                {"compiler", SAMCACHE_COMPILER},
                                {"libtorch", libtorch_version()},
                                {"cuda", libtorch_has_cuda()}}
      .dump();
}

}  // namespace samcache
