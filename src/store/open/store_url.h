// How stores are spelt: on the command line, in the configuration file.
//
//   memory:4GiB
//   file:///path?max=50GiB            a folder on a disk of this machine; without max it never evicts
//   file:///mnt/share?shared=1        a folder that other machines write to as well
//   azure://account/container         options: endpoint, secondary, tenant, client_id, compress=0, create=1
//   redis://[user[:password]@]host[:port]/0     options: ttl (seconds), max_object
//
// Unknown options are refused: a misspelt limit must not mean none. Secrets do not belong into URLs that end in process
// lists; those of Azure come from StoreSecrets.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace samcache {

struct MemoryUrl {
  std::uint64_t budget_bytes = 0;
};

struct FileUrl {
  std::filesystem::path folder;
  std::uint64_t budget_bytes = 0;  // 0: none
  bool shared = false;
};

struct AzureUrl {
  std::string account;
  std::string container;
  std::string endpoint;   // empty: https://ACCOUNT.blob.core.windows.net
  std::string secondary;  // of a read-access geo-redundant account; empty: none
  bool compress = true;
  bool create_container = false;
};

struct RedisUrl {
  std::string host;
  int port = 6379;
  std::string user, password;
  int database = 0;
  std::optional<std::chrono::seconds> ttl;
  std::optional<std::uint64_t> max_object_bytes;
};

using StoreUrl = std::variant<MemoryUrl, FileUrl, AzureUrl, RedisUrl>;

// kInvalidArgument, with the text (without a password) and what is wrong with it.
Result<StoreUrl> parse_store_url(const std::string& text);

// The URL of a folder on a disk of this machine; a relative path is taken from the current folder.
std::string file_url(const std::filesystem::path& folder);

// The same text as far as it may be shown.
std::string without_password(const std::string& text);

// "4GiB", "512 MiB", "50GB", "1048576": bytes; powers of 1024 with an i, of 1000 without.
Result<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace samcache
