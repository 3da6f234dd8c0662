// The thread that hears of other processes' commits and tells the subscribers. Internal to database/.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "database/database_url.h"

namespace samcache {

// Who wants to know what. Shared with the subscriptions, which may be destroyed by any thread.
class Subscribers : public std::enable_shared_from_this<Subscribers> {
 public:
  Subscription add(std::string topic, Subscriber subscriber);

  void tell(const std::string& topic, const std::string& payload);
  // All of them, that they may have missed something.
  void tell_missed();

 private:
  struct Entry {
    std::string topic;
    Subscriber call;
  };
  std::mutex mutex_;  // held while subscribers are called, so that a subscription that has ended is not called any more
  std::list<Entry> entries_;
};

class Listener {
 public:
  static std::unique_ptr<Listener> create(const DatabaseAddress& address, const DatabaseOptions& options);
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  // Stops and waits for the thread.
  virtual ~Listener() = default;

  // Starts to listen with the first one.
  Subscription subscribe(std::string topic, Subscriber subscriber);
  // A transaction of this process has published and committed.
  virtual void wake() {}

 protected:
  virtual void start() = 0;

  const std::shared_ptr<Subscribers> subscribers_ = std::make_shared<Subscribers>();

 private:
  std::once_flag started_;
};

std::unique_ptr<Listener> make_sqlite_listener(const DatabaseAddress& address, const DatabaseOptions& options);
std::unique_ptr<Listener> make_postgresql_listener(const DatabaseAddress& address);

}  // namespace samcache
