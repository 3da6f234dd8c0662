#include "api/session/interactive_session.h"

#include <algorithm>
#include <exception>

#include "api/session/session_answer.h"
#include "api/session/session_query.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxPingBytes = 256;
constexpr std::size_t kMaxReadForSeqBytes = 4096;  // of a message that is refused unread, on the connection's thread
constexpr int kRetryFullPoolMs = 250;
constexpr int kRetryUnavailableMs = 1000;

int retry_after_ms(const Error& error) { return error.code == ErrorCode::kUnavailable ? kRetryUnavailableMs : 0; }

}  // namespace

std::shared_ptr<InteractiveSession> InteractiveSession::open(SessionService service,
                                                             std::shared_ptr<SessionSender> sender,
                                                             const SessionLimits& limits) {
  return std::shared_ptr<InteractiveSession>(new InteractiveSession(std::move(service), std::move(sender), limits));
}

InteractiveSession::InteractiveSession(SessionService service, std::shared_ptr<SessionSender> sender,
                                       const SessionLimits& limits)
    : service_(std::move(service)),
      limits_(limits),
      sender_(std::move(sender)),
      allowance_(limits.message_burst),
      allowance_at_(Clock::now()) {}

void InteractiveSession::on_text(std::string_view text) {
  if (!within_rate()) {
    const int pause_ms = static_cast<int>(1000 / limits_.messages_per_second) + 1;
    return refuse(text, {ErrorCode::kUnavailable, "too many messages at once: send fewer"}, pause_ms);
  }
  if (answer_ping(text)) return;
  bool is_first = false;
  if (!keep(text, is_first)) {
    return refuse(text, {ErrorCode::kUnavailable, "too many messages wait for an answer already"}, kRetryFullPoolMs);
  }
  if (!is_first || hand_on()) return;
  std::deque<Letter> unread = take_letters();
  finished();
  for (const Letter& letter : unread) {
    refuse(letter.text, {ErrorCode::kUnavailable, "the server has too much to do"}, kRetryFullPoolMs);
  }
}

// False: there is no room. `is_first`: nobody works yet, whoever calls must see to it.
bool InteractiveSession::keep(std::string_view text, bool& is_first) {
  const std::scoped_lock lock(mutex_);
  if (!sender_) return true;
  if (letters_.size() >= limits_.max_waiting_messages) return false;
  if (letter_bytes_ + text.size() > limits_.max_waiting_bytes) return false;
  letter_bytes_ += text.size();
  letters_.push_back({.text = std::string(text), .arrived = Clock::now()});
  is_first = !std::exchange(working_, true);
  return true;
}

bool InteractiveSession::within_rate() {
  const std::scoped_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - std::exchange(allowance_at_, now)).count();
  allowance_ = std::min(limits_.message_burst, allowance_ + seconds * limits_.messages_per_second);
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

// A ping asks whether anybody is there: it must not wait for an answer that takes seconds.
bool InteractiveSession::answer_ping(std::string_view text) {
  if (text.size() > kMaxPingBytes || text.find("ping") == std::string_view::npos) return false;
  const ClientMessage message = parse_client_message(text, {}, service_.picture);
  if (!message.action.ok() || !std::holds_alternative<Ping>(*message.action)) return false;
  if (const auto out = sender()) out->send(pong_text(message.seq), {});
  return true;
}

void InteractiveSession::refuse(std::string_view text, const Error& error, int retry_after_ms) {
  const auto out = sender();
  if (!out) return;
  nlohmann::json seq;
  if (text.size() <= kMaxReadForSeqBytes) seq = parse_client_message(text, {}, service_.picture).seq;
  out->send(error_text(seq, {.error = error, .retry_after_ms = retry_after_ms}), {});
}

std::shared_ptr<SessionSender> InteractiveSession::sender() const {
  const std::scoped_lock lock(mutex_);
  return sender_;
}

void InteractiveSession::closed() {
  const std::scoped_lock lock(mutex_);
  sender_ = nullptr;
  letters_.clear();
  letter_bytes_ = 0;
}

void InteractiveSession::end(int code, const std::string& reason) {
  const auto out = sender();
  closed();
  if (!out) return;
  out->send(error_text({}, {.error = {ErrorCode::kCancelled, reason}}), {});
  out->close(code, reason);
}

bool InteractiveSession::hand_on() {
  return service_.post([self = shared_from_this()] { self->work(); });
}

std::deque<InteractiveSession::Letter> InteractiveSession::take_letters() {
  const std::scoped_lock lock(mutex_);
  letter_bytes_ = 0;
  return std::exchange(letters_, {});
}

// Whether nothing is left to do; then nobody works any more, and whoever adds a letter starts the work again.
bool InteractiveSession::finished() {
  const std::scoped_lock lock(mutex_);
  if (!sender_) debts_.clear();
  if (!letters_.empty() || !debts_.empty()) return false;
  working_ = false;
  return true;
}

