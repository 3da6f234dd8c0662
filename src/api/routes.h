// All routes of the API in one table: method, path, what a caller needs, where the work is done, and by which function.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/api_context.h"
#include "http/router.h"

namespace samcache {

// Routes that answer from `context`, which they share.
http::Router make_router(const std::shared_ptr<ApiContext>& context);

// "GET /api/v1/images/{id}" of each, in the table's order: what docs/openapi.yaml is compared with.
std::vector<std::string> route_names();

}  // namespace samcache
