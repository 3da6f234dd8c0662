// One blob written: in one request if it is small, else in blocks that become visible with a list of them. Internal to
// azure/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "store/azure/blob_service.h"
#include "store/azure/call_runner.h"
#include "store/object_store.h"

namespace samcache {

class BlobUpload {
 public:
  // All must outlive it.
  BlobUpload(BlobService& service, const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline);

  // Whether this call's bytes were stored, see ObjectStore::save.
  Result<bool> run();

 private:
  // kBlocksGone: another writer's list was taken first, and with it the service forgets all blocks that were waiting.
  enum class Outcome { kStored, kKept, kBlocksGone };

  Result<Outcome> put_whole();
  Result<Outcome> put_blocks();
  Status send_blocks();
  Result<Outcome> commit_blocks();
  BlobCall call_for(const std::string& comp, ByteSpan body) const;
  // The call that makes the blob visible.
  void add_commit_headers(BlobCall& call) const;
  Result<Outcome> outcome_of(const BlobAnswer& answer);
  // Whether the blob that is there is the one of this upload.
  Result<bool> is_ours();
  Result<bool> is_there();
  std::string operation() const;

  BlobService& service_;
  const std::string& name_;
  const SharedBytes& bytes_;
  const SaveMode mode_;
  const Deadline deadline_;
  const std::string upload_id_;  // different for each upload: a mark on the blob, and the beginning of block ids
  std::vector<std::string> block_ids_;
};

}  // namespace samcache
