// The blobs of a container, page by page.
#pragma once

#include <string>
#include <vector>

#include "store/azure/blob_service.h"
#include "store/object_store.h"

namespace samcache {

struct BlobPage {
  std::vector<ObjectInfo> blobs;  // those whose names are names of objects
  std::string next_marker;        // empty: the last page
};

// Of a List Blobs answer; kCorrupt for what is none.
Result<BlobPage> parse_blob_page(const std::string& xml);

// Sorted by name; see ObjectStore::list.
Result<std::vector<ObjectInfo>> list_blobs(BlobService& service, const std::string& prefix, Deadline deadline);

}  // namespace samcache
