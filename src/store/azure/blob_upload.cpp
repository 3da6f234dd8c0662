#include "store/azure/blob_upload.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "store/azure/azure_digests.h"

namespace samcache {
namespace {

constexpr int kMaxRounds = 5;  // of sending blocks
constexpr const char* kUploadMark = "x-ms-meta-samcacheupload";

std::string new_upload_id() {
  std::random_device random;
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", static_cast<unsigned>(random()), static_cast<unsigned>(random()));
  return text.data();
}

bool is_kept(const ServiceError& refusal) {
  const std::string& code = refusal.code;
  return code.empty() || code == "BlobAlreadyExists" || code == "ConditionNotMet" || code == "TargetConditionNotMet";
}

}  // namespace

BlobUpload::BlobUpload(BlobService& service, const std::string& name, const SharedBytes& bytes, SaveMode mode,
                       Deadline deadline)
    : service_(service), name_(name), bytes_(bytes), mode_(mode), deadline_(deadline), upload_id_(new_upload_id()) {}

std::string BlobUpload::operation() const { return "cannot save " + name_ + " to " + service_.describe(); }

Result<bool> BlobUpload::run() {
  const AzureStoreOptions& options = service_.options();
  if (bytes_.size() > options.max_object_bytes) {
    return Error{ErrorCode::kTooLarge, operation() + ": it has " + std::to_string(bytes_.size()) +
                                           " bytes; the limit is " + std::to_string(options.max_object_bytes)};
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    const Result<Outcome> outcome = bytes_.size() <= options.max_single_put_bytes ? put_whole() : put_blocks();
    if (!outcome) return outcome.error();
    if (*outcome != Outcome::kBlocksGone) return *outcome == Outcome::kStored;
    if (mode_ == SaveMode::kReplace) continue;
    const Result<bool> there = is_there();
    if (!there) return there.error();
    if (*there) return is_ours();
  }
  return Error{ErrorCode::kUnavailable,
               operation() + ": other writers of the same name came first " + std::to_string(kMaxRounds) + " times"};
}

BlobCall BlobUpload::call_for(const std::string& comp, ByteSpan body) const {
  BlobCall call;
  call.request = {.method = "PUT", .resource = service_.blob_resource(name_), .body = body};
  if (!comp.empty()) call.request.query.emplace_back("comp", comp);
  call.request.headers.push_back({"Content-Type", "application/octet-stream"});
  if (service_.options().check_md5) call.request.headers.push_back({"Content-MD5", md5_base64(body)});
  return call;
}

void BlobUpload::add_commit_headers(BlobCall& call) const {
  call.request.headers.push_back({kUploadMark, upload_id_});
  if (mode_ == SaveMode::kReplace) return;
  call.request.headers.push_back({"If-None-Match", "*"});
  call.expected = {409, 412};
}

Result<BlobUpload::Outcome> BlobUpload::put_whole() {
  BlobCall call = call_for("", bytes_);
  call.request.headers.push_back({"x-ms-blob-type", "BlockBlob"});
  add_commit_headers(call);
  CallRunner runner(service_, operation(), deadline_);
  runner.add(std::move(call));
  if (Status status = runner.run(1); !status) return status.error();
  return outcome_of(*runner.answer(0));
}

Result<BlobUpload::Outcome> BlobUpload::put_blocks() {
  if (Status status = send_blocks(); !status) return status.error();
  return commit_blocks();
}

Status BlobUpload::send_blocks() {
  const AzureStoreOptions& options = service_.options();
  const std::size_t equal = (bytes_.size() + options.parallel_blocks - 1) / options.parallel_blocks;
  const std::size_t size = std::clamp(equal, options.min_block_bytes, options.max_block_bytes);
  CallRunner runner(service_, operation(), deadline_);
  block_ids_.clear();
  for (std::size_t offset = 0; offset < bytes_.size(); offset += size) {
    // All ids of a blob must be of one length.
    std::array<char, 16> index{};
    std::snprintf(index.data(), index.size(), "-%06zu", block_ids_.size());
    block_ids_.push_back(base64(bytes_of(upload_id_ + index.data())));
    BlobCall call = call_for("block", bytes_.span().subspan(offset, std::min(size, bytes_.size() - offset)));
    call.request.query.emplace_back("blockid", block_ids_.back());
    runner.add(std::move(call));
  }
  return runner.run(options.parallel_blocks);
}

Result<BlobUpload::Outcome> BlobUpload::commit_blocks() {
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (const std::string& id : block_ids_) list += "<Latest>" + id + "</Latest>";
  list += "</BlockList>";
  BlobCall call = call_for("blocklist", bytes_of(list));
  call.request.headers.push_back({"x-ms-blob-content-type", "application/octet-stream"});
  add_commit_headers(call);
  call.expected.push_back(400);
  CallRunner runner(service_, operation(), deadline_);
  runner.add(std::move(call));
  if (Status status = runner.run(1); !status) return status.error();
  return outcome_of(*runner.answer(0));
}

Result<BlobUpload::Outcome> BlobUpload::outcome_of(const BlobAnswer& answer) {
  if (answer.head.ok()) return Outcome::kStored;
  const ServiceError refusal = answer.refusal();
  if (refusal.status == 400) {
    if (refusal.code == "InvalidBlockList") return Outcome::kBlocksGone;
    return refusal.as_error().within(operation());
  }
  if (!is_kept(refusal)) return refusal.as_error().within(operation());
  if (!answer.may_have_run_before) return Outcome::kKept;
  // An earlier try may have been carried out though its answer was lost: then the blob is ours.
  const Result<bool> ours = is_ours();
  if (!ours) return ours.error();
  return *ours ? Outcome::kStored : Outcome::kKept;
}

Result<bool> BlobUpload::is_ours() {
  CallRunner runner(service_, operation(), deadline_);
  runner.add({.request = {.method = "HEAD", .resource = service_.blob_resource(name_)}, .expected = {404}});
  if (Status status = runner.run(1); !status) return status.error();
  const std::string* mark = runner.answer(0)->head.find(kUploadMark);
  return mark && *mark == upload_id_;
}

Result<bool> BlobUpload::is_there() {
  CallRunner runner(service_, operation(), deadline_);
  runner.add({.request = {.method = "HEAD", .resource = service_.blob_resource(name_)}, .expected = {404}});
  if (Status status = runner.run(1); !status) return status.error();
  return runner.answer(0)->head.ok();
}

}  // namespace samcache
