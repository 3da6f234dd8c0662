// What the adapters have in common: a picture that comes with its prompts, again and again.
//
// The picture is known by its content. One that is there already (of the caller's project) is not even decoded; a new
// one is added as any upload is and encoded ahead of what waits in the background, so only the first click waits.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/adapters/adapter_options.h"
#include "api/adapters/image_fetcher.h"
#include "api/api_context.h"
#include "api/handlers.h"
#include "http/responder.h"

namespace samcache {

struct AdapterContext {
  ApiContext& api;
  ImageFetcher& fetcher;
};

// How a tool wants to be told of an error.
using ErrorForm = http::HttpResponse (*)(const Error& error);

struct PromptedImage {
  std::shared_ptr<http::HttpRequest> request;
  SharedBytes bytes;     // of the file
  std::string filename;  // for people
  ErrorForm form = [](const Error& error) { return http::problem(error); };
};

// Asks the model about an image; kNotFound when that is not encoded.
using Ask = std::function<Status(const PromptRequest& prompt, const MaskSink& sink)>;
// The answer about the image, made by means of `ask`; an error of `ask` is to be returned as it is.
using AnswerOnImage = std::function<Answer(const ImageRecord& image, const Ask& ask)>;

// Answers at once, or when the image has been encoded.
void answer_on_image(ApiContext& context, const PromptedImage& image, http::Responder responder, AnswerOnImage answer);

}  // namespace samcache
