// Objects that are in a staging store and must still be written to the persistent one.
//
// Each is noted in a file of its own before its save returns, so that nothing is forgotten when the process dies: the
// next one goes on. A write that fails is tried again, with growing pauses, for as long as it takes; the order does not
// matter, since an object never changes (a replacement is noted anew). One object is written by one thread at a time.
//
// Thread-safe. The destructor leaves what is not written noted; it waits for writes that are going on, as long as the
// Writer lets them take.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "store/object_store.h"

namespace samcache {

struct PendingWrite {
  std::string name;
  SaveMode mode = SaveMode::kKeep;
  bool withdrawn = false;  // not a write: one that was going on when it was forgotten must be undone
};

class PendingWrites {
 public:
  // Writes one object on. An error means: try again later; an object that is no longer there is success.
  using Writer = std::function<Status(const PendingWrite&)>;
  using PinMaker = std::function<Pin(const std::string& name)>;  // keeps it in the staging store meanwhile

  struct Options {
    std::filesystem::path folder = {};  // made if need be; nothing else may be in it
    std::size_t threads = 2;
    std::chrono::milliseconds first_pause{500};
    std::chrono::milliseconds longest_pause{60'000};
  };

  // Takes up what the folder has noted.
  static Result<std::unique_ptr<PendingWrites>> open(Options options, Writer writer, PinMaker pin);
  ~PendingWrites();
  PendingWrites(const PendingWrites&) = delete;
  PendingWrites& operator=(const PendingWrites&) = delete;

  // Noted durably when this returns.
  Status add(const PendingWrite& write);
  // It was removed everywhere. If it is being written right now that is undone afterwards (by this process: it is not
  // noted); drain() waits for it.
  void forget(const std::string& name);
  // Waits until everything is written; false when the deadline came first.
  bool drain(Deadline deadline);
  std::size_t count() const;

 private:
  struct Entry {
    SaveMode mode = SaveMode::kKeep;
    bool withdrawn = false;
    std::uint64_t version = 0;  // told apart from one noted while it was being written
    bool running = false;
    std::chrono::milliseconds pause{0};
    std::chrono::steady_clock::time_point not_before = {};
    Pin pin;
  };
  using Entries = std::map<std::string, Entry>;

  PendingWrites(Options options, Writer writer, PinMaker pin);
  Status take_up_noted();
  void enqueue(const PendingWrite& write);  // with mutex_ held
  void run(const std::stop_token& stop);
  Entries::iterator next(std::chrono::steady_clock::time_point now);
  std::chrono::steady_clock::time_point next_time() const;
  void finish(const std::string& name, std::uint64_t version, bool written);
  std::filesystem::path note_of(const std::string& name) const;

  const Options options_;
  const Writer writer_;
  const PinMaker pin_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Entries entries_;
  std::uint64_t versions_ = 0;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace samcache
