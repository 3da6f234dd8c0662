#include "service/warming.h"

#include <algorithm>

namespace samcache {
namespace {

constexpr std::chrono::seconds kPatience{10};  // with the database
constexpr std::chrono::minutes kWarmingTime{10};
constexpr std::size_t kMaxPeople = 10'000;
constexpr std::size_t kMaxLookups = 256;  // people who moved and are not looked after yet; beyond it nobody is

}  // namespace

Warming::Warming(std::shared_ptr<Catalog> catalog, std::shared_ptr<EncodingService> encodings,
                 std::shared_ptr<TieredStore> store, WarmingOptions options)
    : catalog_(std::move(catalog)),
      encodings_(std::move(encodings)),
      options_(options),
      prefetcher_(std::move(store), options_.prefetch),
      lookups_(1, kMaxLookups),
      requests_(1, options_.max_requests) {}

Warming::~Warming() { stopping_ = true; }

void Warming::looks_at(const std::string& who, const ImageRecord& image) {
  {
    const std::scoped_lock lock(mutex_);
    if (looked_at_.size() >= kMaxPeople) looked_at_.clear();  // those who never said that they left
    std::string& before = looked_at_[who];
    if (before == image.id) return;
    before = image.id;
  }
  // Dropped when too many move at once: it is a favour.
  (void)lookups_.try_post([this, who, image] {
    const auto neighbours =
        catalog_->neighbours(image.id, static_cast<int>(options_.prefetch.ahead),
                             static_cast<int>(options_.prefetch.behind), Deadline::after(kPatience));
    if (!neighbours) return;
    std::vector<std::string> names = {encodings_->served_name(image)};
    for (const ImageRecord& neighbour : *neighbours) {
      if (neighbour.encoding_status == EncodingStatus::kCompleted) names.push_back(encodings_->served_name(neighbour));
    }
    const std::scoped_lock lock(mutex_);  // so that nobody who left comes back
    const auto still = looked_at_.find(who);
    if (still != looked_at_.end() && still->second == image.id) prefetcher_.works_on(who, names);
  });
}

void Warming::left(const std::string& who) {
  const std::scoped_lock lock(mutex_);
  looked_at_.erase(who);
  prefetcher_.left(who);
}

Status Warming::post(TaskPool::Task task) {
  if (requests_.try_post(std::move(task))) return {};
  return Error{ErrorCode::kUnavailable,
               std::to_string(options_.max_requests) + " requests to warm images are waiting already: try again later"};
}

Status Warming::warm(std::vector<ImageRecord> images) {
  if (images.size() > options_.max_images) {
    return Error{ErrorCode::kTooLarge, std::to_string(images.size()) + " images to warm at once; the limit is " +
                                           std::to_string(options_.max_images)};
  }
  return post([this, images = std::move(images)] { fetch(images); });
}

Status Warming::warm_project(const std::string& project) {
  return post([this, project] { fetch(images_of(project, options_.max_images)); });
}

Status Warming::warm_active_projects() {
  return post([this] {
    Result<std::vector<ProjectSummary>> projects = catalog_->projects(Deadline::after(kPatience));
    if (!projects) return;
    std::ranges::sort(*projects, std::ranges::greater(), &ProjectSummary::last_upload_ms);
    projects->resize(std::min(projects->size(), options_.active_projects));
    for (const ProjectSummary& project : *projects) {
      fetch(images_of(project.project, options_.images_of_active_project));
    }
  });
}

std::vector<ImageRecord> Warming::images_of(const std::string& project, std::size_t limit) {
  const ImageFilter filter{.project = project, .status = EncodingStatus::kCompleted};
  const auto page_size = static_cast<int>(std::min(limit, kMaxPageSize));
  Result<ImagePage> page = catalog_->list_images(filter, page_size, {}, Deadline::after(kPatience));
  return page ? std::move(page->images) : std::vector<ImageRecord>();
}

void Warming::fetch(const std::vector<ImageRecord>& images) {
  std::vector<std::string> names;
  for (const ImageRecord& image : images) names.push_back(encodings_->served_name(image));
  prefetcher_.warm(names, Deadline::after(kWarmingTime), [this](std::size_t) { return !stopping_; });
}

bool Warming::drain(Deadline deadline) {
  return lookups_.drain(deadline) && requests_.drain(deadline) && prefetcher_.drain(deadline);
}

}  // namespace samcache
