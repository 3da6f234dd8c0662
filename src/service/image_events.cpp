#include "service/image_events.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kPatience{10};  // with the database
constexpr std::size_t kMaxWaiting = 10'000;    // notifications; beyond it listeners are told that they missed some

std::string text_in(const Json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

struct ImageEvents::State {
  explicit State(std::shared_ptr<Catalog> images) : catalog(std::move(images)) {}

  void push(const Notification& notification) {
    const std::scoped_lock lock(mutex);
    if (waiting.size() >= kMaxWaiting) {
      waiting.clear();
      lost = true;
    }
    lost = lost || notification.missed;
    if (!notification.missed) waiting.push_back(notification.payload);
    arrived.notify_one();
  }

  void run(const std::stop_token& stop) {
    for (;;) {
      std::deque<std::string> news;
      bool missed = false;
      {
        std::unique_lock lock(mutex);
        if (!arrived.wait(lock, stop, [this] { return lost || !waiting.empty(); })) return;
        news.swap(waiting);
        missed = std::exchange(lost, false);
      }
      if (missed) tell({.kind = ImageEvent::Kind::kMayHaveLost});
      tell_all(news, stop);
    }
  }

  // Each content once, however often it was named.
  void tell_all(const std::deque<std::string>& news, const std::stop_token& stop) {
    std::set<std::string> told;
    for (const std::string& payload : news) {
      if (stop.stop_requested()) return;
      const Json document = Json::parse(payload, nullptr, false);
      if (!document.is_object()) continue;
      if (const std::string removed = text_in(document, "removed"); !removed.empty()) {
        tell({.kind = ImageEvent::Kind::kRemoved, .image = {.id = removed, .project = text_in(document, "project")}});
      } else if (const std::string sha256 = text_in(document, "sha256"); sha256.empty()) {
        tell({.kind = ImageEvent::Kind::kMayHaveLost});
      } else if (told.insert(sha256).second) {
        tell_changed(sha256);
      }
    }
  }

  bool is_heard() {
    const std::scoped_lock lock(calling);
    return !listeners.empty();
  }

  void tell_changed(const std::string& sha256) {
    if (!is_heard()) return;
    Result<std::vector<ImageRecord>> images = catalog->images_of_content(sha256, Deadline::after(kPatience));
    if (!images) return tell({.kind = ImageEvent::Kind::kMayHaveLost});
    for (ImageRecord& image : *images) tell({.kind = ImageEvent::Kind::kChanged, .image = std::move(image)});
  }

  void tell(const ImageEvent& event) {
    const std::scoped_lock lock(calling);
    for (const auto& [number, listener] : listeners) listener(event);
  }

  const std::shared_ptr<Catalog> catalog;

  std::mutex mutex;  // of what waits
  std::condition_variable_any arrived;
  std::deque<std::string> waiting;
  bool lost = false;

  std::mutex calling;  // held while listeners are called
  std::map<std::uint64_t, Listener> listeners;
  std::uint64_t next_listener = 0;
};

ImageEvents::ImageEvents(const std::shared_ptr<Database>& database, std::shared_ptr<Catalog> catalog)
    : state_(std::make_shared<State>(std::move(catalog))),
      thread_([state = state_](const std::stop_token& stop) { state->run(stop); }),
      news_(database->subscribe(std::string(kImagesTopic),
                                [state = state_](const Notification& news) { state->push(news); })) {}

ImageEvents::~ImageEvents() = default;

ImageEvents::Subscription ImageEvents::listen(Listener listener) {
  const std::scoped_lock lock(state_->calling);
  const std::uint64_t number = state_->next_listener++;
  state_->listeners.emplace(number, std::move(listener));
  return {nullptr, [state = state_, number](const void*) {
            const std::scoped_lock end_lock(state->calling);
            state->listeners.erase(number);
          }};
}

void ImageEvents::publish_removal(Transaction& transaction, const ImageRecord& image) {
  transaction.publish(kImagesTopic, Json{{"removed", image.id}, {"project", image.project}}.dump());
}

}  // namespace samcache
