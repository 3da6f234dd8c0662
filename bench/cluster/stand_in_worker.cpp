// cluster_stand_in_worker --encode-ms N …: a worker whose device is a clock, for measuring what surrounds the model.
//
// It takes the options of `samcache worker` and is that worker, with its queue, stores and leases; but an encode takes
// N milliseconds, in as many steps as a ViT has blocks, and computes nothing. What it publishes is the encoding of one
// plain picture, made by the real model at the start, under the name of the image that was asked for: of the model's
// own size, and as compressible as real ones.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <thread>

#include "apps/interrupt.h"
#include "apps/service_options.h"
#include "image/image_library.h"

namespace samcache {
namespace {

constexpr int kBlocks = 32;
constexpr int kPictureSide = 64;

struct Flags {
  CommonOptions common;
  ServiceFlags service;
  int encode_ms = 1000;
  std::string name;
};

Result<std::vector<Encoding>> encode_plain_picture(const ModelHost& model, const std::vector<Profile>& profiles) {
  const RgbImage picture{.width = kPictureSide,
                         .height = kPictureSide,
                         .pixels = std::vector<std::uint8_t>(3 * kPictureSide * kPictureSide, 128)};
  return model.engine().encode(picture, {.sha256 = std::string(64, '0'), .id = {}}, profiles);
}

// `kept`: an encoding per profile; all profiles that jobs may ask for.
Encoder clock_encoder(std::string model_fingerprint, std::vector<Encoding> kept, std::chrono::microseconds duration) {
  return {.model_fingerprint = std::move(model_fingerprint),
          .encode = [kept = std::move(kept), duration](
                        const RgbImage& image, const ImageIdentity& identity, std::span<const Profile> profiles,
                        const std::function<bool()>& go_on) -> Result<std::vector<Encoding>> {
            const auto started = std::chrono::steady_clock::now();
            for (int block = 1; block <= kBlocks; ++block) {
              if (!go_on()) return Error{ErrorCode::kCancelled, "the encode was given up"};
              std::this_thread::sleep_until(started + duration * block / kBlocks);
            }
            std::vector<Encoding> made;
            for (const Profile profile : profiles) {
              const auto same = std::ranges::find(kept, profile, [](const Encoding& e) { return e.metadata.profile; });
              if (same == kept.end()) return Error{ErrorCode::kUnsupported, "a profile that --profile does not name"};
              made.push_back(*same);
              EncodingMetadata& metadata = made.back().metadata;
              metadata.image_sha256 = identity.sha256;
              metadata.image_id = identity.id;
              metadata.original_width = image.width;
              metadata.original_height = image.height;
            }
            return made;
          }};
}

Status work(const Flags& flags) {
  Log log({.format = LogFormat::kJson});
  Metrics metrics;
  Result<ServiceOptions> options = service_options(flags.common, flags.service, log, metrics);
  if (!options) return options.error();
  options->run_worker = false;
  options->follow_images = false;
  options->worker.name = flags.name;
  const Result<std::unique_ptr<Service>> opened = open_service(*options);
  if (!opened) return opened.error();
  Service& service = **opened;
  Result<std::vector<Encoding>> kept = encode_plain_picture(*service.model, options->encoding.profiles);
  if (!kept) return kept.error();
  Encoder encoder =
      clock_encoder(service.model->info().fingerprint, std::move(*kept), std::chrono::milliseconds(flags.encode_ms));
  service.worker =
      std::make_unique<EncodeWorker>(service.queue, service.originals, service.stores.store, std::move(encoder),
                                     options->worker, options->on_encode, options->on_trouble);
  std::cout << "working" << std::endl;
  wait_for_interrupt({});
  service.stop(Deadline::after(std::chrono::seconds(20)));
  return {};
}

int run(int argc, char** argv) {
  CLI::App app("A worker that takes a fixed time per encode and computes nothing", "cluster_stand_in_worker");
  Flags flags;
  add_common_options(app, flags.common);
  add_service_options(app, flags.service);
  app.add_option("--encode-ms", flags.encode_ms, "How long an encode takes")->check(CLI::Range(1, 3'600'000));
  app.add_option("--name", flags.name, "In the queue and the log");
  CLI11_PARSE(app, argc, argv);
  const ImageLibrary image_library;
  if (const Status done = work(flags); !done) {
    std::cerr << "cluster_stand_in_worker: " << done.error().message << "\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace samcache

int main(int argc, char** argv) {
  samcache::catch_interrupts();
  try {
    return samcache::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cluster_stand_in_worker: " << error.what() << "\n";
    return 1;
  }
}
