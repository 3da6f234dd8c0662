// libFuzzer target: any bytes as a multipart form and where its stream is cut.
//
// The parser finds the same parts however the stream is cut, and refuses the same streams. The first two bytes say
// where.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/multipart_parser.h"

namespace {

using namespace samcache;
using namespace samcache::http;

// Everything the parser says, as one text.
class Recorder final : public MultipartListener {
 public:
  Status on_part(PartHeader header) override {
    said += "part " + header.name + "|" + header.file_name.value_or("-") + "|" + header.content_type + "\n";
    return {};
  }
  Status on_part_data(std::string_view piece) override {
    said += piece;
    return {};
  }
  Status on_part_end() override {
    said += "\nend\n";
    return {};
  }
  std::string said;
};

std::string parts_of(std::string_view form, std::size_t piece_bytes) {
  Recorder recorder;
  MultipartParser parser("b", 8, 256, recorder);
  while (!form.empty()) {
    if (!parser.feed(form.substr(0, piece_bytes))) return "refused";
    form.remove_prefix(std::min(piece_bytes, form.size()));
  }
  return parser.finish() ? recorder.said : "refused";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)multipart_boundary(text);
  const std::string_view form = text.substr(2);
  const std::size_t piece_bytes = 1 + (data[0] | static_cast<std::size_t>(data[1]) << 8) % 64;
  if (parts_of(form, form.size() + 1) != parts_of(form, piece_bytes)) {
    std::fprintf(stderr, "broken promise: the parts depend on how the stream is cut\n");
    std::abort();
  }
  return 0;
}
