#include "api/encoding_form.h"

#include "http/tokens.h"

namespace samcache {

EncodingForm encoding_form(const http::HttpRequest& request, bool download) {
  if (download) return EncodingForm::kFile;
  const std::optional<std::string_view> accept = request.header("Accept");
  if (!accept || accept->empty()) return EncodingForm::kState;
  const int file = http::weight_of(*accept, "application/octet-stream");
  const int state = http::weight_of(*accept, "application/json");
  if (file == 0 && state == 0) return EncodingForm::kNone;
  if (file != state) return file > state ? EncodingForm::kFile : EncodingForm::kState;
  const std::optional<std::string_view> mode = request.header("Sec-Fetch-Mode");
  return mode && *mode != "navigate" && http::trimmed(*accept) == "*/*" ? EncodingForm::kFile : EncodingForm::kState;
}

}  // namespace samcache
