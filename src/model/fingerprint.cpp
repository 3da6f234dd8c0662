#include "model/fingerprint.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <locale>
#include <sstream>
#include <thread>
#include <vector>

#include "base/hashing.h"

namespace samcache {
namespace {

constexpr int kMaxThreads = 8;

// The sizes the image model computes with. Spelt out rather than taken from to_json(): this text must never change.
std::string config_facts(const Sam3Config& c) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text.precision(17);
  text << "samcache model 1\nvit " << c.vit.hidden << ' ' << c.vit.layers << ' ' << c.vit.heads << ' ' << c.vit.mlp
       << ' ' << c.vit.image_size << ' ' << c.vit.patch << ' ' << c.vit.window << ' ' << c.vit.pretrain_image_size
       << ' ' << c.vit.rope_theta;
  for (const int block : c.vit.global_blocks) text << " g" << block;
  text << "\nwidth " << c.fpn_width << "\ntext " << c.text.hidden << ' ' << c.text.layers << ' ' << c.text.heads << ' '
       << c.text.mlp << ' ' << c.text.vocabulary << ' ' << c.text.context;
  for (const DetrConfig& part : {c.geometry, c.encoder, c.decoder})
    text << "\ndetr " << part.layers << ' ' << part.heads << ' ' << part.feed_forward;
  const MaskDecoderConfig& head = c.mask_decoder;
  text << "\nheads " << c.roi_size << ' ' << c.queries << ' ' << c.segmentation_heads << "\ninteractive "
       << c.prompt_encoder.mask_input_channels << ' ' << c.prompt_encoder.point_embeddings << ' ' << head.layers << ' '
       << head.heads << ' ' << head.mlp << ' ' << head.attention_downsample_rate << ' ' << head.iou_head_depth << ' '
       << head.iou_head_hidden << ' ' << head.multimask_outputs << ' ' << head.stability_fallback << ' '
       << head.stability_delta << ' ' << head.stability_threshold << '\n';
  return text.str();
}

// "NAME DTYPE SHAPE DIGEST\n"
std::string tensor_line(const WeightSpec& spec, const Checkpoint::Pieces& pieces) {
  Xxh3Hasher hasher;
  for (const SharedBytes& span : pieces.spans) hasher.update(span);
  return spec.name + " " + std::string(dtype_name(pieces.dtype)) + " " + shape_text(spec.canonical_shape()) + " " +
         hasher.hex() + "\n";
}

}  // namespace

Result<std::string> model_fingerprint(const Checkpoint& checkpoint, int threads) {
  if (!checkpoint.carried_fingerprint().empty()) return checkpoint.carried_fingerprint();
  std::vector<const WeightSpec*> specs;
  for (const WeightSpec& spec : checkpoint.table())
    if (spec.used_by_image_model) specs.push_back(&spec);

  std::vector<std::string> lines(specs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&]() -> Status {
    for (std::size_t i = next++; i < specs.size(); i = next++) {
      const Result<Checkpoint::Pieces> pieces = checkpoint.pieces(specs[i]->name);
      if (!pieces) return pieces.error();
      lines[i] = tensor_line(*specs[i], *pieces);
    }
    return {};
  };
  if (threads <= 0) threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
  std::vector<std::future<Status>> others;
  for (int i = 1; i < threads; ++i) others.push_back(std::async(std::launch::async, work));
  Status status = work();
  for (std::future<Status>& other : others)
    if (Status result = other.get(); !result) status = std::move(result);
  if (!status) return status.error();

  Xxh3Hasher whole;
  whole.update(bytes_of(config_facts(checkpoint.config())));
  for (const std::string& line : lines) whole.update(bytes_of(line));
  return whole.hex();
}

}  // namespace samcache
