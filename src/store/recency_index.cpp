#include "store/recency_index.h"

namespace samcache {

void RecencyIndex::put(const std::string& name, std::uint64_t size_bytes) {
  erase(name);
  objects_.push_front({name, size_bytes});
  places_.emplace(name, objects_.begin());
  used_bytes_ += size_bytes;
}

bool RecencyIndex::touch(const std::string& name) {
  const auto place = places_.find(name);
  if (place == places_.end()) return false;
  objects_.splice(objects_.begin(), objects_, place->second);
  return true;
}

bool RecencyIndex::erase(const std::string& name) {
  const auto place = places_.find(name);
  if (place == places_.end()) return false;
  used_bytes_ -= place->second->size_bytes;
  objects_.erase(place->second);
  places_.erase(place);
  return true;
}

std::optional<std::uint64_t> RecencyIndex::size_of(const std::string& name) const {
  const auto place = places_.find(name);
  if (place == places_.end()) return std::nullopt;
  return place->second->size_bytes;
}

void RecencyIndex::unpin(const std::string& name) {
  const auto pins = pins_.find(name);
  if (pins != pins_.end() && --pins->second == 0) pins_.erase(pins);
}

std::optional<std::vector<std::string>> RecencyIndex::victims(std::uint64_t wanted_bytes) const {
  std::vector<std::string> names;
  std::uint64_t freed_bytes = 0;
  for (auto object = objects_.rbegin(); freed_bytes < wanted_bytes && object != objects_.rend(); ++object) {
    if (pins_.contains(object->name)) continue;
    names.push_back(object->name);
    freed_bytes += object->size_bytes;
  }
  if (freed_bytes < wanted_bytes) return std::nullopt;
  return names;
}

std::uint64_t RecencyIndex::pinned_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, count] : pins_) bytes += size_of(name).value_or(0);
  return bytes;
}

void RecencyIndex::for_each(const std::function<void(const std::string&, std::uint64_t)>& visit) const {
  for (const Object& object : objects_) visit(object.name, object.size_bytes);
}

void RecencyIndex::clear_objects() {
  objects_.clear();
  places_.clear();
  used_bytes_ = 0;
}

}  // namespace samcache
