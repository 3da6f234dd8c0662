// A service on the tiny model and a folder of its own, for the tests of service/.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/test_tiny_engine.h"
#include "image/encode.h"
#include "service/service.h"

namespace samcache {

inline Deadline soon() { return Deadline::after(std::chrono::seconds(60)); }

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "samcache-service-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline ServiceOptions test_options(const std::filesystem::path& data) {
  ServiceOptions options{.data = data};
  options.engine.model = std::string(SAMCACHE_TEST_DATA) + "/tiny_hf";
  options.engine.precision = Precision::kFp32;
  options.engine.threads = 1;
  return options;
}

inline std::unique_ptr<Service> open_test_service(const ServiceOptions& options) {
  Result<std::unique_ptr<Service>> service = open_service(options);
  if (!service) throw std::runtime_error(service.error().message);
  return std::move(*service);
}

// PNG files, different for different numbers.
inline SharedBytes test_file(int number) {
  RgbImage picture = test_picture(96 + number, 64);
  return SharedBytes(encode_png(picture).value());
}

inline ImageRecord upload(const Service& service, int number, const std::string& project = {}) {
  const Result<UploadedImage> added = service.add_image(
      {.project = project, .filename = std::to_string(number) + ".png", .bytes = test_file(number)}, soon());
  if (!added) throw std::runtime_error(added.error().message);
  return added->image;
}

// The record once its encoding has come to an end.
inline ImageRecord wait_until_encoded(const Service& service, const std::string& id) {
  for (const Deadline deadline = soon(); !deadline.passed();) {
    const auto image = service.catalog->image(id, soon());
    if (!image || !image->has_value()) throw std::runtime_error("no image " + id);
    const EncodingStatus status = (*image)->encoding_status;
    if (status == EncodingStatus::kCompleted || status == EncodingStatus::kFailed) return **image;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  throw std::runtime_error("image " + id + " is still not encoded");
}

}  // namespace samcache