void InteractiveSession::work() {
  try {
    work_in_turns();
  } catch (const std::exception& bug) {
    end(kCloseInternalError, std::string("the server failed: ") + bug.what());
  }
}

// One answer, then other sessions have their turn; with the pool full there is nobody to wait for, and it goes on.
void InteractiveSession::work_in_turns() {
  do {
    for (const Letter& letter : take_letters()) read(letter);
    if (!debts_.empty()) {
      const Debt debt = std::move(debts_.front());
      debts_.pop_front();
      pay(debt);
    }
    if (finished()) return;
  } while (!hand_on());
}

void InteractiveSession::read(const Letter& letter) {
  const ClientMessage message = parse_client_message(letter.text, wire_, service_.picture);
  const auto out = sender();
  if (!out) return;
  const auto refused = [&](const Error& error) { out->send(error_text(message.seq, {.error = error}), {}); };
  if (!message.action) return refused(message.action.error());
  const ClientAction& action = *message.action;
  if (std::holds_alternative<Ping>(action)) return out->send(pong_text(message.seq), {});

  const int object = message.object.value_or(document_.current().id);
  if (const Status status = apply(action, object); !status) return refused(status.error());
  Debt debt{.seq = message.seq, .object = document_.current().id, .since = letter.arrived};
  if (const auto* preview = std::get_if<Preview>(&action)) {
    debt.object = object;
    debt.pointer = preview->pointer;
  } else {
    debt.recorded = !std::holds_alternative<SelectObject>(action);
  }
  owe(std::move(debt));
}

Status InteractiveSession::apply(const ClientAction& action, int object) {
  if (Status status = document_.apply(action, object); !status) return status;
  if (const auto* options = std::get_if<SetOptions>(&action)) wire_ = options->applied_to(wire_);
  // What was answered before says nothing about a document that went another way.
  const bool refines = std::holds_alternative<AddPrompt>(action) || std::holds_alternative<Preview>(action) ||
                       std::holds_alternative<SetOptions>(action);
  if (!refines) previous_logits_.clear();
  return {};
}

void InteractiveSession::owe(Debt debt) {
  const auto is_superseded = [&](const Debt& old) {
    if (old.pointer || document_.find(old.object) == nullptr) return true;
    return !debt.pointer && old.object == debt.object;
  };
  const auto out = sender();
  for (const Debt& old : debts_) {
    if (out && is_superseded(old)) out->send(superseded_text(old.seq), {});
  }
  std::erase_if(debts_, is_superseded);
  debts_.push_back(std::move(debt));
}

std::span<const float> InteractiveSession::previous_logits(int object) const {
  return object == refined_object_ ? std::span<const float>(previous_logits_) : std::span<const float>();
}

void InteractiveSession::pay(const Debt& debt) {
  const SessionObject& object = *document_.find(debt.object);
  const std::optional<PromptRequest> request = debt.pointer
                                                   ? preview_query_of(object, previous_logits(object.id), *debt.pointer)
                                                   : query_of(object, previous_logits(object.id));
  SessionAnswer answer(++answers_, wire_.mask_format);
  Result<PromptAnswer> asked = PromptAnswer{};
  if (request) asked = ask(*request, debt, answer);
  if (request && std::holds_alternative<ConceptQuery>(*request)) answer.sort_best_first();
  const auto out = sender();
  if (!out) return;
  if (!asked) {
    const SessionError error{.error = asked.error(),
                             .object = debt.object,
                             .recorded = debt.recorded,
                             .retry_after_ms = retry_after_ms(asked.error())};
    return out->send(error_text(debt.seq, error), {});
  }
  const std::chrono::duration<double, std::milli> latency = Clock::now() - debt.since;
  const SessionAnswer::About about{.seq = debt.seq,
                                   .document = document_,
                                   .object = debt.object,
                                   .preview = debt.pointer.has_value(),
                                   .latency_ms = latency.count()};
  std::string text = answer.text(about, *asked);
  out->send(std::move(text), answer.take_frames());
}

Result<PromptAnswer> InteractiveSession::ask(const PromptRequest& request, const Debt& debt, SessionAnswer& answer) {
  const bool refines = !debt.pointer && document_.find(debt.object)->options.refine;
  std::vector<float> best_logits;
  float best_score = 0;
  const auto keep_mask = [&](const AnsweredMask& found, const BinaryMask& mask) -> Status {
    if (!sender()) return Error{ErrorCode::kCancelled, "the client has gone"};
    if (refines && (best_logits.empty() || found.score > best_score)) {
      best_logits.assign(found.logits.begin(), found.logits.end());
      best_score = found.score;
    }
    return answer.add(found, mask);
  };
  const PromptWish wish{.masks = wire_.mask_format != SessionMaskFormat::kNone,
                        .deadline = Deadline::after(limits_.answer_timeout)};
  Result<PromptAnswer> asked = service_.answer(request, wish, keep_mask);
  if (asked && refines) {
    refined_object_ = debt.object;
    previous_logits_ = std::move(best_logits);
  }
  return asked;
}

}  // namespace samcache
