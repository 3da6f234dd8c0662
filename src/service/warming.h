// Encodings brought to the fast tiers before they are asked for.
//
// Thread-safe; every call but drain() returns at once. Fetching and looking up happen on threads of this object.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "catalog/catalog.h"
#include "service/encoding_service.h"
#include "store/tiered/prefetcher.h"

namespace samcache {

struct WarmingOptions {
  PrefetchOptions prefetch = {};
  std::size_t max_images = 1000;              // of one request
  std::size_t max_requests = 16;              // that wait at one time
  std::size_t active_projects = 3;            // whose images are warmed at the start, those uploaded to last first
  std::size_t images_of_active_project = 50;  // the first of each
};

class Warming {
 public:
  Warming(std::shared_ptr<Catalog> catalog, std::shared_ptr<EncodingService> encodings,
          std::shared_ptr<TieredStore> store, WarmingOptions options);
  ~Warming();

  // `who` (a session, a token) looks at this image now: the next and the previous images of its project are fetched and
  // pinned, in place of those before. The same image again costs nothing.
  void looks_at(const std::string& who, const ImageRecord& image);
  void left(const std::string& who);

  // Brings the encodings of these images to the fast tiers. kTooLarge: more than max_images; kUnavailable: max_requests
  // wait already.
  Status warm(std::vector<ImageRecord> images);
  // The first max_images of a project.
  Status warm_project(const std::string& project);
  Status warm_active_projects();

  // Waits until nothing is being fetched; false when the deadline came first.
  bool drain(Deadline deadline);

 private:
  void fetch(const std::vector<ImageRecord>& images);
  std::vector<ImageRecord> images_of(const std::string& project, std::size_t limit);
  Status post(TaskPool::Task task);

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<EncodingService> encodings_;
  const WarmingOptions options_;
  Prefetcher prefetcher_;
  std::mutex mutex_;
  std::map<std::string, std::string> looked_at_;  // by whom, which image
  std::atomic<bool> stopping_ = false;
  TaskPool lookups_;   // of neighbours
  TaskPool requests_;  // last, as the one before: their tasks use all of the above
};

}  // namespace samcache
