#include "http/pending_answer.h"

#include <utility>

#include "http/finish_response.h"
#include "http/responder.h"

namespace samcache::http {

PendingAnswer::PendingAnswer(std::shared_ptr<HttpRequest> request, std::size_t compress_from_bytes,
                             std::function<void()> wake)
    : request_(std::move(request)), compress_from_bytes_(compress_from_bytes), wake_(std::move(wake)) {}

void PendingAnswer::answer(HttpResponse response) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_answered_) return;
    is_answered_ = true;
    if (is_abandoned_) return;
  }
  finish_response(*request_, compress_from_bytes_, response);
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    response_ = std::move(response);
    wake = std::exchange(wake_, nullptr);
  }
  if (wake) wake();
}

bool PendingAnswer::is_wanted() const {
  const std::scoped_lock lock(mutex_);
  return !is_abandoned_ && !is_answered_ && !client_left_;
}

std::optional<HttpResponse> PendingAnswer::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(response_, std::nullopt);
}

void PendingAnswer::note_client_left() {
  const std::scoped_lock lock(mutex_);
  client_left_ = true;
}

void PendingAnswer::abandon() {
  const std::scoped_lock lock(mutex_);
  is_abandoned_ = true;
}

Responder::Responder(std::shared_ptr<PendingAnswer> pending) : pending_(std::move(pending)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(pending_, other.pending_);
  return *this;
}

Responder::~Responder() {
  if (pending_ != nullptr) pending_->answer(problem(500, "the request was given up inside the server"));
}

void Responder::answer(HttpResponse response) {
  check(pending_ != nullptr, "Responder: answered twice");
  std::exchange(pending_, nullptr)->answer(std::move(response));
}

bool Responder::is_wanted() const { return pending_ != nullptr && pending_->is_wanted(); }

}  // namespace samcache::http
