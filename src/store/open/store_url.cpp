#include "store/open/store_url.h"

#include <curl/curl.h>

#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <memory>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::string_view kMemoryScheme = "memory:";

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The parts of a URL, decoded.
class Url {
 public:
  static Result<Url> parse(const std::string& text) {
    Url url;
    if (curl_url_set(url.handle_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
      return wrong("it is no URL");
    }
    const std::string query = url.part(CURLUPART_QUERY, 0);
    for (std::string_view rest = query; !rest.empty();) {
      const std::size_t end = std::min(rest.find('&'), rest.size());
      const std::string_view option = rest.substr(0, end);
      const std::size_t equals = option.find('=');
      if (equals == std::string_view::npos) return wrong("the option " + in_quotes(option) + " has no value");
      const Result<std::string> value = decoded(option.substr(equals + 1));
      if (!value) return value.error();
      if (!url.options_.emplace(option.substr(0, equals), *value).second) {
        return wrong("the option " + in_quotes(option.substr(0, equals)) + " is given twice");
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return url;
  }

  std::string part(CURLUPart which, unsigned flags = CURLU_URLDECODE) const {
    char* value = nullptr;
    if (curl_url_get(handle_.get(), which, &value, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(&curl_free)> owner(value, curl_free);
    return value;
  }

  // The option's value, which is then spoken for; empty when it is not given.
  std::string take(const std::string& option) {
    const auto found = options_.find(option);
    if (found == options_.end()) return {};
    std::string value = std::move(found->second);
    options_.erase(found);
    return value;
  }
  Result<bool> take_flag(const std::string& option, bool otherwise) {
    const std::string value = take(option);
    if (value.empty()) return otherwise;
    if (value != "0" && value != "1") return wrong(option + " is 0 or 1, not " + in_quotes(value));
    return value == "1";
  }
  Result<std::uint64_t> take_size(const std::string& option) {
    const std::string value = take(option);
    return value.empty() ? Result<std::uint64_t>(0) : parse_byte_size(value);
  }
  // Whatever nobody took is misspelt.
  Status finish() const {
    if (options_.empty()) return {};
    return wrong("there is no option " + in_quotes(options_.begin()->first));
  }

 private:
  static Result<std::string> decoded(std::string_view text) {
    int length = 0;
    const std::unique_ptr<char, decltype(&curl_free)> value(
        curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length), curl_free);
    if (!value) return wrong("it has a broken %-code");
    return std::string(value.get(), static_cast<std::size_t>(length));
  }

  struct Cleanup {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  };
  std::unique_ptr<CURLU, Cleanup> handle_{curl_url()};
  std::map<std::string, std::string> options_;
};

Result<StoreUrl> file_url(Url& url) {
  FileUrl file;
  file.folder = url.part(CURLUPART_PATH);
  if (file.folder.empty() || file.folder == "/") return wrong("it names no folder: file:///path");
  const Result<std::uint64_t> budget = url.take_size("max");
  if (!budget) return budget.error();
  file.budget_bytes = *budget;
  const Result<bool> shared = url.take_flag("shared", false);
  if (!shared) return shared.error();
  file.shared = *shared;
  return StoreUrl(file);
}

Result<StoreUrl> azure_url(Url& url) {
  AzureUrl azure;
  azure.account = url.part(CURLUPART_HOST);
  const std::string path = url.part(CURLUPART_PATH);
  azure.container = path.substr(std::min<std::size_t>(1, path.size()));
  if (azure.account.empty() || azure.container.empty() || azure.container.find('/') != std::string::npos) {
    return wrong("it must be azure://account/container");
  }
  azure.endpoint = url.take("endpoint");
  azure.secondary = url.take("secondary");
  const Result<bool> compress = url.take_flag("compress", true);
  if (!compress) return compress.error();
  azure.compress = *compress;
  const Result<bool> create = url.take_flag("create", false);
  if (!create) return create.error();
  azure.create_container = *create;
  return StoreUrl(azure);
}

Result<StoreUrl> redis_url(Url& url) {
  RedisUrl redis;
  redis.host = url.part(CURLUPART_HOST);
  if (redis.host.empty()) return wrong("it names no host: redis://host:port/0");
  redis.user = url.part(CURLUPART_USER);
  redis.password = url.part(CURLUPART_PASSWORD);
  if (const std::string port = url.part(CURLUPART_PORT); !port.empty()) redis.port = *parse_number<int>(port);
  const std::string path = url.part(CURLUPART_PATH);
  if (path.size() > 1) {
    const std::optional<int> database = parse_number<int>(std::string_view(path).substr(1));
    if (!database || *database < 0) return wrong("the database is a number: redis://host:port/0");
    redis.database = *database;
  }
  if (const std::string ttl = url.take("ttl"); !ttl.empty()) {
    const std::optional<int> seconds = parse_number<int>(ttl);
    if (!seconds || *seconds < 1) return wrong("ttl is a number of seconds, not " + in_quotes(ttl));
    redis.ttl = std::chrono::seconds(*seconds);
  }
  const Result<std::uint64_t> max_object = url.take_size("max_object");
  if (!max_object) return max_object.error();
  if (*max_object > 0) redis.max_object_bytes = *max_object;
  return StoreUrl(redis);
}

Result<StoreUrl> parse(const std::string& text) {
  if (text.starts_with(kMemoryScheme)) {
    const Result<std::uint64_t> budget = parse_byte_size(std::string_view(text).substr(kMemoryScheme.size()));
    if (!budget) return budget.error();
    return StoreUrl(MemoryUrl{*budget});
  }
  Result<Url> url = Url::parse(text);
  if (!url) return url.error();
  const std::string scheme = url->part(CURLUPART_SCHEME);
  Result<StoreUrl> store = scheme == "file"    ? file_url(*url)
                           : scheme == "azure" ? azure_url(*url)
                           : scheme == "redis" ? redis_url(*url)
                                               : wrong("there are memory:, file://, azure:// and redis://");
  if (!store) return store;
  if (Status rest = url->finish(); !rest) return rest.error();
  return store;
}

}  // namespace

Result<StoreUrl> parse_store_url(const std::string& text) {
  Result<StoreUrl> url = parse(text);
  if (!url) return url.error().within("the store " + in_quotes(without_password(text)));
  return url;
}

// What stands between the scheme and the @ may be a password.
std::string file_url(const std::filesystem::path& folder) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlainMarks = "/-_.~";
  std::string url = "file://";
  for (const char c : std::filesystem::absolute(folder).lexically_normal().string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlainMarks.find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      url += c;
    } else {
      url += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return url;
}

std::string without_password(const std::string& text) {
  const std::size_t scheme = text.find("://");
  const std::size_t at = text.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return text;
  return text.substr(0, scheme + 3) + "..." + text.substr(at);
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  static constexpr std::array<Unit, 10> kUnits{{{"", 1},
                                                {"B", 1},
                                                {"kB", 1000},
                                                {"MB", 1000'000},
                                                {"GB", 1000'000'000},
                                                {"TB", 1000'000'000'000},
                                                {"KiB", 1ULL << 10},
                                                {"MiB", 1ULL << 20},
                                                {"GiB", 1ULL << 30},
                                                {"TiB", 1ULL << 40}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text.substr(0, digits));
  std::string_view name = text.substr(digits);
  if (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : kUnits) {
    if (number && unit.name == name && *number <= std::numeric_limits<std::int64_t>::max() / unit.bytes) {
      return *number * unit.bytes;
    }
  }
  return Error{ErrorCode::kInvalidArgument, "not a size in bytes: " + in_quotes(text) + " (50GiB, 512MiB, 1000000)"};
}

}  // namespace samcache
