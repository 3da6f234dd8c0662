// Fetches the pictures that Label Studio's tasks refer to, from the places that the configuration allows.
//
// Thread-safe and blocking.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/adapters/adapter_options.h"
#include "base/bytes.h"
#include "base/deadline.h"
#include "base/error.h"

namespace samcache {

struct FetchedImage {
  SharedBytes bytes;
  std::string filename;
};

class ImageFetcher {
 public:
  // kInvalidArgument: an origin, or Label Studio's URL, that is no address.
  static Result<std::unique_ptr<ImageFetcher>> create(const AdapterOptions& options);
  ~ImageFetcher();

  // kInvalidArgument: a reference that is none, or to a place that is not allowed; kNotFound: nothing is there; kIo: it
  // was refused; kTooLarge; kUnavailable: no answer in time.
  Result<FetchedImage> fetch(std::string_view reference, std::int64_t task_id, Deadline deadline);

 private:
  struct State;
  explicit ImageFetcher(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace samcache
