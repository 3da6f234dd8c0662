// What `samcache segment` was pointed at, turned into an encoding: an image file, a stored image's id, or an encoding
// file.
#pragma once

#include <optional>
#include <string>

#include "apps/image_encoder.h"
#include "apps/segment_request.h"
#include "base/pixels.h"

namespace samcache {

struct SegmentSource {
  Encoding encoding;               // of a profile that the request can be answered from
  std::optional<RgbImage> pixels;  // only when they had to be decoded for the encoding, or were asked for
  std::string name;                // for the names of result files
  std::string file_name;           // of the picture, without folders; its id when no file is known
  std::string cache = "disk";      // where the encoding came from: "memory", "disk", "remote" or "encoded"
};

struct SourceOptions {
  std::string target;        // IMAGE, ID or encoding file
  std::string image;         // the picture that an ID or an encoding file belongs to; empty: not given
  bool need_pixels = false;  // for an overlay
  bool store_trunk = true;   // keep what had to be encoded
};

// kNotFound when `target` is neither a file nor can be an id: for before the model is loaded.
Status check_target(const std::string& target);

// An existing file is taken for an image, or for an encoding when its name ends in .safetensors; anything else for an
// id. Of what is stored, the profile that leaves the least to compute for the request is taken, else the trunk. Checks
// the request against the picture's size before anything is encoded. kNotFound: neither file nor id; kInvalidArgument:
// the prompt, or pixels are needed and no image was given.
Result<SegmentSource> open_segment_source(const SourceOptions& options, const SegmentRequest& request,
                                          LazyEngine& model, StoredEncodings& stored, const EncodeHook& hook);

}  // namespace samcache
