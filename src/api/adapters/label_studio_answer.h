// What Label Studio is answered: masks as regions of its own.
#pragma once

#include <string>

#include "api/adapters/label_studio_request.h"
#include "base/pixels.h"

namespace samcache {

// {"results": [{"result": [region, …], "model_version": …, "score": …}]}: the one prediction of an interaction.
std::string label_studio_prediction(const LabelStudioRequest& request, const BinaryMask& mask, float score,
                                    const std::string& model_version);

// The same of a request without a prompt.
std::string label_studio_no_prediction();

}  // namespace samcache
