// A request and the head of its answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace samcache {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method;
  std::string url;  // escaped
  std::vector<HttpHeader> headers = {};
  ByteSpan body = {};  // of PUT and POST; must stay valid until the transfer has ended
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};  // names in lower case

  // The value of the header of this name (given in lower case), or nullptr.
  const std::string* find(std::string_view name) const {
    for (const HttpHeader& header : headers) {
      if (header.name == name) return &header.value;
    }
    return nullptr;
  }
  bool ok() const { return status >= 200 && status < 300; }
};

}  // namespace samcache
