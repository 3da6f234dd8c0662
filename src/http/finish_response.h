// What HTTP makes of a handler's answer before it is sent: 304, a range, compression. Internal to http/.
//
// Runs on the thread that made the answer, so that large texts are compressed on a pool.
#pragma once

#include <cstddef>

#include "http/http_request.h"
#include "http/http_response.h"

namespace samcache::http {

// `compress_from_bytes`: shorter texts stay as they are.
void finish_response(const HttpRequest& request, std::size_t compress_from_bytes, HttpResponse& response);

}  // namespace samcache::http
