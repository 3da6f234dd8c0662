// Processes that are killed at any moment: afterwards every image's status is that of its job, and nothing is stuck.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <thread>

#include "catalogued_queue.h"
#include "database/random_id.h"
#include "database/testing/test_database.h"

namespace samcache {
namespace {

class Process {
 public:
  explicit Process(const std::string& url) {
    std::string program = SAMCACHE_QUEUE_CHURN;
    std::string argument = url;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    if (::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, arguments, environ) != 0) {
      throw std::runtime_error("cannot start " + program);
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) kill();
  }

  // Whether it was still at work.
  bool kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFSIGNALED(status);
  }

 private:
  pid_t pid_ = -1;
};

class KilledProcesses : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < kChurnImages; ++i) {
      const ImageRecord image = {.id = random_uuid(),
                                 .filename = "x.png",
                                 .media_type = "image/png",
                                 .format = "png",
                                 .width = 1,
                                 .height = 1,
                                 .sha256 = CataloguedQueue::sha256_of(i)};
      joined_.catalog->add_image(image, soon()).value();
    }
  }

  // What the last job of each image says, against what the image says.
  void expect_agreement() {
    const auto rows = database_->transaction(Access::kRead, soon(), [](Transaction& transaction) -> Result<SqlRows> {
      return transaction.query(
          "SELECT images.sha256, COALESCE(encoding_states.status, 'pending'), COALESCE(jobs.state, 'cancelled') "
          "FROM images LEFT JOIN encoding_states ON encoding_states.sha256 = images.sha256 "
          "LEFT JOIN jobs ON jobs.number = (SELECT MAX(number) FROM jobs WHERE jobs.sha256 = images.sha256)");
    });
    ASSERT_EQ(rows.value().size(), static_cast<std::size_t>(kChurnImages));
    const std::map<std::string, std::string> status_of_state = {{"waiting", "pending"},
                                                                {"cancelled", "pending"},
                                                                {"running", "processing"},
                                                                {"completed", "completed"},
                                                                {"failed", "failed"}};
    for (const SqlRow& row : rows.value()) EXPECT_EQ(row.text(1), status_of_state.at(row.text(2))) << row.text(0);
  }

  void finish_all_jobs() {
    const Deadline deadline = Deadline::after(std::chrono::seconds(20));
    while (!deadline.passed()) {
      const auto job = joined_.queue->claim("heir", kChurnModel, std::chrono::minutes(1), soon()).value();
      if (job) {
        EXPECT_TRUE(joined_.queue->complete(job->lease, soon()).value());
        continue;
      }
      const QueueStats stats = joined_.queue->stats(soon()).value();
      if (stats.waiting == 0 && stats.running == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "jobs are stuck";
  }

  TestDatabase files_;
  std::shared_ptr<Database> database_ = files_.open();
  CataloguedQueue joined_{database_};
};

TEST_F(KilledProcesses, LeaveEveryImageAndItsJobOfOneMind) {
  constexpr int kRounds = 12;
  std::mt19937 random(7);
  for (int round = 0; round < kRounds; ++round) {
    Process first(files_.url());
    Process second(files_.url());
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(150, 600)(random)));
    EXPECT_TRUE(first.kill());
    EXPECT_TRUE(second.kill());
    expect_agreement();
  }
  const QueueStats stats = joined_.queue->stats(soon()).value();
  EXPECT_GT(stats.waiting + stats.running + stats.failed, 0) << "they did nothing";
  finish_all_jobs();
  expect_agreement();
}

}  // namespace
}  // namespace samcache
