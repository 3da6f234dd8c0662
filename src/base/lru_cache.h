// A cache of values by key under a byte budget: the least recently used go first.
//
// Thread-safe. Values are handed out as shared pointers, so that one in use outlives its place in the cache. A value
// larger than the whole budget is not kept.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace samcache {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
  explicit LruCache(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // nullptr: not there.
  std::shared_ptr<const Value> find(const Key& key) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // What counts against the budget is for the caller to say. Replaces a value under the same key.
  void insert(const Key& key, std::shared_ptr<const Value> value, std::size_t size_bytes) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
    if (size_bytes > budget_bytes_) return;
    while (used_bytes_ + size_bytes > budget_bytes_) erase(std::prev(entries_.end()));
    entries_.push_front({key, std::move(value), size_bytes});
    by_key_.emplace(key, entries_.begin());
    used_bytes_ += size_bytes;
  }

  void remove(const Key& key) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
  }
  void clear() {
    const std::scoped_lock lock(mutex_);
    entries_.clear();
    by_key_.clear();
    used_bytes_ = 0;
  }

  std::size_t size_bytes() const {
    const std::scoped_lock lock(mutex_);
    return used_bytes_;
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    Key key;
    std::shared_ptr<const Value> value;
    std::size_t size_bytes;
  };
  using Place = typename std::list<Entry>::iterator;

  void erase(Place entry) {
    used_bytes_ -= entry->size_bytes;
    by_key_.erase(entry->key);
    entries_.erase(entry);
  }

  const std::size_t budget_bytes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<Key, Place, Hash> by_key_;
  std::size_t used_bytes_ = 0;
};

}  // namespace samcache
