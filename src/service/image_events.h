// What happens to images, told to whoever listens: in this process and, through the database, in all others.
//
// Listeners are called one after the other on a thread of this object, soon after the change was committed. They must
// not block for long, nor subscribe or end a subscription. An event is a hint that can come twice or late, and one of
// several quick changes may stand for all: whoever needs certainty reads the catalog.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "catalog/catalog.h"
#include "database/database.h"

namespace samcache {

struct ImageEvent {
  enum class Kind {
    kChanged,     // the record is what it is now
    kRemoved,     // only id and project are filled in
    kMayHaveLost  // events may have been missed (the database was away, or very many came): nothing is filled in
  };
  Kind kind = Kind::kChanged;
  ImageRecord image = {};
};

class ImageEvents {
 public:
  using Listener = std::function<void(const ImageEvent&)>;
  using Subscription = std::shared_ptr<const void>;

  ImageEvents(const std::shared_ptr<Database>& database, std::shared_ptr<Catalog> catalog);
  ~ImageEvents();

  // Listens for as long as the answer (or a copy of it) lives; when its last copy has gone, no call is running. It may
  // outlive this object.
  [[nodiscard]] Subscription listen(Listener listener);

  // Tells all processes that an image is gone, when the transaction has committed.
  static void publish_removal(Transaction& transaction, const ImageRecord& image);

 private:
  struct State;

  const std::shared_ptr<State> state_;  // shared with the subscriptions
  std::jthread thread_;
  samcache::Subscription news_;  // last: it posts to the thread
};

}  // namespace samcache
