#include "service/prompt_batcher.h"

#include <condition_variable>
#include <exception>
#include <optional>

namespace samcache {

struct PromptBatcher::Request {
  const PreparedImage& image;
  const InteractivePrompt& prompt;
  const InteractiveOptions& options;
  bool taken = false;  // into a batch: an answer will come
  std::optional<Result<InteractiveAnswer>> answer = {};
  std::exception_ptr thrown = {};
  std::condition_variable changed = {};

  bool is_done() const { return answer.has_value() || thrown != nullptr; }
  // Whether the decoder takes both in one pass.
  bool fits(const Request& other) const {
    return &image == &other.image && prompt.points.size() == other.prompt.points.size() &&
           prompt.box.has_value() == other.prompt.box.has_value() &&
           prompt.mask_input.empty() == other.prompt.mask_input.empty() &&
           options.multimask == other.options.multimask && options.return_logits == other.options.return_logits &&
           options.cleaning == other.options.cleaning;
  }
};

PromptBatcher::PromptBatcher(DeviceGate& gate, std::size_t max_batch, Decode decode)
    : gate_(gate), max_batch_(max_batch), decode_(std::move(decode)) {
  check(max_batch_ > 0, "PromptBatcher: a batch of nothing");
}

Result<InteractiveAnswer> PromptBatcher::segment(const std::shared_ptr<const PreparedImage>& image,
                                                 const InteractivePrompt& prompt, const InteractiveOptions& options,
                                                 Deadline deadline) {
  Request self{.image = *image, .prompt = prompt, .options = options};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  while (!self.is_done()) {
    if (!leading_ && !self.taken) {
      lead(self, deadline, lock);
    } else if (deadline.is_never() || self.taken) {
      self.changed.wait(lock);
    } else {
      self.changed.wait_until(lock, deadline.time());
    }
    if (!self.taken && deadline.passed()) {
      waiting_.remove(&self);
      wake_next_leader();
      return Error{ErrorCode::kUnavailable, "the device was busy with other prompts until the deadline: try again"};
    }
  }
  if (self.thrown) std::rethrow_exception(self.thrown);
  return std::move(*self.answer);
}

void PromptBatcher::lead(Request& self, Deadline deadline, std::unique_lock<std::mutex>& lock) {
  leading_ = true;
  lock.unlock();
  DeviceGate::Turn turn = gate_.prompt_turn(deadline);
  lock.lock();
  if (turn && !self.taken) {
    const std::vector<Request*> batch = take_batch();
    lock.unlock();
    answer(batch);
    turn.end();
    lock.lock();
  }
  leading_ = false;
  wake_next_leader();
}

std::vector<PromptBatcher::Request*> PromptBatcher::take_batch() {
  Request* first = waiting_.front();
  std::vector<Request*> batch;
  for (auto place = waiting_.begin(); place != waiting_.end() && batch.size() < max_batch_;) {
    if (!(*place)->fits(*first)) {
      ++place;
      continue;
    }
    (*place)->taken = true;
    batch.push_back(*place);
    place = waiting_.erase(place);
  }
  ++stats_.passes;
  stats_.prompts += batch.size();
  return batch;
}

void PromptBatcher::answer(const std::vector<Request*>& batch) {
  std::vector<InteractivePrompt> prompts;
  for (const Request* request : batch) prompts.push_back(request->prompt);
  const Request& first = *batch.front();
  std::vector<Result<InteractiveAnswer>> answers;
  std::exception_ptr thrown;
  try {
    Result<std::vector<InteractiveAnswer>> together = decode_(first.image, prompts, first.options);
    if (together) {
      for (InteractiveAnswer& one : *together) answers.emplace_back(std::move(one));
    } else if (batch.size() == 1) {
      answers.emplace_back(together.error());
    } else {
      // One of them is wrong: the others must not get its error.
      for (const InteractivePrompt& prompt : prompts) {
        Result<std::vector<InteractiveAnswer>> alone = decode_(first.image, {&prompt, 1}, first.options);
        if (alone) {
          answers.emplace_back(std::move(alone->front()));
        } else {
          answers.emplace_back(alone.error());
        }
      }
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (thrown) {
      batch[i]->thrown = thrown;
    } else {
      batch[i]->answer.emplace(std::move(answers[i]));
    }
    batch[i]->changed.notify_one();
  }
}

void PromptBatcher::wake_next_leader() {
  if (!leading_ && !waiting_.empty()) waiting_.front()->changed.notify_one();
}

PromptBatcherStats PromptBatcher::stats() const {
  const std::scoped_lock lock(mutex_);
  return stats_;
}

}  // namespace samcache
