#include "http/router.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace samcache::http {
namespace {

// One segment of a pattern: a literal, or a parameter with text around it.
struct Segment {
  std::string prefix;  // the whole of a literal
  std::string suffix;
  std::string parameter;  // empty: a literal
  bool takes_rest = false;
};

Segment parse_segment(std::string_view text, const std::string& pattern) {
  const std::size_t open = text.find('{');
  if (open == std::string_view::npos) {
    check(text.find('}') == std::string_view::npos, "Router: " + pattern + " has a } without a {");
    return {.prefix = std::string(text), .suffix = {}, .parameter = {}};
  }
  const std::size_t close = text.find('}', open);
  check(close != std::string_view::npos && text.find('{', open + 1) == std::string_view::npos,
        "Router: a segment of " + pattern + " is not one parameter");
  Segment segment{
      .prefix = std::string(text.substr(0, open)), .suffix = std::string(text.substr(close + 1)), .parameter = {}};
  std::string_view name = text.substr(open + 1, close - open - 1);
  if (name.ends_with("...")) {
    name.remove_suffix(3);
    segment.takes_rest = true;
    check(segment.prefix.empty() && segment.suffix.empty(), "Router: {name...} of " + pattern + " must stand alone");
  }
  check(!name.empty(), "Router: a parameter of " + pattern + " has no name");
  segment.parameter = name;
  return segment;
}

std::vector<Segment> parse_pattern(const std::string& pattern) {
  check(pattern.starts_with('/'), "Router: the pattern " + in_quotes(pattern) + " does not begin with a slash");
  std::vector<Segment> segments;
  for (std::size_t begin = 1; begin <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    check(segments.empty() || !segments.back().takes_rest, "Router: {name...} must be the end of " + pattern);
    segments.push_back(parse_segment(std::string_view(pattern).substr(begin, end - begin), pattern));
    begin = end + 1;
  }
  return segments;
}

std::string_view next_segment(std::string_view& path) {  // `path` begins with a slash
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

// The parameter's value when `segment` fits.
std::optional<std::string_view> fit(const Segment& pattern, std::string_view segment) {
  if (segment.size() <= pattern.prefix.size() + pattern.suffix.size()) return std::nullopt;
  if (!segment.starts_with(pattern.prefix) || !segment.ends_with(pattern.suffix)) return std::nullopt;
  return segment.substr(pattern.prefix.size(), segment.size() - pattern.prefix.size() - pattern.suffix.size());
}

}  // namespace

struct Router::Entry {
  Route route;
  std::vector<std::string> parameters;  // the pattern's, in order
};

// A place in the tree of patterns. Children are tried from the most literal to the least.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::vector<std::pair<Segment, std::unique_ptr<Node>>> parameters;  // the longest text around them first
  std::vector<const Entry*> entries;                                  // of patterns that end here, one a method

  Node& child(const Segment& segment);
  const Entry* entry_for(std::string_view method) const;
  // Calls `visit(node)` for every node that `path` leads to, best first, until it returns true.
  template <class Visit>
  bool walk(std::string_view path, std::vector<std::string_view>& values, const Visit& visit) const;
};

Router::Node& Router::Node::child(const Segment& segment) {
  if (segment.parameter.empty()) {
    auto& node = literals[segment.prefix];
    if (node == nullptr) node = std::make_unique<Node>();
    return *node;
  }
  for (auto& [there, node] : parameters) {
    if (there.prefix == segment.prefix && there.suffix == segment.suffix && there.takes_rest == segment.takes_rest)
      return *node;
  }
  const auto literal_size = [](const Segment& s) {
    return s.takes_rest ? -1 : static_cast<int>(s.prefix.size() + s.suffix.size());
  };
  const auto place = std::ranges::find_if(
      parameters, [&](const auto& there) { return literal_size(there.first) < literal_size(segment); });
  return *parameters.emplace(place, segment, std::make_unique<Node>())->second;
}

const Router::Entry* Router::Node::entry_for(std::string_view method) const {
  for (const Entry* entry : entries) {
    if (entry->route.method == method) return entry;
  }
  return nullptr;
}

template <class Visit>
bool Router::Node::walk(std::string_view path, std::vector<std::string_view>& values, const Visit& visit) const {
  if (path.empty()) return !entries.empty() && visit(*this);
  std::string_view rest = path;
  const std::string_view segment = next_segment(rest);
  if (const auto literal = literals.find(segment);
      literal != literals.end() && literal->second->walk(rest, values, visit)) {
    return true;
  }
  for (const auto& [pattern, node] : parameters) {
    const auto value = pattern.takes_rest ? std::optional(path.substr(1)) : fit(pattern, segment);
    if (!value || value->empty()) continue;
    values.push_back(*value);
    if (node->walk(pattern.takes_rest ? std::string_view() : rest, values, visit)) return true;
    values.pop_back();
  }
  return false;
}

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(Route route) {
  const std::string name = route.method + " " + route.pattern;
  const int handlers = (route.handler ? 1 : 0) + (route.async_handler ? 1 : 0) + (route.web_socket ? 1 : 0);
  check(handlers == 1 || (handlers == 0 && route.fast), "Router: " + name + " needs exactly one handler");
  check(!route.is_web_socket() || route.method == "GET", "Router: " + name + ": a WebSocket is opened by GET");
  check((route.options.body == BodyPolicy::kStreamed) == static_cast<bool>(route.open_sink),
        "Router: " + name + ": BodyPolicy::kStreamed and open_sink belong together");
  Node* node = root_.get();
  auto entry = std::make_unique<Entry>();
  for (const Segment& segment : parse_pattern(route.pattern)) {
    node = &node->child(segment);
    if (!segment.parameter.empty()) entry->parameters.push_back(segment.parameter);
  }
  check(node->entry_for(route.method) == nullptr, "Router: " + name + " is there twice");
  entry->route = std::move(route);
  node->entries.push_back(entry.get());
  entries_.push_back(std::move(entry));
}

void Router::set_fallback(Route route) {
  check(static_cast<bool>(route.handler), "Router: the fallback needs a handler");
  fallback_ = std::make_unique<Route>(std::move(route));
}

const Route* Router::fallback() const { return fallback_.get(); }

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> all;
  for (const auto& entry : entries_) all.push_back(&entry->route);
  return all;
}

RouteMatch Router::find(std::string_view method, std::string_view path) const {
  RouteMatch match;
  std::vector<std::string_view> values;
  root_->walk(path, values, [&](const Node& node) {
    const Entry* entry = node.entry_for(method);
    if (entry == nullptr && method == "HEAD") entry = node.entry_for("GET");
    if (entry == nullptr) return false;
    match.route = &entry->route;
    for (std::size_t i = 0; i < values.size(); ++i) match.parameters.emplace_back(entry->parameters[i], values[i]);
    return true;
  });
  if (match.route == nullptr) match.allow = methods_of(path);
  return match;
}

std::string Router::methods_of(std::string_view path) const {
  std::set<std::string> methods;
  std::vector<std::string_view> values;
  root_->walk(path, values, [&](const Node& node) {
    for (const Entry* entry : node.entries) methods.insert(entry->route.method);
    return false;
  });
  if (methods.empty()) return {};
  methods.insert("OPTIONS");
  if (methods.contains("GET")) methods.insert("HEAD");
  std::string allow;
  for (const std::string& allowed : methods) allow += (allow.empty() ? "" : ", ") + allowed;
  return allow;
}

}  // namespace samcache::http
