// Replays as a table for a person and as JSON for a program.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "annotation_day/replay.h"

namespace samcache::annotation_day {

using Replays = std::vector<std::pair<Strategy, ReplayResult>>;

// Lines of Markdown.
std::string table(const Replays& replays);

std::string json(const ReplayOptions& options, const Replays& replays);

}  // namespace samcache::annotation_day
