#include "service/encode_worker.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "service/stored_objects.h"
#include "store/object_name.h"

namespace samcache {
namespace {

constexpr std::chrono::seconds kPatience{10};       // with the database
constexpr std::chrono::minutes kStorePatience{2};   // with the stores
constexpr std::chrono::seconds kPauseInTrouble{1};  // before the database is tried again
constexpr std::chrono::seconds kLongestWait{30};    // for work, before looking again anyway

Deadline soon() { return Deadline::after(kPatience); }

std::string name_of_this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return std::string(host.data()) + "/" + std::to_string(::getpid());
}

// Whether the same work may succeed another time, or in another place.
bool is_passing(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo || error.code == ErrorCode::kOutOfSpace;
}

}  // namespace

Encoder encoder_on(const std::shared_ptr<ModelHost>& model) {
  return {.model_fingerprint = model->info().fingerprint,
          .encode = [model](const RgbImage& image, const ImageIdentity& identity, std::span<const Profile> profiles,
                            const std::function<bool()>& go_on) {
            return model->encode(image, identity, profiles, go_on);
          }};
}

std::string_view encode_event_name(EncodeWorkerEvent::Kind kind) {
  switch (kind) {
    case EncodeWorkerEvent::Kind::kEncoded: return "encoded";
    case EncodeWorkerEvent::Kind::kFailed: return "failed";
    case EncodeWorkerEvent::Kind::kLost: return "lost";
    case EncodeWorkerEvent::Kind::kHandedBack: return "handed back";
  }
  throw std::logic_error("encode_event_name: unknown kind");
}

// Renews a lease until it goes, and knows whether it is still held.
class EncodeWorker::HeldLease {
 public:
  HeldLease(JobQueue& queue, JobLease lease, const EncodeWorkerOptions& options)
      : queue_(queue), lease_(std::move(lease)), options_(options), ends_(Deadline::after(options.lease)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { renew(stop); });
  }

  bool is_held() const { return is_held_; }

 private:
  void renew(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, stop, options_.heartbeat, [&] { return stop.stop_requested(); })) {
      const Result<LeaseState> state = queue_.heartbeat(lease_, options_.lease, Deadline::after(options_.heartbeat));
      if (state && *state == LeaseState::kHeld) {
        ends_ = Deadline::after(options_.lease);
      } else if (state || ends_.passed()) {  // said to be lost; or nobody could say, for as long as it lasts
        is_held_ = false;
        return;
      }
    }
  }

  JobQueue& queue_;
  const JobLease lease_;
  const EncodeWorkerOptions& options_;
  Deadline ends_;
  std::atomic<bool> is_held_ = true;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses all of the above
};

EncodeWorker::EncodeWorker(std::shared_ptr<JobQueue> queue, std::shared_ptr<ObjectStore> originals,
                           std::shared_ptr<TieredStore> encodings, Encoder encoder, EncodeWorkerOptions options,
                           Listener on_event, TroubleListener on_trouble)
    : queue_(std::move(queue)),
      originals_(std::move(originals)),
      encodings_(std::move(encodings)),
      encoder_(std::move(encoder)),
      options_([&] {
        if (options.name.empty()) options.name = name_of_this_process();
        return std::move(options);
      }()),
      on_event_(std::move(on_event)),
      on_trouble_(std::move(on_trouble)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EncodeWorker::~EncodeWorker() = default;

void EncodeWorker::stop() { thread_.request_stop(); }

void EncodeWorker::run(const std::stop_token& stop) {
  const std::string& fingerprint = encoder_.model_fingerprint;
  std::mutex mutex;
  std::condition_variable_any stopped;
  while (!stop.stop_requested()) {
    const Result<std::optional<ClaimedJob>> job = queue_->claim(options_.name, fingerprint, options_.lease, soon());
    Status trouble;
    if (!job) {
      trouble = job.error();
    } else if (job->has_value()) {
      work_on(**job, stop);
    } else if (const Result<bool> woken = queue_->wait_for_work(fingerprint, Deadline::after(kLongestWait), stop);
               !woken) {
      trouble = woken.error();
    }
    if (trouble) continue;
    if (on_trouble_) on_trouble_(trouble.error());
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, kPauseInTrouble, [&] { return stop.stop_requested(); });
  }
}

