// Encodings of images, kept: looks them up in the stores, makes what is missing, stores it.
//
// Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/image_files.h"
#include "apps/lazy_engine.h"
#include "apps/stored_encodings.h"

namespace samcache {

struct EncodeRequest {
  std::vector<Profile> profiles = {Profile::kTrunk};
  std::optional<DType> dtype;  // asked for: a stored encoding of another type counts as missing
  bool force = false;          // make everything anew
};

// What is there for an image after a request.
struct EncodedImage {
  struct Piece {
    Profile profile = Profile::kTrunk;
    DType dtype = DType::kBF16;
    std::uint64_t size_bytes = 0;  // of the file
  };
  std::string id;
  std::string sha256;
  int width = 0;  // pixels, upright
  int height = 0;
  std::vector<Piece> pieces;  // in the order asked for
  double latency_ms = 0;      // reading, computing and storing; without loading the model
  bool skipped = false;       // everything was there
};

class ImageEncoder {
 public:
  // Both must outlive this.
  ImageEncoder(LazyEngine& model, StoredEncodings& stored) : model_(model), stored_(stored) {}

  // The image's encodings are stored when this returns. What is there is kept; what a stored trunk can become is
  // derived from it; only else is the image decoded and encoded. kCancelled: nothing was stored that is not whole.
  Result<EncodedImage> encode(const SourceImage& image, const EncodeRequest& request, const EncodeHook& hook);

  // The stored encoding of this very image for this model; nothing when there is none that can be used.
  Result<std::optional<StoredEncodings::Loaded>> load(const SourceImage& image, Profile profile);

 private:
  struct Lookup;
  Status look_up(const SourceImage& image, const EncodeRequest& request, Lookup& found);
  Result<std::vector<Encoding>> make(const SourceImage& image, const Lookup& found, const EncodeHook& hook);

  LazyEngine& model_;
  StoredEncodings& stored_;
};

}  // namespace samcache
