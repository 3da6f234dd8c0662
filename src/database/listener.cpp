#include "database/listener.h"

namespace samcache {

Subscription Subscribers::add(std::string topic, Subscriber subscriber) {
  const std::scoped_lock lock(mutex_);
  const auto entry = entries_.insert(entries_.end(), {std::move(topic), std::move(subscriber)});
  return {&*entry, [self = shared_from_this(), entry](const void*) {
            const std::scoped_lock removal(self->mutex_);
            self->entries_.erase(entry);
          }};
}

void Subscribers::tell(const std::string& topic, const std::string& payload) {
  const std::scoped_lock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.topic == topic) entry.call({topic, payload, false});
  }
}

void Subscribers::tell_missed() {
  const std::scoped_lock lock(mutex_);
  for (const Entry& entry : entries_) entry.call({entry.topic, "", true});
}

std::unique_ptr<Listener> Listener::create(const DatabaseAddress& address, const DatabaseOptions& options) {
  if (address.dialect == SqlDialect::kSqlite) return make_sqlite_listener(address, options);
  return make_postgresql_listener(address);
}

Subscription Listener::subscribe(std::string topic, Subscriber subscriber) {
  Subscription subscription = subscribers_->add(std::move(topic), std::move(subscriber));
  std::call_once(started_, [this] { start(); });
  return subscription;
}

}  // namespace samcache
