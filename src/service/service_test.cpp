// The use cases, with every part real: the tiny model, SQLite, stores on a disk.
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "image/digest.h"
#include "service/stored_objects.h"
#include "service/test_service.h"
#include "store/object_name.h"

namespace samcache {
namespace {

class ServiceTest : public testing::Test {
 protected:
  void open(bool run_worker = true) {
    ServiceOptions options = test_options(folder_.path());
    options.run_worker = run_worker;
    service_ = open_test_service(options);
  }
  std::string encoding_path(const ImageRecord& image, Profile profile = Profile::kTrunk) const {
    return (folder_.path() / *encoding_name({service_->model->info().fingerprint, content_id_of(image),
                                             std::string(profile_name(profile))}))
        .string();
  }
  // What a click in the middle answers.
  Result<PromptAnswer> click(const ImageRecord& image, BinaryMask* mask = nullptr, bool make = true) {
    const InteractiveQuery query{.prompt = {.points = {{.x = 40, .y = 30}}}};
    return service_->prompts->answer(image, query, {.make = make, .deadline = soon()},
                                     [&](const AnsweredMask& answered, const BinaryMask& found) -> Status {
                                       EXPECT_FALSE(answered.logits.empty());
                                       if (mask != nullptr) *mask = found;
                                       return {};
                                     });
  }

  TestFolder folder_;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, AnUploadedImageIsEncodedAndAnswersFromItsEncoding) {
  open();
  const ImageRecord image = upload(*service_, 1);
  EXPECT_EQ(image.width, 97);
  EXPECT_EQ(image.height, 64);
  EXPECT_EQ(image.media_type, "image/png");
  EXPECT_EQ(image.sha256, sha256_hex(test_file(1).span()));
  const ImageRecord encoded = wait_until_encoded(*service_, image.id);
  EXPECT_EQ(encoded.encoding_status, EncodingStatus::kCompleted) << encoded.encoding_error;
  EXPECT_TRUE(std::filesystem::exists(encoding_path(image)));
  BinaryMask mask;
  const auto first = click(encoded, &mask);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->cache, "disk");
  EXPECT_EQ(mask.width, 97);
  EXPECT_EQ(click(encoded)->cache, "device");
}

TEST_F(ServiceTest, TheSameFileIsOneImageAProjectAndOneEncoding) {
  open();
  const ImageRecord image = upload(*service_, 1);
  const auto again = service_->add_image({.filename = "other.png", .bytes = test_file(1)}, soon());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(again->image.id, image.id);
  EXPECT_EQ(again->image.filename, "1.png");
  const ImageRecord elsewhere = upload(*service_, 1, "another");
  EXPECT_NE(elsewhere.id, image.id);
  EXPECT_EQ(content_id_of(elsewhere), content_id_of(image));
  wait_until_encoded(*service_, image.id);
  EXPECT_EQ(wait_until_encoded(*service_, elsewhere.id).encoding_status, EncodingStatus::kCompleted);
  EXPECT_EQ(service_->stores.store->list("encodings/", soon())->size(), 1u);
}

TEST_F(ServiceTest, WithoutAProjectAnImageHasTheIdThatTheCommandLineGivesIt) {
  EXPECT_EQ(image_id_in_project("", std::string(64, 'a')).value(), image_id_from_sha256(std::string(64, 'a')).value());
  EXPECT_NE(image_id_in_project("p", std::string(64, 'a')).value(),
            image_id_in_project("", std::string(64, 'a')).value());
}

TEST_F(ServiceTest, BrokenAndForeignFilesAreRefusedAndLeaveNothing) {
  open();
  const SharedBytes good = test_file(1);
  const auto refuse = [&](const SharedBytes& bytes, ErrorCode code) {
    const auto refused = service_->add_image({.filename = "x.png", .bytes = bytes}, soon());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, code) << refused.error().message;
  };
  refuse(good.slice(0, good.size() / 2), ErrorCode::kCorrupt);
  refuse(SharedBytes::copy_of(bytes_of("<svg onload='alert(1)'/>")), ErrorCode::kUnsupported);
  refuse(SharedBytes(), ErrorCode::kCorrupt);
  EXPECT_TRUE(service_->catalog->list_images({}, 10, "", soon())->images.empty());
  EXPECT_TRUE(service_->originals->list("", soon())->empty());
}

