// The service: its parts, opened and put together. `samcache serve` and `samcache worker` are this and a front.
//
// The parts may be used by any number of threads. Members are destroyed in the order that they need: the worker first.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "database/database.h"
#include "jobs/job_queue.h"
#include "service/encode_worker.h"
#include "service/encoding_service.h"
#include "service/image_events.h"
#include "service/image_service.h"
#include "service/model_host.h"
#include "service/prompt_service.h"
#include "service/warming.h"
#include "store/open/open_store.h"

namespace samcache {

struct ServiceOptions {
  std::filesystem::path data = {};  // for everything that is given no other place; made when missing
  std::string database = {};        // URL; empty: SQLite in the data folder
  StoreSetup encodings = {};        // no URLs: memory before the data folder
  // URL of the store of originals; empty: the last one of the encodings if that keeps everything, else the data folder.
  std::string image_store = {};
  EngineOptions engine = {};
  ModelHostOptions model = {};
  ImageServiceOptions images = {};
  EncodingServiceOptions encoding = {};
  WarmingOptions warming = {};
  EncodeWorkerOptions worker = {};
  bool run_worker = true;
  // Keep up with what happens to images. Not in a process that only encodes: each news costs the database a question.
  bool follow_images = true;
  std::int64_t max_waiting_jobs = 50'000;
  EncodeWorker::Listener on_encode = {};
  EncodeWorker::TroubleListener on_trouble = {};
};

struct Service {
  std::shared_ptr<Database> database;
  std::shared_ptr<Catalog> catalog;
  std::shared_ptr<JobQueue> queue;
  OpenedStores stores;  // of encodings
  std::shared_ptr<ObjectStore> originals;
  std::shared_ptr<ModelHost> model;
  std::shared_ptr<ImageEvents> events;
  std::shared_ptr<ImageService> images;
  std::shared_ptr<EncodingService> encodings;
  std::shared_ptr<PromptService> prompts;
  std::shared_ptr<Warming> warming;
  ImageEvents::Subscription cached_records;  // forgets those that changed; none with follow_images = false
  std::unique_ptr<EncodeWorker> worker;      // none with run_worker = false

  // Whether database and stores answer; the error names what does not.
  Status ready(Deadline deadline) const;

  // Adds the image and has it encoded. When the queue is full (kUnavailable) the image is kept all the same: the same
  // upload can be tried again.
  Result<UploadedImage> add_image(const NewImage& image, Deadline deadline) const;

  // The image, its encodings and its jobs, gone from every tier, unless another image has the same content; kNotFound.
  Status remove_image(const std::string& id, Deadline deadline) const;

  // The worker gives its job back; what is being written behind is finished, until the deadline.
  void stop(Deadline deadline);
};

// The database alone, for what needs no model.
Result<std::shared_ptr<Database>> open_service_database(const ServiceOptions& options);

// The error of whichever part could not be opened, with its name.
Result<std::unique_ptr<Service>> open_service(const ServiceOptions& options);

}  // namespace samcache
