// The functions behind the adapters' routes, in the order of the table in adapter_routes.cpp.
#pragma once

#include <memory>

#include "api/adapters/prompted_image.h"
#include "http/responder.h"

namespace samcache {

using SharedRequest = std::shared_ptr<http::HttpRequest>;

// label_studio_routes.cpp
void label_studio_health(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void label_studio_setup(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void label_studio_predict(AdapterContext& context, const SharedRequest& request, http::Responder responder);
// What the protocol sends to models that learn: nothing is done with it.
void label_studio_train(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void label_studio_webhook(AdapterContext& context, const SharedRequest& request, http::Responder responder);

// x_anylabeling_routes.cpp
void x_anylabeling_health(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void x_anylabeling_models(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void x_anylabeling_model(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void x_anylabeling_predict(AdapterContext& context, const SharedRequest& request, http::Responder responder);

// cvat_routes.cpp
void cvat_functions(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void cvat_function(AdapterContext& context, const SharedRequest& request, http::Responder responder);
void cvat_invoke(AdapterContext& context, const SharedRequest& request, http::Responder responder);

}  // namespace samcache
