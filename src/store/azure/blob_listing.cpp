#include "store/azure/blob_listing.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <set>

#include "store/azure/call_runner.h"
#include "store/azure/http_date.h"
#include "store/object_name.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxPageBytes = 32 << 20;  // 5000 blobs of a few KiB each
constexpr std::size_t kMaxPages = 100'000;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<BlobPage> parse_blob_page(const std::string& xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  const pugi::xml_node results = document.child("EnumerationResults");
  if (!parsed || !results) {
    const std::string why = parsed ? "it has no EnumerationResults" : parsed.description();
    return Error{ErrorCode::kCorrupt, "the answer is no list of blobs: " + why};
  }
  BlobPage page;
  page.next_marker = results.child_value("NextMarker");
  for (const pugi::xml_node blob : results.child("Blobs").children("Blob")) {
    const pugi::xml_node properties = blob.child("Properties");
    const std::string name = blob.child_value("Name");
    if (!check_object_name(name)) continue;  // somebody else's
    const auto size = number_of(properties.child_value("Content-Length"));
    if (!size) return Error{ErrorCode::kCorrupt, "the list of blobs does not say how large " + name + " is"};
    const auto modified = parse_http_date(properties.child_value("Last-Modified"));
    page.blobs.push_back({name, *size, modified.value_or(std::chrono::system_clock::time_point())});
  }
  return page;
}

Result<std::vector<ObjectInfo>> list_blobs(BlobService& service, const std::string& prefix, Deadline deadline) {
  const std::string operation = "cannot list " + service.describe();
  std::vector<ObjectInfo> found;
  std::string marker;
  std::set<std::string> markers;
  do {
    BlobCall call{.request = {.method = "GET", .resource = service.container_resource()}, .is_read = true};
    call.request.query = {
        {"restype", "container"}, {"comp", "list"}, {"maxresults", std::to_string(service.options().list_page_blobs)}};
    if (!prefix.empty()) call.request.query.emplace_back("prefix", prefix);
    if (!marker.empty()) call.request.query.emplace_back("marker", marker);
    call.max_text_bytes = kMaxPageBytes;
    CallRunner runner(service, operation, deadline);
    runner.add(std::move(call));
    if (Status status = runner.run(1); !status) return status.error();
    Result<BlobPage> page = parse_blob_page(runner.answer(0)->text);
    if (!page) return page.error().within(operation);
    std::ranges::copy_if(page->blobs, std::back_inserter(found),
                         [&](const ObjectInfo& blob) { return blob.name.starts_with(prefix); });
    marker = page->next_marker;
    // One that comes again would go round forever.
    if (!markers.insert(marker).second || markers.size() > kMaxPages) {
      return Error{ErrorCode::kCorrupt, operation + ": the pages do not end"};
    }
  } while (!marker.empty());
  std::ranges::sort(found, {}, &ObjectInfo::name);
  return found;
}

}  // namespace samcache
