// What the service says when it refuses, and what a person can do about it.
#pragma once

#include <string>

#include "base/error.h"
#include "store/azure/http_message.h"

namespace samcache {

struct ServiceError {
  int status = 0;
  std::string code;        // "BlobNotFound": of the header x-ms-error-code, else of the body; may be empty
  std::string message;     // the first line of the body's
  std::string request_id;  // by which support finds it

  // `HTTP 403 AuthorizationPermissionMismatch "..." (request ...): what to do`, in one line. kUnavailable for what may
  // pass, else kIo.
  Error as_error() const;
};

// Of an answer whose status is none of success; the body may be anything.
ServiceError service_error(const HttpResponse& head, const std::string& body);

}  // namespace samcache
