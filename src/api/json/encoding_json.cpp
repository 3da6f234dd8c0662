#include "api/json/encoding_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

// Some stores do not know when: they say the epoch.
Json time_of(Time time) { return time == Time() ? Json() : Json(rfc3339(time)); }

}  // namespace

std::uint64_t total_bytes(const EncodingSummary& summary) {
  std::uint64_t total = 0;
  for (const EncodingSummary::Piece& piece : summary.pieces) total += piece.size_bytes;
  return total;
}

std::string megabytes_json(std::uint64_t size_bytes) { return Json(static_cast<double>(size_bytes) / 1e6).dump(); }

std::string encoding_state_json(const EncodingSummary& summary) {
  Json profiles = Json::array();
  Json encodings = Json::array();
  Time latest;
  for (const EncodingSummary::Piece& piece : summary.pieces) {
    profiles.push_back(piece.profile);
    encodings.push_back(
        {{"profile", piece.profile}, {"size_bytes", piece.size_bytes}, {"created_at", time_of(piece.created)}});
    latest = std::max(latest, piece.created);
  }
  const std::uint64_t size_bytes = total_bytes(summary);
  return Json{{"exists", !summary.pieces.empty()},
              {"created_at", time_of(latest)},
              {"size_mb", static_cast<double>(size_bytes) / 1e6},
              {"size_bytes", size_bytes},
              {"profiles", std::move(profiles)},
              {"encodings", std::move(encodings)}}
      .dump();
}

}  // namespace samcache
