// What workers may do, and what those can do that are late.
#include <map>

#include "jobs/test_jobs.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(JobsTest, ALeaseThatRunsOutIsClaimedAgainAndTheLateWorkerChangesNothing) {
  const std::string id = enqueue(1);
  const ClaimedJob dead = claim_some(kShortLease);
  EXPECT_FALSE(claim().has_value());
  let_lease_end();
  const ClaimedJob alive = claim_some();
  EXPECT_EQ(alive.lease.job_id, dead.lease.job_id);
  EXPECT_GT(alive.lease.fencing_token, dead.lease.fencing_token);
  EXPECT_EQ(alive.attempt, 2);

  EXPECT_EQ(queue_->heartbeat(dead.lease, kLongLease, soon()).value(), LeaseState::kLost);
  EXPECT_FALSE(queue_->complete(dead.lease, soon()).value());
  EXPECT_EQ(queue_->fail(dead.lease, "late", false, soon()).value(), FailResult::kLost);
  EXPECT_FALSE(queue_->release(dead.lease, soon()).value());
  EXPECT_EQ(progress(id).status, BatchStatus::kRunning);
  EXPECT_TRUE(queue_->complete(alive.lease, soon()).value());
  EXPECT_FALSE(queue_->complete(dead.lease, soon()).value());
  EXPECT_EQ(progress(id).status, BatchStatus::kCompleted);
}

TEST_F(JobsTest, HeartbeatsKeepALease) {
  enqueue(1);
  const ClaimedJob job = claim_some(milliseconds(200));
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    ASSERT_EQ(queue_->heartbeat(job.lease, milliseconds(200), soon()).value(), LeaseState::kHeld);
    ASSERT_FALSE(claim().has_value());
  }
  EXPECT_TRUE(queue_->complete(job.lease, soon()).value());
}

TEST_F(JobsTest, AnAnswerThatWasLostCanBeAskedForAgain) {
  enqueue(1);
  const ClaimedJob job = claim_some();
  EXPECT_TRUE(queue_->complete(job.lease, soon()).value());
  EXPECT_TRUE(queue_->complete(job.lease, soon()).value());
  EXPECT_FALSE(queue_->release(job.lease, soon()).value());
}

TEST_F(JobsTest, AReleasedJobIsThereAtOnceAndCostsNoAttempt) {
  enqueue(1);
  for (int i = 0; i < 10; ++i) {
    const ClaimedJob job = claim_some();
    EXPECT_EQ(job.attempt, 1);
    ASSERT_TRUE(queue_->release(job.lease, soon()).value());
  }
}

TEST_F(JobsTest, FailuresAreTriedAgainAfterGrowingPausesUpToTheLimit) {
  queue_ = open_queue({.max_attempts = 3, .first_retry_pause = milliseconds(60)});
  const std::string id = enqueue(1);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const ClaimedJob job = claim_some();
    EXPECT_EQ(job.attempt, attempt);
    ASSERT_EQ(queue_->fail(job.lease, "out of memory", true, soon()).value(), FailResult::kRetrying);
    EXPECT_FALSE(claim().has_value());
    std::this_thread::sleep_for(milliseconds(60 * attempt * 5 / 4 + 10));
  }
  ASSERT_EQ(queue_->fail(claim_some().lease, "out of memory", true, soon()).value(), FailResult::kFailed);
  EXPECT_FALSE(claim().has_value());
  EXPECT_EQ(progress(id).status, BatchStatus::kFailed);
  EXPECT_EQ(progress(id).error, "out of memory");
}

TEST_F(JobsTest, WhatCannotSucceedIsNotTriedAgain) {
  const std::string id = enqueue(1);
  ASSERT_EQ(queue_->fail(claim_some().lease, std::string("not a picture \0\xff", 16), false, soon()).value(),
            FailResult::kFailed);
  EXPECT_NE(progress(id).error.find("not a picture"), std::string::npos);
}

