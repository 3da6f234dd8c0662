#include "api/session/session_host.h"

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace samcache {
namespace {

// Images made ready at the same time; each may wait for a store.
constexpr std::size_t kPreparing = 4;
constexpr std::size_t kMaxWaitingToPrepare = 4096;
constexpr std::chrono::seconds kPrepareTimeout{60};
// How often a prompt that waits for an encode looks whether its client is still there.
constexpr std::chrono::seconds kGlance{1};

class SocketSender : public SessionSender {
 public:
  explicit SocketSender(http::WebSocketSender socket) : socket_(std::move(socket)) {}

  void send(std::string text, std::vector<std::vector<std::byte>> frames) override {
    std::vector<SharedBytes> shared;
    shared.reserve(frames.size());
    for (std::vector<std::byte>& frame : frames) shared.emplace_back(std::move(frame));
    socket_.send_text_with(std::move(text), std::move(shared));
  }
  void close(int code, const std::string& reason) override { socket_.close(static_cast<std::uint16_t>(code), reason); }

 private:
  http::WebSocketSender socket_;
};

}  // namespace

// What the connections share.
class SessionHost::State {
 public:
  State(const Service& service, const SessionHostOptions& options)
      : service_(service),
        options_(options),
        prompts_(options.threads, options.max_waiting),
        preparing_(kPreparing, kMaxWaitingToPrepare) {}

  const SessionLimits& limits() const { return options_.session; }
  std::string next_name() { return "session " + std::to_string(++names_); }

  SessionService service_for(const std::shared_ptr<const ImageRecord>& image, const std::weak_ptr<Connection>& client) {
    return {.picture = {.width = static_cast<int>(image->width),
                        .height = static_cast<int>(image->height),
                        .logits_side = service_.prompts->logits_side()},
            .answer =
                [this, image, client](const PromptRequest& request, const PromptWish& wish, const MaskSink& sink) {
                  const std::shared_ptr<const ImageRecord> newest = service_.images->find_cached(image->id);
                  Result<PromptAnswer> answered = answer(newest ? *newest : *image, client, request, wish, sink);
                  if (answered && options_.on_answer) options_.on_answer(request, *answered);
                  return answered;
                },
            .post = [this](TaskPool::Task task) { return prompts_.try_post(std::move(task)); }};
  }

  void enter(const std::shared_ptr<Connection>& connection);
  void leave(Connection* connection);
  void on_event(const ImageEvent& event);
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return connections_.size();
  }

 private:
  Result<PromptAnswer> answer(const ImageRecord& image, const std::weak_ptr<Connection>& client,
                              const PromptRequest& request, PromptWish wish, const MaskSink& sink);
  Status wait_until_encoded(const ImageRecord& image, const std::weak_ptr<Connection>& client, Deadline deadline);
  void prepare(const std::shared_ptr<Connection>& connection, const ImageRecord& image);
  void make_ready(Connection& connection, const ImageRecord& image);
  std::vector<std::shared_ptr<Connection>> connections_to(const std::string& image_id) const;
  void look_for_removed();

  const Service& service_;
  const SessionHostOptions options_;
  std::atomic<std::uint64_t> names_ = 0;
  mutable std::mutex mutex_;
  std::map<Connection*, std::weak_ptr<Connection>> connections_;
  TaskPool prompts_;
  TaskPool preparing_;  // last: its tasks use all of the above
};

// One WebSocket. The server holds it while it is open, tasks for as long as they run.
class SessionHost::Connection : public http::WebSocketSession, public std::enable_shared_from_this<Connection> {
 public:
  Connection(State& state, const ImageRecord& image)
      : state_(state), image_(std::make_shared<ImageRecord>(image)), name_(state.next_name()) {}

  void on_open(http::WebSocketSender sender) override {
    auto session = InteractiveSession::open(state_.service_for(image_, weak_from_this()),
                                            std::make_shared<SocketSender>(std::move(sender)), state_.limits());
    {
      const std::scoped_lock lock(mutex_);
      session_ = std::move(session);
    }
    state_.enter(shared_from_this());
  }

  void on_text(std::string_view message) override {
    if (const auto session = this->session()) session->on_text(message);
  }

  void on_close(std::uint16_t, std::string_view) override {
    std::shared_ptr<const void> ready;
    std::shared_ptr<InteractiveSession> session;
    {
      const std::scoped_lock lock(mutex_);
      is_closed_ = true;
      ready = std::exchange(ready_, nullptr);
      session = std::exchange(session_, nullptr);
    }
    if (session) session->closed();
    state_.leave(this);
  }

  void end(int code, const std::string& reason) {
    if (const auto session = this->session()) session->end(code, reason);
  }

  // Keeps what makes the image ready until the connection closes.
  void hold(std::shared_ptr<const void> ready) {
    const std::scoped_lock lock(mutex_);
    if (!is_closed_) ready_ = std::move(ready);
  }
  bool is_closed() const {
    const std::scoped_lock lock(mutex_);
    return is_closed_;
  }

  const ImageRecord& image() const { return *image_; }
  const std::string& name() const { return name_; }

 private:
  std::shared_ptr<InteractiveSession> session() const {
    const std::scoped_lock lock(mutex_);
    return session_;
  }

