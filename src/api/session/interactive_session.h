// One client at work on one image: what it sends becomes prompts, prompts become answers. The protocol is that of
// docs/websocket.md; the connection is whatever a SessionSender stands for.
//
// Messages are taken in on the connection's thread, which never waits, and worked on by at most one task at a time on
// a pool, in the order they came. A message that changes prompts is answered for the object it was about. While an
// answer is being made more messages may come: of those that wait for one object only the newest is answered, the
// others are told "superseded"; so a client that drags a box gets what it sees last, and never a queue of the past. A
// preview gives way to everything that is newer.
//
// Thread-safe. A session lives for as long as a task works on it; after `closed` it sends nothing more.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/session/session_document.h"
#include "api/session/session_message.h"
#include "base/task_pool.h"
#include "service/prompt_service.h"

namespace samcache {

class SessionAnswer;

// The way back to the client. Thread-safe; calls return at once; what cannot be sent any more is dropped.
class SessionSender {
 public:
  virtual ~SessionSender() = default;
  // A text and the frames that belong to it, with nothing in between.
  virtual void send(std::string text, std::vector<std::vector<std::byte>> frames) = 0;
  virtual void close(int code, const std::string& reason) = 0;
};

// What a session asks of the service. Both are called until its last task has ended.
struct SessionService {
  PromptedPicture picture;
  std::function<Result<PromptAnswer>(const PromptRequest&, const PromptWish&, const MaskSink&)> answer;
  std::function<bool(TaskPool::Task)> post;  // to the pool of prompts; false: it is full
};

struct SessionLimits {
  std::size_t max_waiting_messages = 256;
  std::size_t max_waiting_bytes = 4 << 20;
  double messages_per_second = 250;  // on average; the pointer of a fast mouse previews at 120
  double message_burst = 500;
  std::chrono::milliseconds answer_timeout{300'000};  // a picture that is not encoded yet is encoded first
};

// Close codes of our own (RFC 6455 leaves 4000 to 4999 to applications).
inline constexpr int kCloseImageRemoved = 4404;
inline constexpr int kCloseInternalError = 1011;

class InteractiveSession : public std::enable_shared_from_this<InteractiveSession> {
 public:
  static std::shared_ptr<InteractiveSession> open(SessionService service, std::shared_ptr<SessionSender> sender,
                                                  const SessionLimits& limits = {});

  // A message of the client; answered later, or with an error now.
  void on_text(std::string_view text);
  // The connection is gone.
  void closed();
  // Tells the client why, and closes the connection.
  void end(int code, const std::string& reason);

 private:
  using Clock = std::chrono::steady_clock;
  struct Letter {
    std::string text;
    Clock::time_point arrived;
  };
  // An answer that is owed.
  struct Debt {
    nlohmann::json seq;
    int object = 0;
    std::optional<PromptPoint> pointer = {};  // of a preview
    bool recorded = false;                    // the document changed
    Clock::time_point since = {};
  };

  InteractiveSession(SessionService service, std::shared_ptr<SessionSender> sender, const SessionLimits& limits);

  bool within_rate();
  bool answer_ping(std::string_view text);
  bool keep(std::string_view text, bool& is_first);
  void refuse(std::string_view text, const Error& error, int retry_after_ms);
  std::shared_ptr<SessionSender> sender() const;
  std::deque<Letter> take_letters();
  bool hand_on();

  // By the one task that works.
  void work();
  void work_in_turns();
  bool finished();
  void read(const Letter& letter);
  Status apply(const ClientAction& action, int object);
  void owe(Debt debt);
  void pay(const Debt& debt);
  Result<PromptAnswer> ask(const PromptRequest& request, const Debt& debt, SessionAnswer& answer);
  std::span<const float> previous_logits(int object) const;

  const SessionService service_;
  const SessionLimits limits_;

  mutable std::mutex mutex_;
  std::shared_ptr<SessionSender> sender_;  // none: closed
  std::deque<Letter> letters_;
  std::size_t letter_bytes_ = 0;
  bool working_ = false;
  double allowance_;  // messages that may come at once
  Clock::time_point allowance_at_;

  // Touched by the task that works alone.
  SessionDocument document_;
  WireOptions wire_;
  std::deque<Debt> debts_;
  std::uint32_t answers_ = 0;
  int refined_object_ = 0;  // the object whose last answer's best mask this is; no other is remembered
  std::vector<float> previous_logits_;
};

}  // namespace samcache
