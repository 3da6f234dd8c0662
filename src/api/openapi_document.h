// docs/openapi.yaml, built in.
#pragma once

#include <string_view>

namespace samcache {

extern const std::string_view kOpenapiDocument;
extern const char* const kOpenapiEtag;  // with its quotes

}  // namespace samcache
