// Which of its two forms a GET of an encoding is answered in.
#pragma once

#include "http/http_request.h"

namespace samcache {

enum class EncodingForm {
  kState,  // JSON: whether there is one
  kFile,   // the safetensors bytes
  kNone,   // the client accepts neither
};

// The file where `download=1` or `Accept` asks for it, and for a script's plain fetch(): browsers and Node send Accept:
// */* with it as curl does, but Sec-Fetch-Mode too, and what such code wants of this URL is the encoding. (A person who
// opens the URL in a browser "navigates" and gets JSON.)
EncodingForm encoding_form(const http::HttpRequest& request, bool download);

}  // namespace samcache
