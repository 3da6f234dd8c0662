#include "http/chunked_decoder.h"

#include <boost/beast/http/basic_parser.hpp>

namespace samcache::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr std::size_t kMaxTrailers = 16;

}  // namespace

class ChunkedDecoder::Parser final : public beast::http::basic_parser<true> {
 public:
  Parser() {
    eager(true);
    body_limit(boost::none);  // whoever takes the data counts
    // Beast decodes chunks as part of a request, so it is given the head of one.
    error_code ec;
    put(boost::asio::buffer(std::string_view("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")), ec);
    header_limit(8 << 10);  // now for trailers
  }

  const std::function<void(std::string_view)>* out = nullptr;

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, error_code&) override {}
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field, beast::string_view, beast::string_view, error_code& ec) override {
    if (++fields_ > 1 + kMaxTrailers) ec = beast::http::error::header_limit;
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view data, error_code&) override {
    (*out)({data.data(), data.size()});
    return data.size();
  }
  void on_finish_impl(error_code&) override {}

  std::size_t fields_ = 0;
};

ChunkedDecoder::ChunkedDecoder() : parser_(std::make_unique<Parser>()) {}
ChunkedDecoder::~ChunkedDecoder() = default;

Result<std::size_t> ChunkedDecoder::decode(ByteSpan encoded, const std::function<void(std::string_view)>& out) {
  if (encoded.empty() || is_done()) return std::size_t{0};
  parser_->out = &out;
  error_code ec;
  const std::size_t used = parser_->put(boost::asio::buffer(encoded.data(), encoded.size()), ec);
  if (ec && ec != beast::http::error::need_more) {
    return Error{ErrorCode::kCorrupt, "the chunks of the body are malformed: " + ec.message()};
  }
  return used;
}

bool ChunkedDecoder::is_done() const { return parser_->is_done(); }

}  // namespace samcache::http
