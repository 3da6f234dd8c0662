// What `samcache --version` says: which program this is and what it was made with.
#pragma once

#include <string>

namespace samcache {

std::string version_text();  // "samcache 0.1.0" and a line for each fact, no line break at the end
std::string version_json();  // the same as one document

}  // namespace samcache
