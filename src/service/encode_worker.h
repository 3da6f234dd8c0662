// Takes encode jobs from the queue, one at a time, and publishes encodings.
//
// A job is held by a lease that is renewed while it is worked on. If the lease is lost (this process stood still too
// long) or the job is cancelled, the work is dropped at the next block of the ViT. Whatever comes late changes nothing:
// an encoding is published once, and the queue refuses a completion by a lease that is not the job's any more.
//
// What is in the store already is not made again. Encodings that somebody waits for go to all tiers, others to the
// persistent one alone.
//
// Owns its threads. The destructor stops it and waits.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "image/decode.h"
#include "jobs/job_queue.h"
#include "service/model_host.h"
#include "store/tiered/tiered_store.h"

namespace samcache {

// What encodes: a model on a device, or what stands in for one.
struct Encoder {
  std::string model_fingerprint;  // whose jobs it takes
  // One encoding per profile, in their order. `go_on` is asked now and then; false ends it with kCancelled.
  std::function<Result<std::vector<Encoding>>(const RgbImage& image, const ImageIdentity& identity,
                                              std::span<const Profile> profiles, const std::function<bool()>& go_on)>
      encode;
};
Encoder encoder_on(const std::shared_ptr<ModelHost>& model);

struct EncodeWorkerOptions {
  std::string name = {};  // of this worker, in the queue; empty: host name and process
  std::chrono::milliseconds lease = kDefaultLease;
  std::chrono::milliseconds heartbeat{5'000};
  DecodeLimits decode = {};
};

struct EncodeWorkerEvent {
  enum class Kind {
    kEncoded,
    kFailed,     // for good, or until another attempt
    kLost,       // lease or job: somebody else has it, or nobody wants it
    kHandedBack  // because the worker was stopped
  };
  Kind kind = Kind::kEncoded;
  std::string content_id = {};
  std::string reason = {};  // of what is not kEncoded
  int attempt = 1;
  double seconds = 0;  // that the job was held
};
std::string_view encode_event_name(EncodeWorkerEvent::Kind kind);

class EncodeWorker {
 public:
  using Listener = std::function<void(const EncodeWorkerEvent&)>;  // called on the worker's thread

  // What `on_trouble` is told: why no job can be claimed just now (the database is away). The worker goes on trying.
  using TroubleListener = std::function<void(const Error&)>;

  EncodeWorker(std::shared_ptr<JobQueue> queue, std::shared_ptr<ObjectStore> originals,
               std::shared_ptr<TieredStore> encodings, Encoder encoder, EncodeWorkerOptions options, Listener on_event,
               TroubleListener on_trouble);
  ~EncodeWorker();

  // The job that is being worked on goes back to the queue at the next block of the ViT. Does not wait.
  void stop();

 private:
  class HeldLease;

  void run(const std::stop_token& stop);
  void work_on(const ClaimedJob& job, const std::stop_token& stop);
  Status make(const ClaimedJob& job, const std::function<bool()>& go_on);
  Result<std::vector<Encoding>> encode(const ClaimedJob& job, const std::vector<Profile>& profiles,
                                       const std::function<bool()>& go_on);
  EncodeWorkerEvent finish(const ClaimedJob& job, const Status& made, bool is_held, bool is_stopping);
  void report(EncodeWorkerEvent event, const ClaimedJob& job, double seconds) const;

  const std::shared_ptr<JobQueue> queue_;
  const std::shared_ptr<ObjectStore> originals_;
  const std::shared_ptr<TieredStore> encodings_;
  const Encoder encoder_;
  const EncodeWorkerOptions options_;
  const Listener on_event_;
  const TroubleListener on_trouble_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace samcache
