// Runs SAM 3: a picture becomes an encoding, an encoding and a prompt become masks.
//
// Load an Engine once per device; it holds the weights. `encode` is the expensive half (seconds on a CPU), everything
// else works from an encoding. An encoding is first prepared, for clicks (`prepare`) or for concepts
// (`prepare_concepts`): its tensors are put where the prompts run, missing pieces are derived from what is there, and
// what depends on the picture alone is computed once. A PreparedImage or a ConceptImage is immutable: nothing a prompt
// does can change it, and any number of threads may prompt it at once.
//
// What a prompt answers depends on the encoding's bytes alone: an interactive or a detector encoding is what its trunk
// encoding derives to, bit for bit, and encoding straight from the picture goes through the same bytes.
//
// Every call is thread-safe. Each uses the engine's number of threads; whoever schedules decides how many run at once.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/pixels.h"
#include "engine/concept_prompt.h"
#include "engine/prompt_point.h"
#include "model/config.h"
#include "model/mask_selection.h"
#include "model/ops.h"
#include "tensors/encoding_file.h"

namespace samcache {

struct Device {
  enum class Kind { kCpu, kCuda };
  Kind kind = Kind::kCpu;
  int index = 0;
};
Result<Device> parse_device(std::string_view text);  // "cpu", "cuda", "cuda:1"

enum class Precision { kFp32, kBf16, kFp16 };
Result<Precision> parse_precision(std::string_view text);
const char* precision_name(Precision precision);

struct EngineOptions {
  std::string model;  // a model directory or one weights file, as Checkpoint::open takes them
  Device device;
  std::optional<Precision> precision;       // none: bf16 where the device multiplies it fast, else fp32
  int threads = 0;                          // of the CPU; 0: OMP_NUM_THREADS, else one per core
  DType encoding_dtype = DType::kBF16;      // of the encodings this engine makes: kBF16, kF16 or kF32
  std::string fingerprint;                  // of the model, when the caller knows it; empty: found out at load
  std::size_t text_cache_bytes = 32 << 20;  // for the features of texts seen before
};

struct EngineInfo {
  Sam3Config config;
  std::string model;        // for people: the directory's name
  std::string fingerprint;  // in every encoding this engine makes or accepts
  Device device;
  Precision precision = Precision::kFp32;
  int threads = 1;
  std::vector<std::string> warnings;  // of the checkpoint, a line each
};

// Called with (blocks of the trunk done, blocks in all) before the device is first used, before each block, and before
// each profile is made of the trunk; may block to let prompts pass; false cancels.
using EncodeHook = std::function<bool(int done, int total)>;

// Which picture the pixels come from.
struct ImageIdentity {
  std::string sha256;  // of the original file
  std::string id;      // empty when not known
};

// One object, asked for by hand. At least one point, a box or a mask. Pixels of the original picture, origin top left.
struct InteractivePrompt {
  using Point = PromptPoint;
  std::vector<Point> points = {};
  std::optional<std::array<float, 4>> box = {};  // x0, y0, x1, y1
  std::vector<float> mask_input = {};            // [4G, 4G] logits: `low_res` of an earlier answer; empty: none
};

struct InteractiveOptions {
  bool multimask = false;                        // all alternatives instead of the one answer
  std::optional<CleaningOptions> cleaning = {};  // none: CleaningOptions::for_masks of the model's masks
  bool return_logits = false;                    // fill InteractiveMask::logits too
};

struct InteractiveMask {
  BinaryMask mask;             // at the original size
  float predicted_iou = 0;     // 0..1
  std::vector<float> low_res;  // [4G, 4G] logits in -32..32, before cleaning: a later prompt's mask_input
  std::vector<float> logits;   // [height, width], cleaned; only with return_logits
};

struct InteractiveAnswer {
  std::vector<InteractiveMask> masks;
  float object_score = 0;  // logit: is there an object at all
};

struct SeedLayoutOptions {
  bool interactive = true;  // the sam2_… tensors too: what points and boxes on one object need
};

class PreparedImage;
class ConceptImage;

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> load(const EngineOptions& options);
  ~Engine();

  const EngineInfo& info() const;

  // One encoding per profile, in the order asked for. kCancelled if the hook said so.
  Result<std::vector<Encoding>> encode(const RgbImage& image, const ImageIdentity& identity,
                                       std::span<const Profile> profiles, const EncodeHook& hook = {}) const;

  // The same image in another profile; only a trunk encoding can become another.
  Result<Encoding> derive(const Encoding& from, Profile profile) const;

  // The same image as tensors/seed_layout.h describes it, ready for write_seed_layout: 17 times the trunk's size (11
  // without `interactive`), in its element type. kInvalidArgument: not a trunk encoding, or of another model;
  // kUnsupported: the checkpoint lacks the necks' fourth level.
  Result<std::vector<Tensor>> seed_layout(const Encoding& encoding, const SeedLayoutOptions& options = {}) const;

  // Whether the encoding is one that this engine could have made: its tensors' names and shapes (else kCorrupt), the
  // model's fingerprint and the preprocessing (else kInvalidArgument).
  Status check_encoding(const Encoding& encoding) const;

  // Ready for interactive prompts, from a trunk or an interactive encoding. Shares the encoding's memory where it can.
  Result<std::shared_ptr<const PreparedImage>> prepare(const Encoding& encoding) const;

  Result<InteractiveAnswer> segment(const PreparedImage& image, const InteractivePrompt& prompt,
                                    const InteractiveOptions& options) const;

  // Several objects of one picture in one pass; the prompts must have the same numbers of points and boxes, and all or
  // none a mask.
  Result<std::vector<InteractiveAnswer>> segment_batch(const PreparedImage& image,
                                                       std::span<const InteractivePrompt> prompts,
                                                       const InteractiveOptions& options) const;

  // Ready for concept prompts, from a trunk or a detector encoding. Takes a good part of a second on a CPU (from a
  // trunk, which must be derived, most of one): keep it for the next prompt.
  Result<std::shared_ptr<const ConceptImage>> prepare_concepts(const Encoding& encoding) const;

  // What of a prompt can be told without a picture: for before an encode. `segment` checks it again.
  Status check_concept(const ConceptPrompt& prompt, const ConceptOptions& options) const;

  // Every instance of the concept. Texts are remembered: the second use of one costs nothing. kInvalidArgument: a
  // prompt that asks for nothing (no text left after cleaning and no positive exemplar), exemplars outside the picture
  // or empty, numbers that are none, too much of anything. kUnavailable: the model has no tokenizer; kUnsupported:
  // points, and a checkpoint without their weights.
  Result<ConceptAnswer> segment(const ConceptImage& image, const ConceptPrompt& prompt,
                                const ConceptOptions& options) const;

  // For tests and tools: from now on `tap` sees the named intermediate values of every call, row-major, in the type
  // they were computed in. The graph is the one that ships. Not to be called while other calls run.
  using TensorTap = std::function<void(const std::string& name, const Tensor& value)>;
  void set_tap(TensorTap tap);

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace samcache
