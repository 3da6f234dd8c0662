// How Label Studio's tasks say where their picture is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

// Either the picture itself, or addresses of it of which the first that has it is taken.
struct ImageReference {
  SharedBytes bytes = {};
  std::vector<std::string> urls = {};
  std::string filename = {};  // for people
};

// `label_studio`: the URL of Label Studio itself; empty: not known.
//
//   data:image/png;base64,…            the picture
//   https://host/x.jpg                 as it stands
//   /data/upload/1/x.jpg, upload/…     an uploaded file, at Label Studio, which serves it under either of two paths
//   /data/local-files/?d=…             a file of a local storage, at Label Studio
//   /storage-data/…, /tasks/…          what it resolves itself
//   s3://, gs://, azure-blob://        of a cloud storage that it redirects to; needs the task's id
//
// kInvalidArgument for anything else, and for what only Label Studio could tell when it is not known.
Result<ImageReference> parse_image_reference(std::string_view text, std::int64_t task_id,
                                             std::string_view label_studio);

// The picture of "data:…;base64,…", or of base64 without such a beginning. kCorrupt: no base64.
Result<SharedBytes> bytes_of_data_uri(std::string_view text);

}  // namespace samcache
