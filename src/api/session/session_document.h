// What was prompted in a session so far: several objects, one of them current, with undo and redo.
//
// A call changes everything it says or, when it fails, nothing. Steps are snapshots that share the objects they did not
// change, so a step costs one object. A new step drops what could have been redone; the oldest steps are forgotten past
// kMaxSteps and kMaxDocumentBytes.
//
// There is always a current object. The document never gives an id twice; a client that names one gets what it names.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "api/session/session_message.h"
#include "api/session/session_object.h"
#include "base/error.h"

namespace samcache {

inline constexpr std::size_t kMaxObjects = 64;
inline constexpr int kMaxGivenId = 1'000'000;  // of objects that a client gives an id: leaves some for the others
inline constexpr std::size_t kMaxSteps = 200;
inline constexpr std::size_t kMaxDocumentBytes = 8 << 20;  // objects and history together; the objects at most half

class SessionDocument {
 public:
  SessionDocument();

  const SessionObject& current() const;
  const SessionObject* find(int id) const;  // nullptr: none
  std::vector<int> object_ids() const;      // in the order in which they were added

  // What a client said about `object`; of a preview and a ping, whether it can be answered. kNotFound also when there
  // is nothing to undo or redo.
  Status apply(const ClientAction& action, int object);

  // Steps. The object that one is about becomes the current one. kNotFound: no such object or prompt; kTooLarge: a
  // limit; kInvalidArgument: prompts that do not go together (check_object).
  Status add_object();                              // empty, with the options of the current one
  Status add_prompt(int id, SessionPrompt prompt);  // a text or a mask takes the place of the one there is
  // All prompts and options at once; an object that is not there is made, with this id, at most kMaxGivenId.
  Status set_prompts(int id, const SetPrompts& set);
  Status remove_text(int id);
  Status remove_mask(int id);
  Status remove_prompt(int id, std::size_t index);
  Status remove_object(int id);                              // the last one makes room for an empty one
  Status set_options(int id, const ObjectOptions& options);  // no step if they are those it has
  void reset();                                              // to one empty object with the options of the current one

  Status select(int id);              // makes it current; not a step
  Status check_exists(int id) const;  // kNotFound

  // False: there is no step to undo or redo.
  bool undo();
  bool redo();
  bool can_undo() const { return !past_.empty(); }
  bool can_redo() const { return !future_.empty(); }

 private:
  using Object = std::shared_ptr<const SessionObject>;
  struct State {
    std::vector<Object> objects;
    int current = 0;
  };
  struct Step {
    State state;  // before the step, in past_; after it, in future_
    int object = 0;
    std::size_t bytes = 0;  // of what the step made
  };

  template <class IsWanted>
  Status remove_first(int id, const IsWanted& is_wanted, const char* what);
  ObjectOptions options_of(int id) const;
  // Puts the object in the place of the one with its id, or behind the others.
  Status put(SessionObject changed, std::size_t new_mask_bytes = 0);
  void commit(State next, int object, std::size_t bytes);
  bool travel(std::deque<Step>& from, std::deque<Step>& to);
  static std::size_t bytes_of(const State& state);

  State state_;
  int next_id_ = 1;
  std::deque<Step> past_, future_;  // nearest last
  std::size_t history_bytes_ = 0;   // of both
};

}  // namespace samcache
