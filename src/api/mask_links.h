// Masks that were answered as URLs, for some minutes: PNG files in memory under names that nobody can guess.
//
// Thread-safe. The oldest used go first when there is no room.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/lru_cache.h"

namespace samcache {

class MaskLinks {
 public:
  MaskLinks(std::size_t budget_bytes, std::chrono::milliseconds lifetime)
      : lifetime_(lifetime), budget_bytes_(budget_bytes), masks_(budget_bytes) {}

  // The name: 32 hexadecimal digits, 128 random bits. kTooLarge: more than all the room there is.
  Result<std::string> add(SharedBytes png);
  // Empty bytes: never there, too old, or pushed out.
  SharedBytes find(const std::string& name);

 private:
  struct Mask {
    SharedBytes png;
    std::chrono::steady_clock::time_point ends;
  };

  const std::chrono::milliseconds lifetime_;
  const std::size_t budget_bytes_;
  LruCache<std::string, Mask> masks_;
};

}  // namespace samcache