void EncodeWorker::work_on(const ClaimedJob& job, const std::stop_token& stop) {
  const Stopwatch stopwatch;
  Status made;
  bool is_held = true;
  {
    const HeldLease lease(*queue_, job.lease, options_);
    try {
      made = make(job, [&] { return lease.is_held() && !stop.stop_requested(); });
    } catch (const std::bad_alloc&) {
      made = Error{ErrorCode::kUnavailable, "out of memory"};
    } catch (const std::exception& error) {
      const std::string what = error.what();
      made = Error{ErrorCode::kIo, "internal error: " + what.substr(0, what.find('\n'))};
    }
    is_held = lease.is_held();
  }
  report(finish(job, made, is_held, stop.stop_requested()), job, stopwatch.elapsed_ms() / 1000);
}

EncodeWorkerEvent EncodeWorker::finish(const ClaimedJob& job, const Status& made, bool is_held, bool is_stopping) {
  using Kind = EncodeWorkerEvent::Kind;
  EncodeWorkerEvent event{.kind = Kind::kLost, .reason = "the lease was lost, or the job cancelled"};
  if (!is_held) return event;
  // Tried again until the lease ends: the work is done, and another worker would do all of it once more.
  const Deadline patience = Deadline::after(options_.lease);
  if (made) {
    const Result<bool> completed = queue_->complete(job.lease, patience);
    if (completed && *completed) event = {.kind = Kind::kEncoded};
    if (!completed) event.reason = completed.error().message;
  } else if (made.error().code == ErrorCode::kCancelled && is_stopping) {
    const Result<bool> released = queue_->release(job.lease, patience);
    if (released && *released) event = {.kind = Kind::kHandedBack, .reason = "the worker was stopped"};
    if (!released) event.reason = released.error().message;
  } else {
    const Error& error = made.error();
    const Result<FailResult> failed = queue_->fail(job.lease, error.message, is_passing(error), patience);
    if (failed && *failed != FailResult::kLost) event = {.kind = Kind::kFailed, .reason = error.message};
    if (!failed) event.reason = failed.error().message;
  }
  return event;
}

Status EncodeWorker::make(const ClaimedJob& job, const std::function<bool()>& go_on) {
  const EncodeJobRequest& request = job.request;
  const Result<std::vector<Profile>> profiles = parse_profiles(request.profiles);
  if (!profiles) return profiles.error();
  const auto name_of = [&](Profile profile) {
    return encoding_name({request.model_fingerprint, request.content_id, std::string(profile_name(profile))});
  };
  std::vector<Profile> missing;
  for (const Profile profile : *profiles) {
    const Result<std::string> name = name_of(profile);
    if (!name) return name.error();
    const Result<bool> there = encodings_->exists(*name, Deadline::after(kStorePatience));
    if (!there) return there.error();
    if (!*there) missing.push_back(profile);
  }
  if (missing.empty()) return {};
  const Result<std::vector<Encoding>> made = encode(job, missing, go_on);
  if (!made) return made.error();
  const Admission admission =
      request.priority == JobPriority::kInteractive ? Admission::kEverywhere : Admission::kPersistentOnly;
  for (const Encoding& encoding : *made) {
    Result<std::vector<std::byte>> bytes = serialize_encoding(encoding);
    if (!bytes) return bytes.error();
    if (!go_on()) return Error{ErrorCode::kCancelled, "given up before it was published"};
    const Result<bool> saved = encodings_->save(*name_of(encoding.metadata.profile), SharedBytes(std::move(*bytes)),
                                                SaveMode::kKeep, admission, Deadline::after(kStorePatience));
    if (!saved) return saved.error();
  }
  return {};
}

Result<std::vector<Encoding>> EncodeWorker::encode(const ClaimedJob& job, const std::vector<Profile>& profiles,
                                                   const std::function<bool()>& go_on) {
  const EncodeJobRequest& request = job.request;
  const Result<std::optional<SharedBytes>> original =
      originals_->load(original_name(request.sha256), Deadline::after(kStorePatience));
  if (!original) return original.error();
  if (!original->has_value()) return Error{ErrorCode::kNotFound, "the image store does not have the original"};
  const Result<DecodedImage> decoded = decode_image((*original)->span(), "the image", options_.decode);
  if (!decoded) return decoded.error();
  return encoder_.encode(decoded->rgb, {.sha256 = request.sha256, .id = request.content_id}, profiles, go_on);
}

void EncodeWorker::report(EncodeWorkerEvent event, const ClaimedJob& job, double seconds) const {
  event.content_id = job.request.content_id;
  event.attempt = job.attempt;
  event.seconds = seconds;
  if (on_event_) on_event_(event);
}

}  // namespace samcache
