// What is known of an image's encoding, as the API shows it.
#pragma once

#include <string>

#include "service/encoding_service.h"

namespace samcache {

// {"exists", "created_at", "size_mb", "size_bytes", "profiles", "encodings"}; the times and sizes are of all together.
std::string encoding_state_json(const EncodingSummary& summary);

std::uint64_t total_bytes(const EncodingSummary& summary);

// Megabytes of 1,000,000 bytes, as JSON.
std::string megabytes_json(std::uint64_t size_bytes);

}  // namespace samcache