TEST_F(ServiceTest, FilenamesAreForPeopleOnly) {
  open(false);
  const auto name_of = [&](const std::string& filename, int number) {
    return service_->add_image({.filename = filename, .bytes = test_file(number)}, soon())->image.filename;
  };
  EXPECT_EQ(name_of("../../etc/passwd", 1), "passwd");
  EXPECT_EQ(name_of("C:\\photos\\cat.png", 2), "cat.png");
  EXPECT_EQ(name_of("a\nb\tc.png", 3), "a_b_c.png");
  EXPECT_EQ(name_of("bad\xff.png", 4), "bad_.png");
  EXPECT_EQ(name_of("", 5), "image");
  EXPECT_EQ(name_of("..", 6), "image");
  EXPECT_EQ(name_of("kočka.png", 7), "kočka.png");
}

TEST_F(ServiceTest, APromptOnAnImageThatIsNotEncodedHasItEncodedFirst) {
  open(false);
  const ImageRecord image = upload(*service_, 1);
  const auto refused = click(image, nullptr, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  service_->worker =
      std::make_unique<EncodeWorker>(service_->queue, service_->originals, service_->stores.store,
                                     encoder_on(service_->model), EncodeWorkerOptions{}, nullptr, nullptr);
  const auto answered = click(image);
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ(answered->cache, "encoded");
}

TEST_F(ServiceTest, AnEncodingThatTheStoresLostIsMadeAgainWithoutAnError) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  BinaryMask before;
  ASSERT_TRUE(click(image, &before));
  ASSERT_TRUE(service_->encodings->remove(image, {service_->model->info().fingerprint}, soon()));
  BinaryMask after;
  const auto answered = click(image, &after);
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ(answered->cache, "encoded");
  EXPECT_EQ(after.pixels, before.pixels);
}

TEST_F(ServiceTest, ADamagedEncodingIsNeverServed) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  const std::string path = encoding_path(image);
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  {
    const SharedBytes good = *read_file(path, 1 << 24);
    std::ranges::copy(good.span(), bytes.begin());
  }
  bytes[bytes.size() / 2] ^= std::byte{1};
  ASSERT_TRUE(write_file_atomically(path, bytes));
  const auto answered = click(image);
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ(answered->cache, "encoded");
}

TEST_F(ServiceTest, ConceptPromptsAndTheirMistakes) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  int masks = 0;
  const auto count = [&](const AnsweredMask& answered, const BinaryMask& mask) -> Status {
    EXPECT_EQ(mask.width, 97);
    EXPECT_GT(answered.score, 0);
    ++masks;
    return {};
  };
  const ConceptQuery query{.prompt = {.boxes = {{.corners = {10, 10, 50, 50}}}}, .options = {.threshold = 0.01f}};
  const auto answered = service_->prompts->answer(image, query, {.deadline = soon()}, count);
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_GT(masks, 0);
  const auto empty = service_->prompts->answer(image, ConceptQuery{}, {.deadline = soon()}, count);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kInvalidArgument);
  const InteractiveQuery outside{.prompt = {.points = {{.x = 4000, .y = 1}}}};
  const auto refused = service_->prompts->answer(image, outside, {.deadline = soon()}, count);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ServiceTest, EncodingsAreHandedOutAsTheyAreStoredOrDerived) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  const auto stored = service_->encodings->file(image, {}, soon());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->bytes.size(), std::filesystem::file_size(encoding_path(image)));
  const auto derived =
      service_->encodings->file(image, {.profile = Profile::kInteractive, .dtype = DType::kF16}, soon());
  ASSERT_TRUE(derived) << derived.error().message;
  EXPECT_EQ(derived->cache, "derived");
  const Result<Encoding> parsed = parse_encoding(derived->bytes, "derived");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->metadata.profile, Profile::kInteractive);
  EXPECT_EQ(parsed->tensors[0].dtype, DType::kF16);
  EXPECT_NE(derived->etag, stored->etag);
  EXPECT_EQ(service_->encodings->file(image, {.profile = Profile::kInteractive, .dtype = DType::kF16}, soon())->etag,
            derived->etag);
  const auto seed = service_->encodings->file(image, {.seed_layout = true}, soon());
  ASSERT_TRUE(seed) << seed.error().message;
  EXPECT_NE(text_of(seed->bytes.span()).find("sam2_vision_pos_enc_3"), std::string_view::npos);
  const auto summary = service_->encodings->summary(image, soon());
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->pieces.size(), 1u);
  EXPECT_EQ(summary->pieces[0].profile, "trunk");
}

