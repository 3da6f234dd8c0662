// What may be in a store after its writer was killed, as the writer's own reports tell: the judge of disk_crash_test.
//
// An object's content follows from its name and version alone. The writer reports through a pipe before and after each
// call, and before each eviction; replaying the reports gives, for every name, the versions that may be there and
// whether it may be absent. Reports of one name's saves and removals come from one writer, those of its evictions from
// any.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>

#include "base/bytes.h"

namespace samcache {

enum class Report : std::uint8_t {
  kSaving,    // a save of this version begins
  kSaved,     // it answered true
  kKept,      // it answered false
  kRefused,   // it failed
  kRemoving,  // a removal or a quarantine begins
  kRemoved,
  kEvicting,
  kTorn,  // the writer itself loaded something that is no version
};

// Small enough that the kernel writes it to a pipe in one piece.
struct Message {
  Report report;
  std::uint8_t object;
  std::uint32_t version;
};

class CrashModel {
 public:
  static std::string name_of(std::uint8_t object) {
    return (object % 3 == 0 ? "deep/er/" : "o/") + std::to_string(object);
  }

  // Tells its own version, so that a content can be judged without knowing which one it ought to be.
  static SharedBytes content_of(std::uint8_t object, std::uint32_t version) {
    std::mt19937 random(version * 256 + object);
    AlignedBuffer buffer(sizeof(version) + random() % 20'000);
    for (std::byte& byte : buffer.span()) byte = static_cast<std::byte>(random());
    std::memcpy(buffer.data(), &version, sizeof(version));
    return std::move(buffer).share();
  }

  // The version that these bytes are, whole; 0 when they are none.
  static std::uint32_t version_of(std::uint8_t object, ByteSpan bytes) {
    std::uint32_t version = 0;
    if (bytes.size() < sizeof(version)) return 0;
    std::memcpy(&version, bytes.data(), sizeof(version));
    return text_of(content_of(object, version)) == text_of(bytes) ? version : 0;
  }

  void replay(const Message& message) {
    State& state = states_[message.object];
    switch (message.report) {
      case Report::kSaving:
        state.evicted_meanwhile = false;
        state.versions.insert(message.version);
        break;
      case Report::kSaved:
        state.versions = {message.version};
        state.may_be_absent = state.evicted_meanwhile;
        break;
      case Report::kKept:
        // Another one was there; whoever had begun to evict it before this save may have gone on since.
        state.versions.erase(message.version);
        break;
      case Report::kRemoved: state = State(); break;
      case Report::kEvicting:
        state.evicted_meanwhile = true;
        state.may_be_absent = true;
        break;
      case Report::kRemoving: state.may_be_absent = true; break;
      case Report::kRefused:
      case Report::kTorn: break;
    }
  }

  // Whether the object may be at this version, or absent (0) after the reports so far; from now on it is.
  bool settle(std::uint8_t object, std::uint32_t version) {
    State& state = states_[object];
    const bool allowed = version == 0 ? state.may_be_absent : state.versions.contains(version);
    state = State();
    if (version != 0) state = {.versions = {version}, .may_be_absent = false};
    return allowed;
  }

 private:
  struct State {
    std::set<std::uint32_t> versions = {};
    bool may_be_absent = true;
    bool evicted_meanwhile = false;  // since the save under way began
  };
  std::map<std::uint8_t, State> states_;
};

}  // namespace samcache
