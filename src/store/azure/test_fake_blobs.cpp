#include "store/azure/test_fake_blobs.h"

#include <algorithm>
#include <cstdio>

#include "store/azure/azure_digests.h"
#include "store/azure/azure_endpoint.h"

namespace samcache {
namespace {

constexpr const char* kContainer = "/account/container";

std::string query_value(const std::string& path, const std::string& name) {
  const std::size_t at = path.find(name + "=");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 1;
  return path.substr(begin, path.find('&', begin) - begin);
}

}  // namespace

TestAnswer refusal(int status, const std::string& code) {
  return {
      .status = status,
      .headers = {{"x-ms-error-code", code}},
      .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>Because.\nTime: now</Message></Error>"};
}

FakeBlobs::FakeBlobs() : server_([this](const TestRequest& request) { return handle(request); }) {}

void FakeBlobs::set_fault(Fault fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
  requests_ = 0;
}

AzureStoreOptions FakeBlobs::options() const {
  AzureStoreOptions options;
  options.account = {.name = "account", .endpoint = url() + "/account", .credential = SharedKeyCredential{"a2V5"}};
  options.container = "container";
  options.retry.base_delay = std::chrono::milliseconds(20);
  return options;
}

void FakeBlobs::put(const std::string& name, const SharedBytes& bytes) {
  const std::scoped_lock lock(mutex_);
  blobs_[name] = {std::string(text_of(bytes)), "\"v" + std::to_string(++versions_) + "\"", {}};
}

std::optional<std::string> FakeBlobs::get(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = blobs_.find(name);
  return found == blobs_.end() ? std::nullopt : std::optional(found->second.bytes);
}

TestAnswer FakeBlobs::handle(const TestRequest& request) {
  Fault fault;
  {
    const std::scoped_lock lock(mutex_);
    fault = fault_;
  }
  const int number = requests_++;
  if (fault) {
    if (std::optional<TestAnswer> answer = fault(request, number)) return *answer;
  }
  return proper_answer(request);
}

TestAnswer FakeBlobs::proper_answer(const TestRequest& request) {
  const std::scoped_lock lock(mutex_);
  const std::string path = request.path.substr(0, request.path.find('?'));
  if (path.size() <= std::string(kContainer).size() + 1) return {.status = 201};
  const std::string name = path.substr(std::string(kContainer).size() + 1);
  const std::string comp = query_value(request.path, "comp");
  if (request.method == "PUT" && comp == "block") {
    blocks_[name + "/" + query_value(request.path, "blockid")] = request.body;
    return {.status = 201};
  }
  if (request.method == "PUT" && comp == "blocklist") {
    std::string bytes;
    for (std::size_t at = request.body.find("<Latest>"); at != std::string::npos;
         at = request.body.find("<Latest>", at + 1)) {
      const std::size_t begin = at + 8;
      const auto block =
          blocks_.find(name + "/" + url_escaped(request.body.substr(begin, request.body.find('<', begin) - begin)));
      if (block == blocks_.end()) return refusal(400, "InvalidBlockList");
      bytes += block->second;
    }
    return write(request, name, std::move(bytes));
  }
  if (request.method == "PUT") return write(request, name, request.body);
  const auto found = blobs_.find(name);
  if (found == blobs_.end()) return refusal(404, "BlobNotFound");
  if (request.method == "DELETE") {
    blobs_.erase(found);
    return {.status = 202};
  }
  return read(request, found->second);
}

TestAnswer FakeBlobs::write(const TestRequest& request, const std::string& name, std::string bytes) {
  if (request.header("if-none-match") == "*" && blobs_.contains(name)) return refusal(409, "BlobAlreadyExists");
  Blob blob{std::move(bytes), "\"v" + std::to_string(++versions_) + "\"", {}};
  for (const auto& [header, value] : request.headers) {
    if (header.starts_with("x-ms-meta-")) blob.marks[header] = value;
  }
  blobs_[name] = std::move(blob);
  return {.status = 201};
}

TestAnswer FakeBlobs::read(const TestRequest& request, const Blob& blob) const {
  TestAnswer answer{.headers = {{"ETag", blob.etag}, {"Last-Modified", "Fri, 26 Jun 2015 23:39:12 GMT"}}};
  answer.headers.insert(blob.marks.begin(), blob.marks.end());
  const std::string match = request.header("if-match");
  if (!match.empty() && match != blob.etag) return refusal(412, "ConditionNotMet");
  const std::string range = request.header("x-ms-range");
  if (request.method == "HEAD" || range.empty()) {
    answer.body = blob.bytes;
    return answer;
  }
  std::size_t first = 0, last = 0;
  std::sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last);
  if (first >= blob.bytes.size()) return refusal(416, "InvalidRange");
  last = std::min(last, blob.bytes.size() - 1);
  answer.status = 206;
  answer.body = blob.bytes.substr(first, last - first + 1);
  answer.headers["Content-Range"] =
      "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(blob.bytes.size());
  if (!request.header("x-ms-range-get-content-md5").empty())
    answer.headers["Content-MD5"] = md5_base64(bytes_of(answer.body));
  return answer;
}

}  // namespace samcache
