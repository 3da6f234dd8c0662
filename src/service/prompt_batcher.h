// Clicks on one image that wait for the device at the same time are answered in one pass of the mask decoder.
//
// There is no waiting for company. Of the callers that wait one asks for the device; when it has it, it answers the
// request that came first, together with those that came meanwhile and ask for the same image in the same form (number
// of points, box, mask, options). The answers are those of single calls, to the tolerance of a batched matrix product.
//
// Thread-safe; callers block until their answer is there.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "engine/engine.h"
#include "service/device_gate.h"

namespace samcache {

struct PromptBatcherStats {
  std::uint64_t prompts = 0;
  std::uint64_t passes = 0;  // of the decoder; prompts / passes is the mean batch
};

class PromptBatcher {
 public:
  // One pass: as many answers as prompts.
  using Decode = std::function<Result<std::vector<InteractiveAnswer>>(
      const PreparedImage& image, std::span<const InteractivePrompt> prompts, const InteractiveOptions& options)>;

  PromptBatcher(DeviceGate& gate, std::size_t max_batch, Decode decode);

  Result<InteractiveAnswer> segment(const std::shared_ptr<const PreparedImage>& image, const InteractivePrompt& prompt,
                                    const InteractiveOptions& options, Deadline deadline);

  PromptBatcherStats stats() const;

 private:
  struct Request;
  // Both with mutex_ held by `lock`.
  void lead(Request& self, Deadline deadline, std::unique_lock<std::mutex>& lock);
  std::vector<Request*> take_batch();
  void answer(const std::vector<Request*>& batch);
  void wake_next_leader();

  DeviceGate& gate_;
  const std::size_t max_batch_;
  const Decode decode_;
  mutable std::mutex mutex_;
  std::list<Request*> waiting_;  // not yet taken into a batch, in the order in which they came
  bool leading_ = false;         // somebody asks for the device, or has it
  PromptBatcherStats stats_;
};

}  // namespace samcache
