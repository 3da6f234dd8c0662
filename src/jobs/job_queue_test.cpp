// Asking for work: joining, limits, priorities, batches, cancelling, pruning.
#include "jobs/job_queue.h"

#include <set>

#include "jobs/test_jobs.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;

TEST_F(JobsTest, ARequestIsClaimedAsItWasMade) {
  const EncodeJobRequest asked = {.sha256 = request_of(1).sha256,
                                  .content_id = "originals/o'brien \"x\"; DROP TABLE jobs; --",
                                  .model_fingerprint = kModel,
                                  .profiles = "trunk,interactive",
                                  .priority = JobPriority::kInteractive,
                                  .reason = "prompt: $1 :id \\ 🖼"};
  const EnqueuedJob job = queue_->enqueue(asked, soon()).value();
  EXPECT_FALSE(job.joined);
  const ClaimedJob claimed = claim_some();
  EXPECT_EQ(claimed.lease.job_id, job.job_id);
  EXPECT_EQ(claimed.attempt, 1);
  EXPECT_EQ(claimed.request.content_id, asked.content_id);
  EXPECT_EQ(claimed.request.profiles, asked.profiles);
  EXPECT_EQ(claimed.request.reason, asked.reason);
  EXPECT_EQ(claimed.request.priority, asked.priority);
  EXPECT_FALSE(claim().has_value());
}

TEST_F(JobsTest, TheSameKindJoinsUntilItIsFinished) {
  const std::string first = enqueue(1);
  EXPECT_EQ(enqueue(1), first);
  const ClaimedJob running = claim_some();
  const EnqueuedJob joined = queue_->enqueue(request_of(1), soon()).value();
  EXPECT_TRUE(joined.joined);
  EXPECT_EQ(joined.job_id, first);
  ASSERT_TRUE(queue_->complete(running.lease, soon()).value());
  EXPECT_NE(enqueue(1), first);

  EncodeJobRequest other_model = request_of(1);
  other_model.model_fingerprint = "model-b";
  EXPECT_FALSE(queue_->enqueue(other_model, soon()).value().joined);
  EncodeJobRequest other_profiles = request_of(1);
  other_profiles.profiles = "detector";
  EXPECT_FALSE(queue_->enqueue(other_profiles, soon()).value().joined);
}

TEST_F(JobsTest, SixteenThreadsAskingForOneKindMakeOneJob) {
  std::mutex mutex;
  std::set<std::string> ids;
  int made = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const EnqueuedJob job = queue_->enqueue(request_of(1), soon()).value();
      const std::scoped_lock lock(mutex);
      ids.insert(job.job_id);
      if (!job.joined) ++made;
    });
  }
  threads.clear();
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(queue_->stats(soon()).value().waiting, 1);
}

TEST_F(JobsTest, UrgentBeforeOldAndOldBeforeNew) {
  enqueue(1, JobPriority::kBackground);
  enqueue(2, JobPriority::kUpload);
  enqueue(3, JobPriority::kUpload);
  enqueue(4, JobPriority::kInteractive);
  enqueue(1, JobPriority::kInteractive);  // raised: older than 4
  enqueue(4, JobPriority::kBackground);   // not lowered
  for (const int expected : {1, 4, 2, 3}) EXPECT_EQ(claim_some().request.sha256, request_of(expected).sha256);
}

TEST_F(JobsTest, AnotherModelsJobsAreNotClaimed) {
  enqueue(1);
  EXPECT_FALSE(queue_->claim("tester", "model-b", kLongLease, soon()).value().has_value());
  EXPECT_TRUE(claim().has_value());
}

