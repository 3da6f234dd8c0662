#include "service/service.h"

#include "base/text.h"
#include "service/stored_objects.h"
#include "store/open/store_url.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kOpeningPatience{30};
constexpr const char* kDefaultMemoryTier = "memory:1GiB";
constexpr const char* kOriginalsMemoryTier = "memory:256MiB";

Deadline for_opening() { return Deadline::after(kOpeningPatience); }

// Not where a store of the data folder would take it for an object: names with a dot in front are none.
fs::path catalog_folder(const fs::path& data) { return data / ".catalog"; }
fs::path scratch_folder(const fs::path& data) { return data / ".scratch"; }

Status make_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return Error{ErrorCode::kIo, "cannot make the folder " + folder.string() + ": " + code.message()};
  return {};
}

// Removes what a process that died left there; others may be using the folder now.
void sweep_scratch(const fs::path& folder) {
  constexpr std::chrono::hours kSurelyLeftBehind{24};
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    std::error_code gone;
    const fs::file_time_type written = entry->last_write_time(gone);
    if (!gone && fs::file_time_type::clock::now() - written > kSurelyLeftBehind) fs::remove(entry->path(), gone);
  }
}

Status make_folders(const fs::path& data) {
  sweep_scratch(scratch_folder(data));
  if (Status made = make_folder(data); !made) return made;
  return make_folder(scratch_folder(data));
}

// Whether nothing is ever evicted from it.
bool keeps_everything(const std::string& url) {
  const Result<StoreUrl> store = parse_store_url(url);
  if (!store) return false;
  if (const auto* file = std::get_if<FileUrl>(&*store)) return file->budget_bytes == 0;
  return std::holds_alternative<AzureUrl>(*store);
}

Result<OpenedStores> open_encodings(const ServiceOptions& options) {
  StoreSetup setup = options.encodings;
  if (setup.urls.empty()) setup.urls = {kDefaultMemoryTier, file_url(options.data)};
  if (setup.pending_folder.empty()) setup.pending_folder = options.data / ".pending";
  setup.check = check_stored_object;
  return open_stores(setup);
}

Result<std::shared_ptr<ObjectStore>> open_originals(const ServiceOptions& options) {
  std::string url = options.image_store;
  if (url.empty()) {
    const std::vector<std::string>& urls = options.encodings.urls;
    url = !urls.empty() && keeps_everything(urls.back()) ? urls.back() : file_url(options.data);
  }
  StoreSetup setup = options.encodings;
  setup.urls = {kOriginalsMemoryTier, url};
  setup.write_back = false;
  setup.check = check_stored_object;
  const Result<OpenedStores> opened = open_stores(setup);
  if (!opened) return opened.error().within("the image store");
  return std::shared_ptr<ObjectStore>(opened->store);
}

EncodingChange change_of(const JobTransition& job) {
  EncodingChange change{.sha256 = job.sha256, .model_fingerprint = job.model_fingerprint};
  switch (job.state) {
    case JobState::kWaiting: change.status = EncodingStatus::kPending; break;
    case JobState::kRunning: change.status = EncodingStatus::kProcessing; break;
    case JobState::kCompleted: change.status = EncodingStatus::kCompleted; break;
    case JobState::kFailed:
      change.status = EncodingStatus::kFailed;
      change.error = job.error;
      break;
    case JobState::kCancelled:
      change.status = EncodingStatus::kFailed;
      change.error = "cancelled: ask for it again";
      break;
  }
  return change;
}

// An image's status changes in the transaction in which its job does.
TransitionHook status_hook(const std::shared_ptr<Catalog>& catalog) {
  return [catalog](Transaction& transaction, std::span<const JobTransition> jobs) {
    std::vector<EncodingChange> changes;
    for (const JobTransition& job : jobs) changes.push_back(change_of(job));
    catalog->set_encoding_statuses(transaction, changes);
  };
}

ImageEvents::Listener forget_changed(const std::shared_ptr<ImageService>& images) {
  return [images](const ImageEvent& event) {
    if (event.kind == ImageEvent::Kind::kMayHaveLost) {
      images->forget_all_cached();
    } else {
      images->forget_cached(event.image.id);
    }
  };
}

