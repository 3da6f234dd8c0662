// `samcache store get`: one encoding, as a file.
#include "apps/console.h"
#include "apps/lazy_engine.h"
#include "apps/store_actions.h"
#include "base/text.h"
#include "tensors/cast.h"
#include "tensors/seed_layout.h"

namespace samcache {
namespace {

// The encoding of that profile, or the trunk that it can be derived from; of the model in use when there are several.
Result<Encoding> load_or_derive(const std::string& id, Profile profile, StoredEncodings& stored, LazyEngine& model) {
  const Result<std::vector<StoredEncoding>> found = stored.find(id);
  if (!found) return found.error();
  std::string fingerprint = found->front().key.model_fingerprint;
  const bool several = found->back().key.model_fingerprint != fingerprint;
  if (several) {
    const Result<std::string> known = model.fingerprint();
    if (!known) return as_failure(known.error());
    fingerprint = *known;
  }
  EncodingKey key{fingerprint, found->front().key.image_id, std::string(profile_name(profile))};
  Result<std::optional<StoredEncodings::Loaded>> loaded = stored.load(key);
  if (!loaded) return as_failure(loaded.error());
  if (*loaded) return std::move((*loaded)->encoding);
  key.profile = profile_name(Profile::kTrunk);
  loaded = stored.load(key);
  if (!loaded) return as_failure(loaded.error());
  if (!*loaded) {
    return Error{ErrorCode::kNotFound,
                 "image " + key.image_id + " has neither a " + std::string(profile_name(profile)) +
                     " encoding of this model nor a trunk to derive it from: run samcache encode"};
  }
  const Result<const Engine*> engine = model.engine();
  if (!engine) return as_failure(engine.error());
  Result<Encoding> derived = (*engine)->derive((*loaded)->encoding, profile);
  if (!derived) return as_failure(derived.error());
  return derived;
}

Status cast_all(std::vector<Tensor>& tensors, const std::string& dtype_text) {
  if (dtype_text.empty()) return {};
  const Result<DType> dtype = parse_float_type(dtype_text);
  if (!dtype) return dtype.error();
  for (Tensor& tensor : tensors) {
    Result<Tensor> cast = cast_tensor(tensor, *dtype);
    if (!cast) return cast.error();
    tensor = std::move(*cast);
  }
  return {};
}

}  // namespace

Status get_stored(const GetOptions& options, StoredEncodings& stored, const CommonOptions& common) {
  const Result<Profile> profile = parse_profile(options.profile);
  if (!profile) return profile.error();
  const bool seed = options.layout == "seed";
  if (!seed && options.layout != "samcache") {
    return Error{ErrorCode::kInvalidArgument, "unknown layout " + in_quotes(options.layout) + ": use samcache or seed"};
  }
  if (seed && *profile != Profile::kTrunk) {
    return Error{ErrorCode::kInvalidArgument,
                 "the seed layout holds everything and comes from the trunk: leave --profile out"};
  }
  const Result<EngineOptions> engine = engine_options(common);
  if (!engine) return engine.error();
  LazyEngine model(*engine);
  Result<Encoding> encoding = load_or_derive(options.id, *profile, stored, model);
  if (!encoding) return encoding.error();
  if (!seed) {
    if (Status cast = cast_all(encoding->tensors, options.dtype); !cast) return cast;
    if (Status written = write_encoding(options.out, *encoding); !written) return as_failure(written.error());
    return write_stdout(options.out + "\n");
  }
  const Result<const Engine*> loaded = model.engine();
  if (!loaded) return as_failure(loaded.error());
  Result<std::vector<Tensor>> tensors = (*loaded)->seed_layout(*encoding);
  if (!tensors) return as_failure(tensors.error());
  if (Status cast = cast_all(*tensors, options.dtype); !cast) return cast;
  if (Status written = write_seed_layout(options.out, *tensors, encoding->metadata); !written) {
    return as_failure(written.error());
  }
  return write_stdout(options.out + "\n");
}

}  // namespace samcache
