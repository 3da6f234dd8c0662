// Ids that nobody can guess, and that no two processes make alike.
#pragma once

#include <cstddef>
#include <string>

namespace samcache {

// `count` bytes from OpenSSL's generator of secrets. Throws std::runtime_error when the system has no randomness.
std::string random_bytes(std::size_t count);

// A UUID of version 4, in lower case.
std::string random_uuid();

}  // namespace samcache