Status open_database_parts(const ServiceOptions& options, Service& service) {
  Result<std::shared_ptr<Database>> database = open_service_database(options);
  if (!database) return database.error().within("the database");
  service.database = std::move(*database);
  Result<std::shared_ptr<Catalog>> catalog =
      Catalog::open(service.database, {.model_fingerprint = service.model->info().fingerprint}, for_opening());
  if (!catalog) return catalog.error().within("the catalog");
  service.catalog = std::move(*catalog);
  JobQueueOptions queue_options;
  queue_options.max_waiting = options.max_waiting_jobs;
  queue_options.on_transition = status_hook(service.catalog);
  Result<std::shared_ptr<JobQueue>> queue = JobQueue::open(service.database, std::move(queue_options), for_opening());
  if (!queue) return queue.error().within("the job queue");
  service.queue = std::move(*queue);
  service.events = std::make_shared<ImageEvents>(service.database, service.catalog);
  return {};
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): it loses sight of a std::function that is moved

Status open_store_parts(const ServiceOptions& options, Service& service) {
  Result<OpenedStores> stores = open_encodings(options);
  if (!stores) return stores.error();
  service.stores = std::move(*stores);
  Result<std::shared_ptr<ObjectStore>> originals = open_originals(options);
  if (!originals) return originals.error();
  service.originals = std::move(*originals);
  return {};
}

}  // namespace

Result<std::shared_ptr<Database>> open_service_database(const ServiceOptions& options) {
  if (!options.database.empty()) return Database::open(options.database);
  const fs::path folder = catalog_folder(options.data);
  if (Status made = make_folder(folder); !made) return made.error();
  return Database::open("sqlite:" + fs::absolute(folder / "samcache.sqlite").string());
}

Result<std::unique_ptr<Service>> open_service(const ServiceOptions& options) {
  if (Status made = make_folders(options.data); !made) return made.error();
  Result<std::unique_ptr<Engine>> engine = Engine::load(options.engine);
  if (!engine) return engine.error();
  auto service = std::make_unique<Service>();
  service->model = std::make_shared<ModelHost>(std::move(*engine), options.model);
  if (Status opened = open_database_parts(options, *service); !opened) return opened.error();
  if (Status opened = open_store_parts(options, *service); !opened) return opened.error();
  service->images = std::make_shared<ImageService>(service->catalog, service->originals, options.images);
  EncodingServiceOptions encoding = options.encoding;
  encoding.scratch_folder = scratch_folder(options.data);
  service->encodings = std::make_shared<EncodingService>(service->catalog, service->queue, service->stores.store,
                                                         service->model, service->events, std::move(encoding));
  service->prompts = std::make_shared<PromptService>(service->encodings, service->model);
  service->warming =
      std::make_shared<Warming>(service->catalog, service->encodings, service->stores.store, options.warming);
  if (options.follow_images) service->cached_records = service->events->listen(forget_changed(service->images));
  if (options.run_worker) {
    service->worker = std::make_unique<EncodeWorker>(service->queue, service->originals, service->stores.store,
                                                     encoder_on(service->model), options.worker, options.on_encode,
                                                     options.on_trouble);
  }
  return service;
}

Status Service::ready(Deadline deadline) const {
  if (Status answers = database->ping(deadline); !answers) return answers.error().within("the database");
  // Of no image: asks every tier, the persistent one last.
  const std::string nothing = original_name(std::string(64, '0'));
  if (const auto there = stores.store->exists(nothing, deadline); !there) {
    return there.error().within("the store of encodings");
  }
  if (const auto there = originals->exists(nothing, deadline); !there) return there.error().within("the image store");
  return {};
}

Result<UploadedImage> Service::add_image(const NewImage& image, Deadline deadline) const {
  Result<UploadedImage> added = images->add(image, deadline);
  if (!added) return added;
  if (Status asked = encodings->request_encode(added->image, JobPriority::kUpload, "upload", false, deadline); !asked) {
    return asked.error();
  }
  return added;
}

Status Service::remove_image(const std::string& id, Deadline deadline) const {
  const Result<std::optional<RemovedImage>> removed = database->transaction(
      Access::kWrite, deadline, [&](Transaction& transaction) -> Result<std::optional<RemovedImage>> {
        Result<std::optional<RemovedImage>> gone = catalog->remove_image(transaction, id);
        if (!gone || !gone->has_value()) return gone;
        if (!(*gone)->content_still_used) queue->remove_for(transaction, (*gone)->record.sha256);
        ImageEvents::publish_removal(transaction, (*gone)->record);
        return gone;
      });
  images->forget_cached(id);
  if (!removed) return removed.error();
  if (!removed->has_value()) return Error{ErrorCode::kNotFound, "no image " + in_quotes(id)};
  if ((*removed)->content_still_used) return {};
  const ImageRecord& image = (*removed)->record;
  if (Status gone = encodings->remove(image, (*removed)->encoded_by, deadline); !gone) return gone;
  return images->remove_content(image, deadline);
}

void Service::stop(Deadline deadline) {
  worker.reset();
  stores.store->flush(deadline);
}

}  // namespace samcache
