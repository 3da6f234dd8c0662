// A folder of files (a built web app) as the router's fallback.
//
// Only regular files inside the folder are opened: no link is followed, no name beginning with a dot served. A path
// that names no file and looks like a page (no dot in its last segment, or HTML is asked for) gets index.html, since
// the app routes by itself. Where "name.br" or "name.gz" lies beside "name" and the client accepts it, that is sent.
// Names with a hash in them ("app-1f3a9c2e.js") may be cached for ever, everything else is asked for again by its ETag.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "http/router.h"

namespace samcache::http {

struct StaticFilesOptions {
  std::filesystem::path folder;
  std::size_t pool = 0;  // files are opened on it
};

// kNotFound: the folder or its index.html is not there.
Result<Route> static_files_route(const StaticFilesOptions& options);

// "text/html; charset=utf-8" for "x.html"; "application/octet-stream" for what is not known.
std::string_view content_type_of(std::string_view file_name);

}  // namespace samcache::http
