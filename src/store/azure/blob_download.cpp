#include "store/azure/blob_download.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace samcache {
namespace {

constexpr int kMaxVersionsInRanges = 3;
constexpr int kMaxVersionsInOne = 2;
constexpr std::size_t kMaxEtagLength = 256;

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view end) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (!text.starts_with(end)) return std::nullopt;
  text.remove_prefix(end.size());
  return value;
}

std::string header_of(const HttpResponse& head, std::string_view name) {
  const std::string* value = head.find(name);
  return value ? *value : std::string();
}

Error malformed(const std::string& what, const std::string& got) {
  return {ErrorCode::kIo, "the answer has " + what + ", which is " + in_quotes(got)};
}

}  // namespace

std::optional<ContentRange> parse_content_range(const std::string& text) {
  std::string_view rest = text;
  if (!rest.starts_with("bytes ")) return std::nullopt;
  rest.remove_prefix(6);
  const auto first = take_number(rest, "-");
  const auto last = first ? take_number(rest, "/") : std::nullopt;
  const auto total = last ? take_number(rest, "") : std::nullopt;
  if (!total || !rest.empty() || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

Result<std::optional<SharedBytes>> BlobDownload::run() {
  for (int version = 0; version < kMaxVersionsInRanges + kMaxVersionsInOne; ++version) {
    buffer_.reset();
    etag_.clear();
    changed_ = false;
    const Result<Outcome> outcome = version < kMaxVersionsInRanges ? read_ranges() : read_without_range();
    if (!outcome) return outcome.error();
    if (*outcome == Outcome::kMissing) return std::optional<SharedBytes>();
    if (*outcome == Outcome::kWhole) return std::optional(std::move(*buffer_).share());
  }
  return Error{ErrorCode::kUnavailable, operation() + ": it was replaced again and again while it was being read"};
}

std::string BlobDownload::operation() const { return "cannot load " + name_ + " from " + service_.describe(); }

BlobCall BlobDownload::call_for(std::uint64_t first, std::uint64_t size) const {
  BlobCall call;
  call.request = {.method = "GET", .resource = service_.blob_resource(name_)};
  if (size > 0) {
    const std::string range = "bytes=" + std::to_string(first) + "-" + std::to_string(first + size - 1);
    call.request.headers.push_back({"x-ms-range", range});
    if (service_.options().check_md5 && size <= kMaxChecksummedRangeBytes) {
      call.request.headers.push_back({"x-ms-range-get-content-md5", "true"});
    }
  }
  call.is_read = true;
  call.check_md5 = service_.options().check_md5;
  call.expected = {404, 412, 416};
  return call;
}

Result<BlobDownload::Outcome> BlobDownload::read_ranges() {
  CallRunner runner(service_, operation(), deadline_);
  BlobCall first = call_for(0, service_.options().first_range_bytes);
  first.place = [this, &runner](const HttpResponse& head) { return place_first(runner, head); };
  runner.add(std::move(first));
  calls_ = 1;
  const Status status = runner.run(service_.options().parallel_ranges);
  if (changed_) return Outcome::kChanged;
  if (!status) return status.error();
  if (runner.answer(0) && runner.answer(0)->head.status == 416) return read_without_range();
  return outcome_of(runner, calls_);
}

Result<BlobDownload::Outcome> BlobDownload::read_without_range() {
  CallRunner runner(service_, operation(), deadline_);
  BlobCall call = call_for(0, 0);
  call.place = [this](const HttpResponse& head) { return place_whole(head); };
  runner.add(std::move(call));
  const Status status = runner.run(1);
  if (changed_) return Outcome::kChanged;
  if (!status) return status.error();
  return outcome_of(runner, 1);
}

Result<BlobDownload::Outcome> BlobDownload::outcome_of(const CallRunner& runner, std::size_t calls) const {
  for (std::size_t i = 0; i < calls; ++i) {
    const std::optional<BlobAnswer>& answer = runner.answer(i);
    if (!answer || answer->head.ok()) continue;
    if (i > 0 || answer->head.status != 404) return Outcome::kChanged;  // after the first head it was there
    const ServiceError refusal = answer->refusal();
    if (refusal.code.empty() || refusal.code == "BlobNotFound") return Outcome::kMissing;
    return refusal.as_error().within(operation());
  }
  return Outcome::kWhole;
}

// The first head says which version it is and how large; every later one must be of the same.
Status BlobDownload::agree_on_version(const HttpResponse& head, std::uint64_t total) {
  const std::string etag = header_of(head, "etag");
  if (etag.empty() || etag.size() > kMaxEtagLength) return malformed("no proper ETag", etag);
  if (total > service_.options().max_object_bytes) {
    return Error{ErrorCode::kTooLarge, "it has " + std::to_string(total) + " bytes; the limit is " +
                                           std::to_string(service_.options().max_object_bytes)};
  }
  if (!buffer_) {
    buffer_.emplace(total);
    etag_ = etag;
  } else if (etag != etag_ || total != buffer_->size()) {
    changed_ = true;
    return Error{ErrorCode::kCancelled, "it was replaced meanwhile"};
  }
  return {};
}

Result<std::span<std::byte>> BlobDownload::place_first(CallRunner& runner, const HttpResponse& head) {
  const std::string text = header_of(head, "content-range");
  const auto range = parse_content_range(text);
  const std::uint64_t asked = service_.options().first_range_bytes;
  if (head.status != 206 || !range || range->first != 0 || range->last != std::min(asked, range->total) - 1) {
    return malformed("a wrong Content-Range", text);
  }
  const bool known = buffer_.has_value();
  if (Status status = agree_on_version(head, range->total); !status) return status.error();
  if (!known) add_rest(runner, range->last + 1);
  return buffer_->span().first(range->last + 1);
}

void BlobDownload::add_rest(CallRunner& runner, std::uint64_t first) {
  const AzureStoreOptions& options = service_.options();
  const std::uint64_t total = buffer_->size();
  // One stream is still busy with the beginning.
  const std::uint64_t streams = std::max<std::size_t>(options.parallel_ranges - 1, 1);
  const std::uint64_t equal = (total - first + streams - 1) / streams;
  const std::uint64_t part = std::clamp<std::uint64_t>(equal, options.min_range_bytes, options.max_range_bytes);
  for (; first < total; first += part) {
    const std::uint64_t size = std::min(part, total - first);
    BlobCall call = call_for(first, size);
    call.request.headers.push_back({"If-Match", etag_});
    call.place = [this, first, size](const HttpResponse& head) { return place_range(head, first, size); };
    runner.add(std::move(call));
    ++calls_;
  }
}

Result<std::span<std::byte>> BlobDownload::place_range(const HttpResponse& head, std::uint64_t first,
                                                       std::uint64_t size) {
  const std::string text = header_of(head, "content-range");
  const auto range = parse_content_range(text);
  if (head.status != 206 || !range || range->first != first || range->last != first + size - 1) {
    return malformed("a wrong Content-Range", text);
  }
  // If-Match should have seen to that; emulators that answer while a blob is replaced mix the heads of two versions.
  if (Status status = agree_on_version(head, range->total); !status) return status.error();
  return buffer_->span().subspan(first, size);
}

Result<std::span<std::byte>> BlobDownload::place_whole(const HttpResponse& head) {
  const std::string text = header_of(head, "content-length");
  std::string_view rest = text;
  const auto length = take_number(rest, "");
  if (head.status != 200 || !length || !rest.empty()) return malformed("no proper Content-Length", text);
  if (Status status = agree_on_version(head, *length); !status) return status.error();
  return buffer_->span();
}

}  // namespace samcache
