// Certificates. Internal to http/.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/error.h"
#include "http/server.h"

namespace samcache::http {

// TLS 1.2 and 1.3 with the files of `options`. kInvalidArgument: a file that cannot be read, or a key of another
// certificate.
Result<std::shared_ptr<boost::asio::ssl::context>> load_tls(const TlsOptions& options);

}  // namespace samcache::http