TEST_F(JobsTest, AJobThatKillsItsWorkersFailsInTheEnd) {
  queue_ = open_queue({.max_attempts = 2});
  const std::string id = enqueue(1);
  claim_some(kShortLease);
  let_lease_end();
  claim_some(kShortLease);
  let_lease_end();
  EXPECT_FALSE(claim().has_value());
  EXPECT_EQ(progress(id).status, BatchStatus::kFailed);
  EXPECT_EQ(progress(id).error, "the worker died 2 times");
}

TEST_F(JobsTest, EightWorkersDoFiveHundredJobsEachOnce) {
  constexpr int kJobs = 500;
  std::vector<EncodeJobRequest> requests;
  for (int i = 0; i < kJobs; ++i) requests.push_back(request_of(i));
  const std::string batch = queue_->enqueue_batch(requests, soon()).value();
  std::mutex mutex;
  std::map<std::string, int> claims;
  std::vector<std::jthread> workers;
  const auto other = open_queue();  // half of them as if in another process
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&, i] {
      JobQueue& queue = i % 2 == 0 ? *queue_ : *other;
      while (const auto job = queue.claim("worker " + std::to_string(i), kModel, kLongLease, soon()).value()) {
        {
          const std::scoped_lock lock(mutex);
          ++claims[job->lease.job_id];
        }
        EXPECT_TRUE(queue.complete(job->lease, soon()).value());
      }
    });
  }
  workers.clear();
  EXPECT_EQ(claims.size(), static_cast<std::size_t>(kJobs));
  for (const auto& [id, times] : claims) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(progress(batch).status, BatchStatus::kCompleted);
}

TEST_F(JobsTest, WaitingEndsWithNewWorkOfAnyProcess) {
  const auto other = open_queue();
  std::jthread asking([&] {
    std::this_thread::sleep_for(milliseconds(100));
    other->enqueue(request_of(1), soon()).value();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(queue_->wait_for_work(kModel, Deadline::after(seconds(20)), {}).value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  EXPECT_TRUE(claim().has_value());
}

TEST_F(JobsTest, WaitingEndsInTimeForRetriesAndLostLeases) {
  enqueue(1);
  ASSERT_EQ(queue_->fail(claim_some().lease, "once more", true, soon()).value(), FailResult::kRetrying);
  EXPECT_TRUE(queue_->wait_for_work(kModel, Deadline::after(seconds(20)), {}).value());
  claim_some(milliseconds(150));
  EXPECT_TRUE(queue_->wait_for_work(kModel, Deadline::after(seconds(20)), {}).value());
  EXPECT_EQ(claim_some().attempt, 3);
}

TEST_F(JobsTest, WaitingEndsWithItsDeadlineOrAStop) {
  EXPECT_FALSE(queue_->wait_for_work(kModel, Deadline::after(milliseconds(50)), {}).value());
  std::stop_source stop;
  std::jthread stopping([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  EXPECT_FALSE(queue_->wait_for_work(kModel, Deadline::never(), stop.get_token()).value());
}

TEST_F(JobsTest, ARestartedServerIsWorkedWithAgain) {
  if (!TestDatabase::is_postgresql()) GTEST_SKIP() << "SQLite has no server";
  enqueue(1);
  const ClaimedJob job = claim_some();
  TestDatabase::restart_server();
  EXPECT_EQ(queue_->heartbeat(job.lease, kLongLease, soon()).value(), LeaseState::kHeld);
  EXPECT_TRUE(queue_->complete(job.lease, soon()).value());
  std::jthread asking([&] {
    std::this_thread::sleep_for(milliseconds(1500));  // the listener has connected again
    queue_->enqueue(request_of(2), soon()).value();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(queue_->wait_for_work(kModel, Deadline::after(seconds(20)), {}).value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(10));
}

}  // namespace
}  // namespace samcache
