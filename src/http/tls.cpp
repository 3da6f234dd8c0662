#include "http/tls.h"

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>

namespace samcache::http {
namespace {

namespace ssl = boost::asio::ssl;

// The only protocol this server speaks, as ALPN writes it: a length, then the name.
constexpr std::string_view kHttp11 = "\x08http/1.1";

int choose_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  unsigned char* selected = nullptr;
  const int found =
      SSL_select_next_proto(&selected, chosen_size, reinterpret_cast<const unsigned char*>(kHttp11.data()),
                            static_cast<unsigned int>(kHttp11.size()), offered, offered_size);
  *chosen = selected;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Error unusable(const std::string& what, const boost::system::error_code& ec) {
  return {ErrorCode::kInvalidArgument, "TLS: " + what + ": " + ec.message()};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> load_tls(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code ec;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_compression, ec);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, nullptr);
  context->use_certificate_chain_file(options.certificate_chain.string(), ec);
  if (ec) return unusable("cannot use the certificate chain " + options.certificate_chain.string(), ec);
  context->use_private_key_file(options.private_key.string(), ssl::context::pem, ec);
  if (ec) return unusable("cannot use the key " + options.private_key.string(), ec);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return Error{ErrorCode::kInvalidArgument, "TLS: the key " + options.private_key.string() +
                                                  " is not that of the certificate " +
                                                  options.certificate_chain.string()};
  }
  return context;
}

}  // namespace samcache::http
