// Which objects a store with a budget holds: sizes, pins, and in what order they were used.
//
// No locks and no bytes of objects: the store that owns it guards it. Every operation takes a time that does not depend
// on how many objects there are, but for those that walk over them and say so.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace samcache {

class RecencyIndex {
 public:
  // Adds an object as the one used last, or makes it so and sets its size.
  void put(const std::string& name, std::uint64_t size_bytes);
  // Makes it the one used last; false when it is not there.
  bool touch(const std::string& name);
  // Whether it was there. Pins stay: they are of names.
  bool erase(const std::string& name);
  bool contains(const std::string& name) const { return places_.contains(name); }
  std::optional<std::uint64_t> size_of(const std::string& name) const;

  // Pins are counted; a name may be pinned before there is an object of it.
  void pin(const std::string& name) { ++pins_[name]; }
  void unpin(const std::string& name);

  // The least recently used unpinned objects that free at least `wanted_bytes`, first the one to go first; nothing when
  // all of them together do not. Walks over no more than it answers with, and the pinned ones between.
  std::optional<std::vector<std::string>> victims(std::uint64_t wanted_bytes) const;

  std::uint64_t used_bytes() const { return used_bytes_; }
  std::uint64_t count() const { return places_.size(); }
  std::uint64_t pinned_bytes() const;  // walks over the pins
  // From the most recently used on; walks over all.
  void for_each(const std::function<void(const std::string& name, std::uint64_t size_bytes)>& visit) const;
  void clear_objects();  // pins stay

 private:
  struct Object {
    std::string name;
    std::uint64_t size_bytes;
  };
  std::list<Object> objects_;  // most recently used first
  std::unordered_map<std::string, std::list<Object>::iterator> places_;
  std::unordered_map<std::string, int> pins_;
  std::uint64_t used_bytes_ = 0;
};

}  // namespace samcache
