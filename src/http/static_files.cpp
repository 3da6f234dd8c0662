#include "http/static_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cctype>
#include <cstdio>

#include "http/tokens.h"

namespace samcache::http {
namespace {

struct OpenFile {
  FileRange range;
  std::string etag;
};

// `path` ("/a/b.js", decoded) below `folder`, opened one component at a time: no link is followed, so nothing outside
// of the folder can be reached.
std::optional<OpenFile> open_below(int folder, std::string_view path) {
  FileDescriptor place;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string name(path.substr(1, end - 1));
    path.remove_prefix(end);
    if (name.empty() || name[0] == '.') return std::nullopt;
    const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (path.empty() ? 0 : O_DIRECTORY);
    FileDescriptor next(openat(place.is_open() ? place.get() : folder, name.c_str(), flags));
    if (!next.is_open()) return std::nullopt;
    place = std::move(next);
  }
  struct stat info {};
  if (!place.is_open() || fstat(place.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::array<char, 64> tag;
  std::snprintf(tag.data(), tag.size(), "\"%llx-%llx\"", static_cast<unsigned long long>(info.st_size),
                static_cast<unsigned long long>(info.st_mtim.tv_sec) * 1'000'000'000ULL +
                    static_cast<unsigned long long>(info.st_mtim.tv_nsec));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  return OpenFile{{std::make_shared<const FileDescriptor>(std::move(place)), 0, size}, tag.data()};
}

// "index-4f3a9c2e.js", "app.Dk3_x9aQ.css": at least 8 letters and digits, one a digit, between a dash or dot and the
// ending, as bundlers name what never changes.
bool has_hash(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::size_t begin = name.find_last_of("-.", dot - 1);
  if (begin == std::string_view::npos) return false;
  const std::string_view hash = name.substr(begin + 1, dot - begin - 1);
  bool has_digit = false;
  for (const char c : hash) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '_') return false;
    has_digit |= std::isdigit(byte) != 0;
  }
  return hash.size() >= 8 && has_digit;
}

// Of "/projects/v1.2" the name alone does not tell; a browser that opens a page says that it wants HTML.
bool asks_for_page(const HttpRequest& request) {
  const std::string_view path = request.path();
  return path.substr(path.rfind('/') + 1).find('.') == std::string_view::npos ||
         request.header("Accept").value_or("").find("text/html") != std::string_view::npos;
}

HttpResponse serve(int folder, HttpRequest& request) {
  std::string path(request.path());
  if (path.ends_with('/')) path += "index.html";
  std::optional<OpenFile> plain = open_below(folder, path);
  if (!plain && asks_for_page(request)) {
    path = "/index.html";
    plain = open_below(folder, path);
  }
  if (!plain) return problem(404, "there is no such file");

  OpenFile file = std::move(*plain);
  std::string_view coding;
  const std::string_view accepted = request.header("Accept-Encoding").value_or("");
  for (const auto& [ending, name] : {std::pair(".br", "br"), std::pair(".gz", "gzip")}) {
    if (weight_of(accepted, name) == 0) continue;
    if (std::optional<OpenFile> smaller = open_below(folder, path + ending)) {
      file = std::move(*smaller);
      file.etag.insert(file.etag.size() - 1, ending);
      coding = name;
      break;
    }
  }
  HttpResponse response = HttpResponse::file(content_type_of(path), std::move(file.range));
  response.etag = std::move(file.etag);
  response.headers.add("Cache-Control", has_hash(path) ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.add("Vary", "Accept-Encoding");
  if (!coding.empty()) response.headers.add("Content-Encoding", coding);
  return response;
}

}  // namespace

Result<Route> static_files_route(const StaticFilesOptions& options) {
  FileDescriptor folder(open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || !open_below(folder.get(), "/index.html")) {
    return Error{ErrorCode::kNotFound, options.folder.string() + " is no folder with an index.html"};
  }
  Route route{.pattern = "/{path...}"};
  route.options.pool = options.pool;
  route.handler = [shared = std::make_shared<FileDescriptor>(std::move(folder))](HttpRequest& request) {
    return serve(shared->get(), request);
  };
  return route;
}

std::string_view content_type_of(std::string_view file_name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".wasm", "application/wasm"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".xml", "application/xml"},
      {".yaml", "application/yaml"},
      {".md", "text/markdown; charset=utf-8"},
      {".pdf", "application/pdf"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (file_name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

}  // namespace samcache::http
