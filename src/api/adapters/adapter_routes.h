// The routes of the adapters for other annotation tools, in one table: docs/adapters.md describes them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/api_context.h"
#include "http/router.h"

namespace samcache {

// Those that the options switch on. kInvalidArgument: an address in the options that is none.
Status add_adapter_routes(const std::shared_ptr<ApiContext>& context, http::Router& router);

// "POST /label-studio/predict" of each, in the table's order: what docs/adapters.md is compared with.
std::vector<std::string> adapter_route_names();

}  // namespace samcache
