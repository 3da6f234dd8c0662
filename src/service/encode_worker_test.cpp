// Workers that are stopped, cancelled, too late, or given what cannot be encoded.
#include "service/encode_worker.h"

#include <gtest/gtest.h>

#include "service/stored_objects.h"
#include "service/test_service.h"

namespace samcache {
namespace {

// The events of a worker, waited for.
class EventLog {
 public:
  EncodeWorker::Listener listener() {
    return [this](const EncodeWorkerEvent& event) {
      const std::scoped_lock lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }
  EncodeWorkerEvent wait_for(std::size_t index) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return events_.size() > index; })) {
      throw std::runtime_error("the worker did nothing");
    }
    return events_[index];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<EncodeWorkerEvent> events_;
};

class EncodeWorkerTest : public testing::Test {
 protected:
  EncodeWorkerTest() {
    ServiceOptions options = test_options(folder_.path());
    options.run_worker = false;
    service_ = open_test_service(options);
  }
  std::unique_ptr<EncodeWorker> start(EventLog& log, EncodeWorkerOptions options = {}) {
    return std::make_unique<EncodeWorker>(service_->queue, service_->originals, service_->stores.store,
                                          encoder_on(service_->model), std::move(options), log.listener(), nullptr);
  }

  TestFolder folder_;
  std::unique_ptr<Service> service_;
};

TEST_F(EncodeWorkerTest, EncodesWhatWaits) {
  const ImageRecord first = upload(*service_, 1);
  const ImageRecord second = upload(*service_, 2);
  EventLog log;
  const auto worker = start(log);
  EXPECT_EQ(log.wait_for(0).kind, EncodeWorkerEvent::Kind::kEncoded);
  EXPECT_EQ(log.wait_for(1).kind, EncodeWorkerEvent::Kind::kEncoded);
  EXPECT_EQ(wait_until_encoded(*service_, first.id).encoding_status, EncodingStatus::kCompleted);
  EXPECT_EQ(wait_until_encoded(*service_, second.id).encoding_status, EncodingStatus::kCompleted);
}

TEST_F(EncodeWorkerTest, AnOriginalThatIsGoneFailsWithTheReasonAndCanBeRetried) {
  const ImageRecord image = upload(*service_, 1);
  ASSERT_TRUE(service_->images->remove_content(image, soon()));
  EventLog log;
  const auto worker = start(log);
  EXPECT_EQ(log.wait_for(0).kind, EncodeWorkerEvent::Kind::kFailed);
  const ImageRecord failed = wait_until_encoded(*service_, image.id);
  EXPECT_EQ(failed.encoding_status, EncodingStatus::kFailed);
  EXPECT_NE(failed.encoding_error.find("original"), std::string::npos) << failed.encoding_error;
  ASSERT_TRUE(service_->originals->save(original_name(image.sha256), test_file(1), SaveMode::kKeep, soon()));
  ASSERT_TRUE(service_->encodings->encode_and_wait(failed, false, soon()));
}

TEST_F(EncodeWorkerTest, AWorkerThatIsStoppedHandsItsJobBack) {
  const ImageRecord image = upload(*service_, 1);
  EventLog log;
  // Held, so that the worker stands at its first block until it is told to stop.
  std::unique_ptr<EncodeWorker> worker;
  {
    const auto claimed = service_->queue->claim("probe", service_->model->info().fingerprint, kDefaultLease, soon());
    ASSERT_TRUE(claimed && claimed->has_value());
    ASSERT_TRUE(*service_->queue->release((*claimed)->lease, soon()));
  }
  worker = start(log);
  worker->stop();
  worker.reset();
  const auto stats = service_->queue->stats(soon());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->running, 0) << "a job is held by a worker that is gone";
  // Whatever it was doing when it was stopped, another one ends it.
  EventLog second_log;
  const auto second = start(second_log);
  EXPECT_EQ(wait_until_encoded(*service_, image.id).encoding_status, EncodingStatus::kCompleted);
}

TEST_F(EncodeWorkerTest, AJobWhoseWorkerDiedIsDoneByAnotherAndTheDeadOneChangesNothing) {
  const ImageRecord image = upload(*service_, 1);
  const auto dead =
      service_->queue->claim("dead", service_->model->info().fingerprint, std::chrono::milliseconds(50), soon());
  ASSERT_TRUE(dead && dead->has_value());
  EventLog log;
  const auto worker = start(log);
  const EncodeWorkerEvent event = log.wait_for(0);
  EXPECT_EQ(event.kind, EncodeWorkerEvent::Kind::kEncoded);
  EXPECT_EQ(event.attempt, 2);
  EXPECT_FALSE(*service_->queue->complete((*dead)->lease, soon()));
  EXPECT_EQ(*service_->queue->fail((*dead)->lease, "late", false, soon()), FailResult::kLost);
  EXPECT_EQ(wait_until_encoded(*service_, image.id).encoding_status, EncodingStatus::kCompleted);
}

TEST_F(EncodeWorkerTest, ALeaseOutlastsItsLengthWhileItIsRenewed) {
  const ImageRecord image = upload(*service_, 1);
  EventLog log;
  // Every renewal comes in time, however slow the machine is; were there none, the job would be claimed again.
  const auto worker = start(log, {.lease = std::chrono::milliseconds(400), .heartbeat = std::chrono::milliseconds(50)});
  const EncodeWorkerEvent event = log.wait_for(0);
  EXPECT_EQ(event.kind, EncodeWorkerEvent::Kind::kEncoded) << event.reason;
  EXPECT_EQ(event.attempt, 1);
  EXPECT_EQ(wait_until_encoded(*service_, image.id).encoding_status, EncodingStatus::kCompleted);
}

TEST_F(EncodeWorkerTest, WhatIsStoredAlreadyIsNotMadeAgain) {
  const ImageRecord image = upload(*service_, 1);
  EventLog log;
  {
    const auto worker = start(log);
    log.wait_for(0);
  }
  const auto before = service_->encodings->summary(image, soon());
  ASSERT_TRUE(before && before->pieces.size() == 1);
  ASSERT_TRUE(service_->encodings->request_encode(image, JobPriority::kInteractive, "test", true, soon()));
  const auto worker = start(log);
  EXPECT_EQ(log.wait_for(1).kind, EncodeWorkerEvent::Kind::kEncoded);
  EXPECT_EQ(service_->encodings->summary(image, soon())->pieces[0].created, before->pieces[0].created);
}

}  // namespace
}  // namespace samcache