TEST_F(ServiceTest, AnEncodingFromElsewhereIsCheckedBeforeItIsKept) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  const ImageRecord other = wait_until_encoded(*service_, upload(*service_, 2).id);
  const SharedBytes file = SharedBytes::copy_of(service_->encodings->file(image, {}, soon())->bytes);
  ASSERT_TRUE(service_->encodings->remove(image, {service_->model->info().fingerprint}, soon()));
  const auto put = [&](const ImageRecord& to, const SharedBytes& bytes) {
    return service_->encodings->put(to, bytes, soon());
  };
  EXPECT_EQ(put(other, file).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(put(image, file.slice(0, file.size() - 1)));
  Encoding encoding = *parse_encoding(file, "file");
  encoding.metadata.model_fingerprint = "0123456789abcdef";
  EXPECT_EQ(put(image, SharedBytes(serialize_encoding(encoding).value())).error().code, ErrorCode::kInvalidArgument);
  encoding = *parse_encoding(file, "file");
  std::vector<std::byte> not_numbers(encoding.tensors[0].data.size(), std::byte{0xFF});
  encoding.tensors[0].data = SharedBytes(not_numbers);
  EXPECT_EQ(put(image, SharedBytes(serialize_encoding(encoding).value())).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(encoding_path(image)));
  encoding = *parse_encoding(file, "file");
  encoding.metadata.image_id.clear();
  const auto kept = put(image, SharedBytes(serialize_encoding(encoding).value()));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_TRUE(*kept);
  EXPECT_FALSE(*put(image, file));
  EXPECT_EQ(click(image)->cache, "memory");
}

TEST_F(ServiceTest, ARemovedImageIsGoneFromEveryTierUnlessItsContentIsStillUsed) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  const ImageRecord twin = wait_until_encoded(*service_, upload(*service_, 1, "another").id);
  ASSERT_TRUE(click(image));
  ASSERT_TRUE(service_->remove_image(image.id, soon()));
  EXPECT_EQ(service_->images->find(image.id, soon()).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::exists(encoding_path(image)));
  EXPECT_TRUE(click(twin));
  ASSERT_TRUE(service_->remove_image(twin.id, soon()));
  EXPECT_FALSE(std::filesystem::exists(encoding_path(image)));
  EXPECT_TRUE(service_->originals->list("originals/", soon())->empty());
  EXPECT_EQ(service_->model->cache_stats().entries, 0u);
  EXPECT_EQ(service_->remove_image(image.id, soon()).error().code, ErrorCode::kNotFound);
}

TEST_F(ServiceTest, ARemovedImageTakesWhatOtherModelsMadeOfItAlong) {
  open();
  const ImageRecord image = wait_until_encoded(*service_, upload(*service_, 1).id);
  const std::string other_model = "0123456789abcdef";
  Encoding encoding = *parse_encoding(service_->encodings->file(image, {}, soon())->bytes, "file");
  encoding.metadata.model_fingerprint = other_model;
  const std::string name = *encoding_name({other_model, content_id_of(image), "trunk"});
  const SharedBytes bytes(serialize_encoding(encoding).value());
  ASSERT_TRUE(service_->stores.store->save(name, bytes, SaveMode::kKeep, soon()));
  ASSERT_TRUE(service_->catalog->set_encoding_status(
      {.sha256 = image.sha256, .status = EncodingStatus::kCompleted, .model_fingerprint = other_model}, soon()));
  ASSERT_TRUE(service_->remove_image(image.id, soon()));
  EXPECT_TRUE(service_->stores.store->list("encodings/", soon())->empty());
}

