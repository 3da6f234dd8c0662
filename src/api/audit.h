// A line for every write, in the database and in the log: who, what, when.
#pragma once

#include "api/handlers.h"

namespace samcache {

// Call it when the write has been made. That it cannot be noted is itself logged, and changes nothing for the client.
void record_write(ApiContext& context, const http::HttpRequest& request, const Written& written);

}  // namespace samcache