  State& state_;
  const std::shared_ptr<const ImageRecord> image_;  // as it was when the connection opened
  const std::string name_;
  mutable std::mutex mutex_;
  bool is_closed_ = false;
  std::shared_ptr<InteractiveSession> session_;
  std::shared_ptr<const void> ready_;
};

void SessionHost::State::enter(const std::shared_ptr<Connection>& connection) {
  {
    const std::scoped_lock lock(mutex_);
    connections_.emplace(connection.get(), connection);
  }
  prepare(connection, connection->image());
}

void SessionHost::State::leave(Connection* connection) {
  {
    const std::scoped_lock lock(mutex_);
    connections_.erase(connection);
  }
  service_.warming->left(connection->name());
}

// Encodes first what is not encoded, which may take minutes: for as long as somebody waits for it.
Result<PromptAnswer> SessionHost::State::answer(const ImageRecord& image, const std::weak_ptr<Connection>& client,
                                                const PromptRequest& request, PromptWish wish, const MaskSink& sink) {
  wish.make = false;
  Result<PromptAnswer> answer = service_.prompts->answer(image, request, wish, sink);
  if (answer || answer.error().code != ErrorCode::kNotFound) return answer;
  const Stopwatch stopwatch;
  if (Status encoded = wait_until_encoded(image, client, wish.deadline); !encoded) return encoded.error();
  const double waited_ms = stopwatch.elapsed_ms();
  answer = service_.prompts->answer(image, request, wish, sink);
  if (answer) {
    answer->cache = "encoded";
    answer->timing.load_ms += waited_ms;
  }
  return answer;
}

Status SessionHost::State::wait_until_encoded(const ImageRecord& image, const std::weak_ptr<Connection>& client,
                                              Deadline deadline) {
  // What failed is tried again; what the catalog calls encoded, and no store has, is made anew.
  bool again = image.encoding_status == EncodingStatus::kFailed || image.encoding_status == EncodingStatus::kCompleted;
  while (true) {
    const Deadline glance = deadline.within(kGlance);
    Status encoded = service_.encodings->encode_and_wait(image, std::exchange(again, false), glance);
    const bool is_only_late = !encoded && encoded.error().code == ErrorCode::kUnavailable && glance.passed();
    if (!is_only_late || deadline.passed()) return encoded;
    const std::shared_ptr<Connection> connection = client.lock();
    if (!connection || connection->is_closed()) return Error{ErrorCode::kCancelled, "the client has gone"};
  }
}

// In the background, and no matter if it fails: a prompt does what is missing, and says what is wrong, bugs included.
void SessionHost::State::prepare(const std::shared_ptr<Connection>& connection, const ImageRecord& image) {
  (void)preparing_.try_post([this, connection, image] {
    try {
      make_ready(*connection, image);
    } catch (const std::exception&) {
    }
    if (connection->is_closed()) service_.warming->left(connection->name());
  });
}

void SessionHost::State::make_ready(Connection& connection, const ImageRecord& image) {
  if (connection.is_closed()) return;
  service_.warming->looks_at(connection.name(), image);
  const Deadline deadline = Deadline::after(kPrepareTimeout);
  if (image.encoding_status != EncodingStatus::kCompleted) {
    // Its completion is an event.
    (void)service_.encodings->request_encode(image, JobPriority::kInteractive, "a session is open", false, deadline);
  } else if (auto ready = service_.prompts->keep_ready(image, deadline)) {
    connection.hold(*std::move(ready));
  }
}

std::vector<std::shared_ptr<SessionHost::Connection>> SessionHost::State::connections_to(
    const std::string& image_id) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> found;
  for (const auto& [key, weak] : connections_) {
    if (auto connection = weak.lock(); connection && (image_id.empty() || connection->image().id == image_id)) {
      found.push_back(std::move(connection));
    }
  }
  return found;
}

void SessionHost::State::on_event(const ImageEvent& event) {
  switch (event.kind) {
    case ImageEvent::Kind::kChanged:
      if (event.image.encoding_status != EncodingStatus::kCompleted) break;
      for (const auto& connection : connections_to(event.image.id)) prepare(connection, event.image);
      break;
    case ImageEvent::Kind::kRemoved:
      for (const auto& connection : connections_to(event.image.id)) {
        connection->end(kCloseImageRemoved, "the image was deleted");
      }
      break;
    case ImageEvent::Kind::kMayHaveLost: (void)preparing_.try_post([this] { look_for_removed(); }); break;
  }
}

void SessionHost::State::look_for_removed() {
  for (const auto& connection : connections_to({})) {
    const Result<ImageRecord> image = service_.images->find(connection->image().id, Deadline::after(kPrepareTimeout));
    if (!image && image.error().code == ErrorCode::kNotFound) {
      connection->end(kCloseImageRemoved, "the image was deleted");
    }
  }
}

SessionHost::SessionHost(const Service& service, const SessionHostOptions& options)
    : state_(std::make_unique<State>(service, options)),
      events_(service.events->listen([state = state_.get()](const ImageEvent& event) { state->on_event(event); })) {}

SessionHost::~SessionHost() = default;

std::shared_ptr<http::WebSocketSession> SessionHost::open(const ImageRecord& image) {
  return std::make_shared<Connection>(*state_, image);
}

std::size_t SessionHost::open_sessions() const { return state_->size(); }

}  // namespace samcache
