#include "apps/demo_model.h"

#include <optional>

#include "apps/console.h"
#include "apps/shipped_files.h"

namespace samcache {

Result<std::filesystem::path> model_or_demo(const std::filesystem::path& named) {
  if (!named.empty()) return named;
  const std::optional<std::filesystem::path> demo = find_demo_model();
  if (!demo) {
    return Error{ErrorCode::kInvalidArgument,
                 "no model: give --model DIR or set SAMCACHE_MODEL (the demo model is not beside the program; samcache "
                 "model init --config released --out DIR makes one with random weights)"};
  }
  print_note("no --model given: using the demo model, " + demo->string());
  return *demo;
}

}  // namespace samcache
