#include "api/adapters/adapter_options.h"

#include "base/text.h"

namespace samcache {

Status choose_adapters(std::string_view comma_separated, AdapterOptions& options) {
  while (!comma_separated.empty()) {
    const std::size_t comma = std::min(comma_separated.find(','), comma_separated.size());
    const std::string_view name = comma_separated.substr(0, comma);
    comma_separated.remove_prefix(std::min(comma + 1, comma_separated.size()));
    if (name == "label-studio") {
      options.label_studio = true;
    } else if (name == "x-anylabeling") {
      options.x_anylabeling = true;
    } else if (name == "cvat") {
      options.cvat = true;
    } else {
      return Error{ErrorCode::kInvalidArgument,
                   "there is no adapter " + in_quotes(name) + "; known are label-studio, x-anylabeling and cvat"};
    }
  }
  return {};
}

}  // namespace samcache
