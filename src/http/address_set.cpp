#include "http/address_set.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace samcache::http {
namespace {

constexpr std::string_view kUnix = "unix";
constexpr int kAllBits = 128, kV4Bits = 32;

}  // namespace

bool AddressSet::read_address(std::string_view text, Bytes& address, bool& is_v4) {
  const std::string terminated(text);
  address = {};
  is_v4 = inet_pton(AF_INET, terminated.c_str(), address.data() + 12) == 1;
  if (is_v4) address[10] = address[11] = 0xff;
  return is_v4 || inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1;
}

bool AddressSet::read_network(std::string_view text, Network& network) {
  const std::size_t slash = text.find('/');
  bool is_v4 = false;
  if (!read_address(text.substr(0, slash), network.address, is_v4)) return false;
  network.prefix_bits = kAllBits;
  if (slash == std::string_view::npos) return true;
  const std::string_view digits = text.substr(slash + 1);
  int bits = -1;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (fault != std::errc() || end != digits.data() + digits.size()) return false;
  if (bits < 0 || bits > (is_v4 ? kV4Bits : kAllBits)) return false;
  network.prefix_bits = is_v4 ? kAllBits - kV4Bits + bits : bits;
  return true;
}

Result<AddressSet> AddressSet::parse(std::span<const std::string> texts) {
  AddressSet set;
  for (const std::string& text : texts) {
    Network network;
    if (text == kUnix) {
      set.has_unix_ = true;
    } else if (read_network(text, network)) {
      set.networks_.push_back(network);
    } else {
      return Error{ErrorCode::kInvalidArgument,
                   in_quotes(text) + " is no address: give one like 10.0.0.7, a network like 10.0.0.0/8, or unix"};
    }
  }
  return set;
}

bool AddressSet::contains(std::string_view peer) const {
  if (peer == kUnix) return has_unix_;
  Bytes address;
  bool is_v4 = false;
  if (networks_.empty() || !read_address(peer, address, is_v4)) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const int whole = network.prefix_bits / 8, rest = network.prefix_bits % 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.address.begin())) return false;
    const auto mask = static_cast<unsigned char>(0xff00 >> rest);
    return rest == 0 || ((address[whole] ^ network.address[whole]) & mask) == 0;
  });
}

}  // namespace samcache::http