TEST_F(ServiceTest, ChangesOfStatusAreToldAsTheyHappen) {
  open(false);
  std::mutex mutex;
  std::vector<EncodingStatus> seen;
  const auto subscription = service_->events->listen([&](const ImageEvent& event) {
    const std::scoped_lock lock(mutex);
    if (event.kind == ImageEvent::Kind::kChanged) seen.push_back(event.image.encoding_status);
  });
  const ImageRecord image = upload(*service_, 1);
  service_->worker =
      std::make_unique<EncodeWorker>(service_->queue, service_->originals, service_->stores.store,
                                     encoder_on(service_->model), EncodeWorkerOptions{}, nullptr, nullptr);
  wait_until_encoded(*service_, image.id);
  for (const Deadline deadline = soon(); !deadline.passed();) {
    const std::scoped_lock lock(mutex);
    if (!seen.empty() && seen.back() == EncodingStatus::kCompleted) break;
  }
  const std::scoped_lock lock(mutex);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back(), EncodingStatus::kCompleted);
}

TEST_F(ServiceTest, ACachedRecordIsForgottenWhenItChanges) {
  open();
  const ImageRecord image = upload(*service_, 1);
  ASSERT_TRUE(service_->images->find(image.id, soon()));
  wait_until_encoded(*service_, image.id);
  bool is_fresh = false;
  for (const Deadline deadline = soon(); !is_fresh && !deadline.passed();) {
    is_fresh = service_->images->find(image.id, soon())->encoding_status == EncodingStatus::kCompleted;
  }
  EXPECT_TRUE(is_fresh);
  EXPECT_NE(service_->images->find_cached(image.id), nullptr);
}

TEST_F(ServiceTest, AThumbnailIsSmallAndMadeOnce) {
  open(false);
  const ImageRecord image = upload(*service_, 1);
  const auto thumbnail = service_->images->thumbnail(image, 32, soon());
  ASSERT_TRUE(thumbnail) << thumbnail.error().message;
  EXPECT_LE(decode_image(thumbnail->span(), "thumbnail")->rgb.width, 32);
  EXPECT_EQ(service_->images->thumbnail(image, 32, soon())->data(), thumbnail->data());
}

TEST_F(ServiceTest, WhoLooksAtAnImageFindsItsNeighboursInMemory) {
  open();
  std::vector<ImageRecord> images;
  for (int i = 0; i < 5; ++i) images.push_back(upload(*service_, i, "project"));
  for (ImageRecord& image : images) image = wait_until_encoded(*service_, image.id);
  service_->warming->looks_at("somebody", images[1]);
  ASSERT_TRUE(service_->warming->drain(soon()));
  for (const int i : {0, 1, 2, 3, 4}) EXPECT_EQ(click(images[static_cast<std::size_t>(i)])->cache, "memory") << i;
  service_->warming->left("somebody");
}

TEST_F(ServiceTest, AProjectIsWarmedOnRequestAndAtTheStart) {
  open();
  std::vector<ImageRecord> images;
  for (int i = 0; i < 3; ++i) images.push_back(upload(*service_, i, "project"));
  for (ImageRecord& image : images) image = wait_until_encoded(*service_, image.id);
  service_.reset();
  open();
  ASSERT_TRUE(service_->warming->warm_active_projects());
  ASSERT_TRUE(service_->warming->drain(soon()));
  for (const ImageRecord& image : images) EXPECT_EQ(click(image)->cache, "memory");
}

TEST_F(ServiceTest, IsReadyWhenDatabaseAndStoresAnswer) {
  open(false);
  EXPECT_TRUE(service_->ready(soon()));
}

}  // namespace
}  // namespace samcache