TEST_F(JobsTest, AFullQueueRefusesNewKindsAndStillJoins) {
  queue_ = open_queue({.max_waiting = 3});
  for (int i = 0; i < 3; ++i) enqueue(i);
  const auto refused = queue_->enqueue(request_of(3), soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("the queue is full (3 waiting)"), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(queue_->enqueue(request_of(2), soon()).value().joined);
  EXPECT_FALSE(queue_->enqueue_batch({request_of(2), request_of(4)}, soon()).ok());
  EXPECT_EQ(queue_->stats(soon()).value().waiting, 3);
  claim_some();
  EXPECT_TRUE(queue_->enqueue(request_of(3), soon()).ok());
}

TEST_F(JobsTest, RequestsThatCannotBeAreRefused) {
  using namespace std::string_literals;
  const auto refuse = [&](const auto& spoil) {
    EncodeJobRequest request = request_of(1);
    spoil(request);
    const auto refused = queue_->enqueue(request, soon());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_LT(refused.error().message.size(), 1000U);
    EXPECT_FALSE(queue_->enqueue_batch({request}, soon()).ok());
  };
  refuse([](EncodeJobRequest& request) { request.sha256 = "x"; });
  refuse([](EncodeJobRequest& request) { request.sha256[3] = '\''; });
  refuse([](EncodeJobRequest& request) { request.sha256[3] = 'A'; });
  refuse([](EncodeJobRequest& request) { request.content_id = ""; });
  refuse([](EncodeJobRequest& request) { request.content_id = std::string(10 << 20, 'x'); });
  refuse([](EncodeJobRequest& request) { request.profiles = "a\0b"s; });
  refuse([](EncodeJobRequest& request) { request.reason = "\xff\xfe"; });
  EXPECT_EQ(queue_->stats(soon()).value().waiting, 0);
}

TEST_F(JobsTest, ABatchTellsHowFarItIs) {
  const std::string joined = enqueue(1);
  const std::string batch =
      queue_->enqueue_batch({request_of(1), request_of(2), request_of(3), request_of(2)}, soon()).value();
  EXPECT_EQ(progress(batch).total, 3);
  EXPECT_EQ(progress(batch).status, BatchStatus::kRunning);
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  ASSERT_EQ(queue_->fail(claim_some().lease, "no picture", false, soon()).value(), FailResult::kFailed);
  EXPECT_EQ(progress(batch).done, 1);
  EXPECT_EQ(progress(batch).failed, 1);
  EXPECT_EQ(progress(batch).status, BatchStatus::kRunning);
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  EXPECT_EQ(progress(batch).status, BatchStatus::kFailed);
  EXPECT_EQ(progress(batch).error, "no picture");
  EXPECT_EQ(progress(joined).status, BatchStatus::kCompleted);
  EXPECT_EQ(progress(joined).done, 1);
}

TEST_F(JobsTest, AnEmptyBatchIsCompletedAndAnUnknownIdIsNothing) {
  EXPECT_EQ(progress(queue_->enqueue_batch({}, soon()).value()).status, BatchStatus::kCompleted);
  EXPECT_FALSE(queue_->progress("' OR 1=1 --", soon()).value().has_value());
  EXPECT_FALSE(queue_->cancel("nobody", soon()).value().has_value());
}

TEST_F(JobsTest, TenThousandItemsAreOneBatch) {
  std::vector<EncodeJobRequest> requests;
  for (int i = 0; i < 10'000; ++i) requests.push_back(request_of(i, JobPriority::kBackground));
  const std::string batch = queue_->enqueue_batch(requests, soon()).value();
  EXPECT_EQ(progress(batch).total, 10'000);
  EXPECT_EQ(queue_->stats(soon()).value().waiting_background, 10'000);
  EXPECT_EQ(queue_->cancel(batch, soon()).value(), 10'000);
  EXPECT_EQ(progress(batch).status, BatchStatus::kCancelled);
  EXPECT_FALSE(queue_->enqueue_batch(std::vector(kMaxBatchItems + 1, request_of(1)), soon()).ok());
}

TEST_F(JobsTest, CancellingABatchSparesWhatOthersWant) {
  const std::string mine = enqueue(1);
  const std::string batch = queue_->enqueue_batch({request_of(1), request_of(2), request_of(3)}, soon()).value();
  const std::string other = queue_->enqueue_batch({request_of(2)}, soon()).value();
  EXPECT_EQ(queue_->cancel(batch, soon()).value(), 1);  // 3 alone
  EXPECT_EQ(progress(batch).status, BatchStatus::kCancelled);
  EXPECT_EQ(progress(mine).status, BatchStatus::kRunning);
  EXPECT_EQ(progress(other).status, BatchStatus::kRunning);
  EXPECT_EQ(queue_->cancel(other, soon()).value(), 1);  // now nobody wants 2
  EXPECT_EQ(claim_some().request.sha256, request_of(1).sha256);
  EXPECT_FALSE(claim().has_value());
}

TEST_F(JobsTest, AWorkerLearnsOfCancellingFromItsHeartbeat) {
  const std::string id = enqueue(1);
  const ClaimedJob running = claim_some();
  EXPECT_EQ(queue_->cancel(id, soon()).value(), 1);
  EXPECT_EQ(queue_->heartbeat(running.lease, kLongLease, soon()).value(), LeaseState::kCancelled);
  EXPECT_FALSE(queue_->complete(running.lease, soon()).value());
  EXPECT_EQ(progress(id).status, BatchStatus::kCancelled);
  EXPECT_EQ(queue_->cancel(id, soon()).value(), 0);
}

TEST_F(JobsTest, RemovingAContentTakesItsJobsAndLeases) {
  enqueue(1);
  const std::string batch = queue_->enqueue_batch({request_of(1), request_of(2)}, soon()).value();
  const ClaimedJob running = claim_some();
  ASSERT_TRUE(queue_->remove_for(request_of(1).sha256, soon()).ok());
  EXPECT_EQ(queue_->heartbeat(running.lease, kLongLease, soon()).value(), LeaseState::kLost);
  EXPECT_FALSE(queue_->complete(running.lease, soon()).value());
  EXPECT_EQ(progress(batch).cancelled, 1);
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  EXPECT_EQ(progress(batch).status, BatchStatus::kCompleted);
}

TEST_F(JobsTest, StatsCountByStateAndPriority) {
  enqueue(1, JobPriority::kInteractive);
  enqueue(2, JobPriority::kUpload);
  enqueue(3, JobPriority::kUpload);
  enqueue(4, JobPriority::kBackground);
  ASSERT_EQ(queue_->fail(claim_some().lease, "broken", false, soon()).value(), FailResult::kFailed);
  claim_some();
  std::this_thread::sleep_for(milliseconds(20));
  const QueueStats stats = queue_->stats(soon()).value();
  EXPECT_EQ(stats.waiting, 2);
  EXPECT_EQ(stats.running, 1);
  EXPECT_EQ(stats.failed, 1);
  EXPECT_EQ(stats.waiting_interactive, 0);
  EXPECT_EQ(stats.waiting_upload, 1);
  EXPECT_EQ(stats.waiting_background, 1);
  EXPECT_GE(stats.oldest_waiting_seconds, 0.02);
}

TEST_F(JobsTest, FinishedJobsGoAfterTheRetentionTime) {
  queue_ = open_queue({.retention = milliseconds(30)});
  const std::string done = enqueue(1);
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  const std::string batch = queue_->enqueue_batch({request_of(2), request_of(3)}, soon()).value();
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(queue_->prune(soon()).value(), 1);
  EXPECT_FALSE(queue_->progress(done, soon()).value().has_value());
  EXPECT_EQ(progress(batch).done, 1);  // kept whole: one item is not finished
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(queue_->prune(soon()).value(), 2);
  EXPECT_FALSE(queue_->progress(batch, soon()).value().has_value());
}

TEST_F(JobsTest, EveryTransitionIsToldInsideItsTransaction) {
  std::vector<std::string> told;
  queue_ = open_queue({.max_attempts = 2,
                       .first_retry_pause = milliseconds(1),
                       .on_transition = [&](Transaction&, std::span<const JobTransition> changes) {
                         for (const JobTransition& change : changes) {
                           told.push_back(std::string(job_state_name(change.state)) + change.error);
                         }
                       }});
  enqueue(1);
  claim_some(kShortLease);
  let_lease_end();
  const ClaimedJob again = claim_some();  // taken back, then claimed
  ASSERT_EQ(queue_->fail(again.lease, "!", true, soon()).value(), FailResult::kFailed);
  const std::string cancelled = enqueue(1);
  ASSERT_EQ(queue_->cancel(cancelled, soon()).value(), 1);
  enqueue(1);
  ASSERT_TRUE(queue_->complete(claim_some().lease, soon()).value());
  EXPECT_EQ(told, (std::vector<std::string>{"waiting", "running", "waiting", "running", "failed!", "waiting",
                                            "cancelled", "waiting", "running", "completed"}));
}

TEST_F(JobsTest, WhatTheHookCannotDoIsNotDone) {
  queue_ = open_queue({.on_transition = [](Transaction& transaction, std::span<const JobTransition>) {
    transaction.execute("INSERT INTO no_such_table (x) VALUES (1)");
  }});
  EXPECT_FALSE(queue_->enqueue(request_of(1), soon()).ok());
  EXPECT_EQ(queue_->stats(soon()).value().waiting, 0);
}

}  // namespace
}  // namespace samcache
