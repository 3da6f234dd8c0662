// Which annotation tools are served in their own words, and what may be fetched for them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace samcache {

// Where Label Studio sends references to images that only it can resolve.
struct LabelStudioHost {
  std::string url = {};      // "https://label-studio.example.org"; empty: none, such references are refused
  std::string api_key = {};  // a legacy token, or a personal access token
};

struct AdapterOptions {
  bool label_studio = false;
  bool x_anylabeling = false;
  bool cvat = false;

  LabelStudioHost label_studio_host = {};
  // "https://images.example.org", "http://10.0.0.7:9000": where images may be fetched from besides Label Studio itself.
  std::vector<std::string> image_origins = {};
  std::size_t max_body_bytes = std::size_t{64} << 20;   // of one request, whose image is base64 inside JSON
  std::size_t max_image_bytes = std::size_t{48} << 20;  // of one image that is fetched

  bool any() const { return label_studio || x_anylabeling || cvat; }
};

// "label-studio,cvat" sets the switches; kInvalidArgument names what is no adapter.
Status choose_adapters(std::string_view comma_separated, AdapterOptions& options);

}  // namespace samcache
