#include "api/session/session_document.h"

#include <algorithm>

namespace samcache {
namespace {

Error no_object(int id) {
  return {ErrorCode::kNotFound, "there is no object " + std::to_string(id) + ": see \"objects\" of the last answer"};
}

Error too_many_objects() {
  return {ErrorCode::kTooLarge, "a session has at most " + std::to_string(kMaxObjects) + " objects"};
}

}  // namespace

SessionDocument::SessionDocument() {
  state_.current = next_id_++;
  state_.objects.push_back(std::make_shared<SessionObject>(SessionObject{.id = state_.current}));
}

Status SessionDocument::apply(const ClientAction& action, int object) {
  struct Visitor {
    SessionDocument& document;
    int object;

    Status operator()(const AddPrompt& add) const { return document.add_prompt(object, add.prompt); }
    Status operator()(const SetPrompts& set) const { return document.set_prompts(object, set); }
    Status operator()(const RemovePrompt& remove) const { return document.remove_prompt(object, remove.index); }
    Status operator()(RemoveText) const { return document.remove_text(object); }
    Status operator()(RemoveMask) const { return document.remove_mask(object); }
    Status operator()(AddObject) const { return document.add_object(); }
    Status operator()(RemoveObject) const { return document.remove_object(object); }
    Status operator()(SelectObject) const { return document.select(object); }
    Status operator()(Undo) const {
      return document.undo() ? Status() : Error{ErrorCode::kNotFound, "there is nothing to undo"};
    }
    Status operator()(Redo) const {
      return document.redo() ? Status() : Error{ErrorCode::kNotFound, "there is nothing to redo"};
    }
    Status operator()(Reset) const {
      document.reset();
      return {};
    }
    Status operator()(const SetOptions& set) const {
      return document.set_options(object, set.of_object.applied_to(document.options_of(object)));
    }
    Status operator()(const Preview&) const { return document.check_exists(object); }
    Status operator()(Ping) const { return {}; }
  };
  return std::visit(Visitor{*this, object}, action);
}

const SessionObject& SessionDocument::current() const { return *find(state_.current); }

const SessionObject* SessionDocument::find(int id) const {
  const auto found =
      std::find_if(state_.objects.begin(), state_.objects.end(), [id](const Object& o) { return o->id == id; });
  return found == state_.objects.end() ? nullptr : found->get();
}

std::vector<int> SessionDocument::object_ids() const {
  std::vector<int> ids;
  ids.reserve(state_.objects.size());
  for (const Object& object : state_.objects) ids.push_back(object->id);
  return ids;
}

Status SessionDocument::add_object() {
  if (state_.objects.size() >= kMaxObjects) return too_many_objects();
  State next = state_;
  next.objects.push_back(std::make_shared<SessionObject>(SessionObject{.id = next_id_, .options = current().options}));
  next.current = next_id_;
  commit(std::move(next), next_id_++, sizeof(SessionObject));
  return {};
}

Status SessionDocument::add_prompt(int id, SessionPrompt prompt) {
  const SessionObject* const before = find(id);
  if (before == nullptr) return no_object(id);
  SessionObject after = *before;
  if (std::holds_alternative<TextPrompt>(prompt) || std::holds_alternative<MaskPrompt>(prompt)) {
    std::erase_if(after.prompts, [&](const SessionPrompt& other) { return other.index() == prompt.index(); });
  }
  const std::size_t new_mask_bytes = mask_bytes(prompt);
  after.prompts.push_back(std::move(prompt));
  return put(std::move(after), new_mask_bytes);
}

ObjectOptions SessionDocument::options_of(int id) const {
  const SessionObject* const object = find(id);
  return (object == nullptr ? current() : *object).options;
}

Status SessionDocument::set_prompts(int id, const SetPrompts& set) {
  if (find(id) == nullptr && (id < 1 || id > kMaxGivenId)) {
    return Error{ErrorCode::kInvalidArgument, "the id of a new object is " + std::to_string(id) + "; it must be 1 to " +
                                                  std::to_string(kMaxGivenId)};
  }
  std::size_t new_mask_bytes = 0;
  for (const SessionPrompt& prompt : set.prompts) new_mask_bytes += mask_bytes(prompt);
  SessionObject after{.id = id, .prompts = set.prompts, .options = set.options.applied_to(options_of(id))};
  if (Status status = put(std::move(after), new_mask_bytes); !status) return status;
  next_id_ = std::max(next_id_, id + 1);
  return {};
}

template <class IsWanted>
Status SessionDocument::remove_first(int id, const IsWanted& is_wanted, const char* what) {
  const SessionObject* const before = find(id);
  if (before == nullptr) return no_object(id);
  SessionObject after = *before;
  const auto wanted = std::find_if(after.prompts.begin(), after.prompts.end(), is_wanted);
  if (wanted == after.prompts.end()) {
    return Error{ErrorCode::kNotFound, "object " + std::to_string(id) + " has no " + what};
  }
  after.prompts.erase(wanted);
  return put(std::move(after));
}

Status SessionDocument::remove_text(int id) {
  return remove_first(
      id, [](const SessionPrompt& p) { return std::holds_alternative<TextPrompt>(p); }, "text");
}

Status SessionDocument::remove_mask(int id) {
  return remove_first(
      id, [](const SessionPrompt& p) { return std::holds_alternative<MaskPrompt>(p); }, "mask");
}

Status SessionDocument::remove_prompt(int id, std::size_t index) {
  const SessionObject* const before = find(id);
  if (before == nullptr) return no_object(id);
  if (index >= before->prompts.size()) {
    return Error{ErrorCode::kNotFound, "object " + std::to_string(id) + " has no prompt " + std::to_string(index) +
                                           ": it has " + std::to_string(before->prompts.size()) + ", the first is 0"};
  }
  SessionObject after = *before;
  after.prompts.erase(after.prompts.begin() + static_cast<std::ptrdiff_t>(index));
  return put(std::move(after));
}

Status SessionDocument::remove_object(int id) {
  const SessionObject* const removed = find(id);
  if (removed == nullptr) return no_object(id);
  State next = state_;
  std::erase_if(next.objects, [id](const Object& object) { return object->id == id; });
  if (next.objects.empty()) {
    next.objects.push_back(
        std::make_shared<SessionObject>(SessionObject{.id = next_id_++, .options = removed->options}));
  }
  if (next.current == id) next.current = next.objects.back()->id;
  commit(std::move(next), id, sizeof(SessionObject));
  return {};
}

Status SessionDocument::set_options(int id, const ObjectOptions& options) {
  const SessionObject* const before = find(id);
  if (before == nullptr) return no_object(id);
  if (before->options == options) return select(id);
  SessionObject after = *before;
  after.options = options;
  return put(std::move(after));
}

void SessionDocument::reset() {
  State next;
  next.current = next_id_++;
  next.objects.push_back(
      std::make_shared<SessionObject>(SessionObject{.id = next.current, .options = current().options}));
  const int id = next.current;
  commit(std::move(next), id, sizeof(SessionObject));
}

Status SessionDocument::check_exists(int id) const {
  if (find(id) == nullptr) return no_object(id);
  return {};
}

Status SessionDocument::select(int id) {
  if (Status status = check_exists(id); !status) return status;
  state_.current = id;
  return {};
}

Status SessionDocument::put(SessionObject changed, std::size_t new_mask_bytes) {
  if (Status status = check_object(changed); !status) return status;
  const int id = changed.id;
  const std::size_t bytes = prompt_bytes(changed) + new_mask_bytes;
  State next = state_;
  next.current = id;
  const auto place =
      std::find_if(next.objects.begin(), next.objects.end(), [id](const Object& object) { return object->id == id; });
  auto kept = std::make_shared<const SessionObject>(std::move(changed));
  if (place != next.objects.end()) {
    *place = std::move(kept);
  } else {
    next.objects.push_back(std::move(kept));
  }
  if (next.objects.size() > kMaxObjects) return too_many_objects();
  if (bytes_of(next) > kMaxDocumentBytes / 2) {
    return Error{ErrorCode::kTooLarge, "the prompts of this session take too much memory: remove some masks"};
  }
  commit(std::move(next), id, bytes);
  return {};
}

void SessionDocument::commit(State next, int object, std::size_t bytes) {
  for (const Step& step : future_) history_bytes_ -= step.bytes;
  future_.clear();
  past_.push_back({.state = std::exchange(state_, std::move(next)), .object = object, .bytes = bytes});
  history_bytes_ += bytes;
  while (past_.size() > kMaxSteps || (past_.size() > 1 && history_bytes_ > kMaxDocumentBytes / 2)) {
    history_bytes_ -= past_.front().bytes;
    past_.pop_front();
  }
}

bool SessionDocument::travel(std::deque<Step>& from, std::deque<Step>& to) {
  if (from.empty()) return false;
  Step step = std::move(from.back());
  from.pop_back();
  std::swap(state_, step.state);
  if (find(step.object) != nullptr) state_.current = step.object;
  to.push_back(std::move(step));
  return true;
}

bool SessionDocument::undo() { return travel(past_, future_); }
bool SessionDocument::redo() { return travel(future_, past_); }

std::size_t SessionDocument::bytes_of(const State& state) {
  std::size_t bytes = 0;
  for (const Object& object : state.objects) {
    bytes += prompt_bytes(*object);
    for (const SessionPrompt& prompt : object->prompts) bytes += mask_bytes(prompt);
  }
  return bytes;
}

}  // namespace samcache
