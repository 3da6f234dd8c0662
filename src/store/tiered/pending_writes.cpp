#include "store/tiered/pending_writes.h"

#include <algorithm>
#include <system_error>

#include "base/atomic_file.h"
#include "base/hashing.h"
#include "base/mapped_file.h"
#include "store/object_name.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kNoteExtension = ".pending";
constexpr std::uint64_t kMaxNoteBytes = 4096;
constexpr std::string_view kKeepLine = "keep ";
constexpr std::string_view kReplaceLine = "replace ";

std::string note_text(const PendingWrite& write) {
  return std::string(write.mode == SaveMode::kKeep ? kKeepLine : kReplaceLine) + write.name + "\n";
}

Result<PendingWrite> parse_note(std::string_view text) {
  PendingWrite write;
  if (text.starts_with(kReplaceLine)) write.mode = SaveMode::kReplace;
  const std::string_view line = write.mode == SaveMode::kReplace ? kReplaceLine : kKeepLine;
  if (!text.starts_with(line) || !text.ends_with('\n')) return Error{ErrorCode::kCorrupt, "not a note of a write"};
  write.name = text.substr(line.size(), text.size() - line.size() - 1);
  if (Status status = check_object_name(write.name); !status) return status.error();
  return write;
}

}  // namespace

Result<std::unique_ptr<PendingWrites>> PendingWrites::open(Options options, Writer writer, PinMaker pin) {
  std::unique_ptr<PendingWrites> pending(new PendingWrites(std::move(options), std::move(writer), std::move(pin)));
  if (Status taken = pending->take_up_noted(); !taken) return taken.error();
  for (std::size_t i = 0; i < pending->options_.threads; ++i) {
    pending->threads_.emplace_back([self = pending.get()](const std::stop_token& stop) { self->run(stop); });
  }
  return pending;
}

PendingWrites::PendingWrites(Options options, Writer writer, PinMaker pin)
    : options_(std::move(options)), writer_(std::move(writer)), pin_(std::move(pin)) {}

PendingWrites::~PendingWrites() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

Status PendingWrites::take_up_noted() {
  std::error_code code;
  fs::create_directories(options_.folder, code);
  if (code) return errno_error("make the folder " + options_.folder.string(), code.value());
  fs::directory_iterator entry(options_.folder, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    if (entry->path().extension() != kNoteExtension) continue;
    const Result<SharedBytes> text = read_file(entry->path(), kMaxNoteBytes);
    if (!text) return text.error();
    const Result<PendingWrite> write = parse_note(text_of(*text));
    if (!write) return write.error().within(entry->path().string());
    const std::scoped_lock lock(mutex_);
    enqueue(*write);
  }
  if (code) return errno_error("read the folder " + options_.folder.string(), code.value());
  return {};
}

fs::path PendingWrites::note_of(const std::string& name) const {
  return options_.folder / (xxh3_hex(bytes_of(name)) + std::string(kNoteExtension));
}

Status PendingWrites::add(const PendingWrite& write) {
  const std::scoped_lock lock(mutex_);
  PendingWrite merged = write;
  if (const auto noted = entries_.find(write.name); noted != entries_.end()) {
    // A replacement that has not been written is not undone by one that kept it, and what was written of an object that
    // was removed meanwhile must give way to the one that is new.
    if (noted->second.mode == SaveMode::kReplace || noted->second.withdrawn) merged.mode = SaveMode::kReplace;
  }
  const std::string text = note_text(merged);
  if (Status noted = write_file_atomically(note_of(write.name), bytes_of(text)); !noted) return noted;
  enqueue(merged);
  changed_.notify_all();
  return {};
}

void PendingWrites::enqueue(const PendingWrite& write) {
  Entry& entry = entries_[write.name];
  entry.mode = write.mode;
  entry.withdrawn = false;
  entry.version = ++versions_;
  entry.pause = std::chrono::milliseconds(0);
  entry.not_before = {};
  if (!entry.pin) entry.pin = pin_(write.name);
}

void PendingWrites::forget(const std::string& name) {
  Pin pin;  // released without the lock
  const std::scoped_lock lock(mutex_);
  const auto place = entries_.find(name);
  if (place == entries_.end()) return;
  std::error_code code;
  fs::remove(note_of(name), code);
  Entry& entry = place->second;
  pin = std::move(entry.pin);
  if (entry.running || entry.withdrawn) {
    entry.withdrawn = true;
    entry.version = ++versions_;
    entry.pause = std::chrono::milliseconds(0);
    entry.not_before = {};
  } else {
    entries_.erase(place);
  }
  changed_.notify_all();
}

bool PendingWrites::drain(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto is_empty = [this] { return entries_.empty(); };
  if (deadline.is_never()) {
    changed_.wait(lock, is_empty);
    return true;
  }
  return changed_.wait_until(lock, deadline.time(), is_empty);
}

std::size_t PendingWrites::count() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

PendingWrites::Entries::iterator PendingWrites::next(SteadyClock::time_point now) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const auto& entry) { return !entry.second.running && entry.second.not_before <= now; });
}

SteadyClock::time_point PendingWrites::next_time() const {
  SteadyClock::time_point earliest = SteadyClock::now() + std::chrono::hours(1);
  for (const auto& [name, entry] : entries_) {
    if (!entry.running) earliest = std::min(earliest, entry.not_before);
  }
  return earliest;
}

void PendingWrites::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto due = next(SteadyClock::now());
    if (due == entries_.end()) {
      changed_.wait_until(lock, stop, next_time(),
                          [&] { return stop.stop_requested() || next(SteadyClock::now()) != entries_.end(); });
      continue;
    }
    due->second.running = true;
    const PendingWrite write{due->first, due->second.mode, due->second.withdrawn};
    const std::uint64_t version = due->second.version;
    lock.unlock();
    const Status written = writer_(write);
    lock.lock();
    finish(write.name, version, written.ok());
  }
}

void PendingWrites::finish(const std::string& name, std::uint64_t version, bool written) {
  const auto place = entries_.find(name);
  Entry& entry = place->second;
  entry.running = false;
  if (entry.version != version) {
    changed_.notify_all();  // noted again or forgotten meanwhile: that is due
    return;
  }
  if (!written) {
    entry.pause = std::clamp(2 * entry.pause, options_.first_pause, options_.longest_pause);
    entry.not_before = SteadyClock::now() + entry.pause;
  } else {
    std::error_code code;
    fs::remove(note_of(name), code);  // left behind it only means writing once more
    entries_.erase(place);
  }
  changed_.notify_all();
}

}  // namespace samcache
