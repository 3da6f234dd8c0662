// Addresses and networks, such as those of the proxies whose forwarded headers are believed. Immutable.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace samcache::http {

class AddressSet {
 public:
  // "10.0.0.7", "10.0.0.0/8", "fd00::/8", or "unix": whoever comes over a Unix socket. kInvalidArgument names the first
  // that is none of these.
  static Result<AddressSet> parse(std::span<const std::string> texts);

  // `peer` as http_request.h has it; what is no address is in no network.
  bool contains(std::string_view peer) const;

 private:
  using Bytes = std::array<unsigned char, 16>;  // of IPv6; an IPv4 address as ::ffff:a.b.c.d
  struct Network {
    Bytes address = {};
    int prefix_bits = 0;
  };

  static bool read_address(std::string_view text, Bytes& address, bool& is_v4);
  static bool read_network(std::string_view text, Network& network);

  bool has_unix_ = false;
  std::vector<Network> networks_;
};

}  // namespace samcache::http
