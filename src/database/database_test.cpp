// What a database promises, on SQLite and on PostgreSQL.
#include "database/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "database/random_id.h"
#include "database/testing/test_database.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::vector<Migration> kNotes = {
    {1,
     "notes",
     {"CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT)", "INSERT INTO notes (id, text) VALUES (0, 'first')"}}};

// Collects what it is told, and waits for it.
class Hearing {
 public:
  Subscriber subscriber() {
    return [this](const Notification& news) {
      const std::scoped_lock lock(mutex_);
      heard_.push_back(news.missed ? "missed" : news.payload);
      changed_.notify_all();
    };
  }
  bool has_heard(const std::string& what, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] {
      return static_cast<std::size_t>(std::count(heard_.begin(), heard_.end(), what)) >= times;
    });
  }
  std::vector<std::string> heard() {
    const std::scoped_lock lock(mutex_);
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
};

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override { database_->migrate("notes", kNotes, soon()).value(); }

  Status insert(std::int64_t id, const std::string& text) {
    return database_->transaction(Access::kWrite, soon(), [&](Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO notes (id, text) VALUES (:id, :text)", {{"id", id}, {"text", text}});
      return {};
    });
  }
  std::int64_t count() {
    return database_
        ->transaction(Access::kRead, soon(),
                      [](Transaction& transaction) -> Result<std::int64_t> {
                        const SqlRows rows = transaction.query("SELECT COUNT(*) FROM notes");
                        return rows.empty() ? -1 : rows[0].integer(0);
                      })
        .value();
  }
  Status publish(const std::string& topic, const std::string& payload) {
    return database_->transaction(Access::kWrite, soon(), [&](Transaction& transaction) -> Status {
      transaction.publish(topic, payload);
      return {};
    });
  }

  TestDatabase files_;
  std::shared_ptr<Database> database_ = files_.open();
};

TEST_F(DatabaseTest, ValuesComeBackAsTheyWent) {
  const std::string text = "quotes ' \" \\ ; -- :name $1 ünïcödé 🖼 \n\t";
  const std::int64_t large = std::int64_t{1} << 62;
  const auto rows = database_->transaction(Access::kWrite, soon(), [&](Transaction& transaction) -> Result<SqlRows> {
    transaction.execute("INSERT INTO notes (id, text) VALUES (:id, :text)", {{"id", large}, {"text", text}});
    transaction.execute("INSERT INTO notes (id, text) VALUES (:id, :text)",
                        {{"id", 5}, {"text", std::optional<std::string>()}});
    return transaction.query(
        "SELECT id, text, id + 1, text IS NULL, (SELECT COUNT(*) FROM notes) FROM notes "
        "WHERE id IN (:large, :id) ORDER BY id DESC",
        {{"id", 5}, {"large", large}});
  });
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].integer(0), large);
  EXPECT_EQ((*rows)[0].text(1), text);
  EXPECT_EQ((*rows)[0].integer(2), large + 1);
  EXPECT_TRUE((*rows)[1].is_null(1));
  EXPECT_EQ((*rows)[1].integer(4), 3);
}

TEST_F(DatabaseTest, LargeTextsComeBackWhole) {
  std::string text(12 << 20, 'x');
  text[text.size() / 2] = '\'';
  ASSERT_TRUE(insert(1, text).ok());
  const auto read = database_->transaction(Access::kRead, soon(), [](Transaction& transaction) -> Result<std::string> {
    const SqlRows rows = transaction.query("SELECT text FROM notes WHERE id = 1");
    return rows.empty() ? "" : rows[0].text(0);
  });
  EXPECT_EQ(read.value(), text);
}

TEST_F(DatabaseTest, TextThatIsNoneIsRefusedAndNothingChanges) {
  using namespace std::string_literals;
  for (const std::string& text : {"a\0b"s, "\xff\xfe"s, "\xc0\xaf"s, "\xed\xa0\x80"s}) {
    const Status done = insert(1, text);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(count(), 1);
}

TEST_F(DatabaseTest, AnErrorRollsBack) {
  const Status done = database_->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
    transaction.execute("INSERT INTO notes (id) VALUES (1)");
    return Error{ErrorCode::kNotFound, "changed my mind"};
  });
  EXPECT_EQ(done.error().message, "changed my mind");
  EXPECT_EQ(count(), 1);
}

TEST_F(DatabaseTest, AFailedStatementSpoilsItsTransaction) {
  const Status done = database_->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
    transaction.execute("INSERT INTO notes (id) VALUES (1)");
    transaction.execute("INSERT INTO notes (id) VALUES (1)");
    EXPECT_FALSE(transaction.status().ok());
    EXPECT_TRUE(transaction.query("SELECT 1").empty());
    return {};
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().message.find('\n'), std::string::npos) << done.error().message;
  EXPECT_EQ(count(), 1);
}

TEST_F(DatabaseTest, AnExceptionRollsBackAndTheConnectionStaysGood) {
  const auto throwing = [&] {
    return database_->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
      transaction.execute("INSERT INTO notes (id) VALUES (1)");
      throw std::logic_error("a bug");
    });
  };
  EXPECT_THROW(static_cast<void>(throwing()), std::logic_error);
  EXPECT_EQ(count(), 1);
  EXPECT_TRUE(insert(1, "again").ok());
}

TEST_F(DatabaseTest, ConcurrentIncrementsAreAllCounted) {
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  const auto other = files_.open();  // as if half of them were another process
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int k = 0; k < kEach; ++k) {
          const auto& database = i % 2 == 0 ? database_ : other;
          const Status done = database->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
            transaction.execute(
                "UPDATE notes SET text = CAST(CASE WHEN text = 'first' THEN 1 ELSE CAST(text AS INTEGER) + 1 END AS "
                "TEXT) WHERE id = 0");
            return {};
          });
          EXPECT_TRUE(done.ok()) << done.error().message;
        }
      });
    }
  }
  const auto text = database_->transaction(Access::kRead, soon(), [](Transaction& transaction) -> Result<std::string> {
    const SqlRows rows = transaction.query("SELECT text FROM notes WHERE id = 0");
    return rows.empty() ? "" : rows[0].text(0);
  });
  EXPECT_EQ(text.value(), std::to_string(kThreads * kEach));
}

TEST_F(DatabaseTest, DeadlocksAreRunAgain) {
  ASSERT_TRUE(insert(1, "a").ok());
  std::atomic<int> started = 0;
  const auto update_both = [&](std::int64_t first, std::int64_t second) {
    bool is_first_try = true;
    return database_->transaction(Access::kWrite, soon(), [&](Transaction& transaction) -> Status {
      transaction.execute("UPDATE notes SET text = 'b' WHERE id = :id", {{"id", first}});
      if (std::exchange(is_first_try, false) && TestDatabase::is_postgresql()) {
        ++started;
        while (started < 2) std::this_thread::yield();
      }
      transaction.execute("UPDATE notes SET text = 'b' WHERE id = :id", {{"id", second}});
      return {};
    });
  };
  std::jthread other([&] { EXPECT_TRUE(update_both(0, 1).ok()); });
  EXPECT_TRUE(update_both(1, 0).ok());
}

TEST_F(DatabaseTest, TheDeadlineEndsTheWaitForAConnection) {
  const auto narrow = files_.open({.max_connections = 1});
  std::atomic<bool> is_held = false;
  std::atomic<bool> may_end = false;
  std::jthread holder([&] {
    narrow
        ->transaction(Access::kWrite, soon(),
                      [&](Transaction&) -> Status {
                        is_held = true;
                        while (!may_end) std::this_thread::sleep_for(milliseconds(1));
                        return {};
                      })
        .value();
  });
  while (!is_held) std::this_thread::sleep_for(milliseconds(1));
  const Status done = narrow->ping(Deadline::after(milliseconds(50)));
  may_end = true;
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
}

TEST_F(DatabaseTest, ManyMigratingAtOnceMigrateOnce) {
  const std::vector<Migration> steps = {
      {1, "one", {"CREATE TABLE things (id BIGINT)", "INSERT INTO things (id) VALUES (1)"}},
      {2, "two", {"INSERT INTO things (id) VALUES (2)"}}};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Status done = files_.open()->migrate("things", steps, soon());
      EXPECT_TRUE(done.ok()) << done.error().message;
    });
  }
  threads.clear();
  const auto things = database_->transaction(Access::kRead, soon(), [](Transaction& transaction) -> Result<SqlRows> {
    return transaction.query("SELECT id FROM things ORDER BY id");
  });
  ASSERT_EQ(things.value().size(), 2U);
}

TEST_F(DatabaseTest, MigrationsGoOnFromWhereTheyWere) {
  std::vector<Migration> steps = kNotes;
  steps.push_back({2, "colour", {"ALTER TABLE notes ADD COLUMN colour TEXT"}});
  ASSERT_TRUE(insert(1, "kept").ok());
  ASSERT_TRUE(database_->migrate("notes", steps, soon()).ok());
  EXPECT_EQ(count(), 2);

  const Status older = database_->migrate("notes", kNotes, soon());
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(older.error().message.find("newer samcache"), std::string::npos) << older.error().message;
}

TEST_F(DatabaseTest, AMigrationThatFailsLeavesNothingBehind) {
  std::vector<Migration> steps = kNotes;
  steps.push_back({2, "broken", {"CREATE TABLE half (id BIGINT)", "CREATE TABLE notes (id BIGINT)"}});
  ASSERT_FALSE(database_->migrate("notes", steps, soon()).ok());
  steps[1] = {2, "mended", {"CREATE TABLE half (id BIGINT)"}};
  EXPECT_TRUE(database_->migrate("notes", steps, soon()).ok());
}

TEST_F(DatabaseTest, SubscribersOfAllProcessesHearWhatWasCommitted) {
  Hearing here;
  Hearing there;
  const auto other = files_.open();
  const Subscription mine = database_->subscribe("news", here.subscriber());
  const Subscription theirs = other->subscribe("news", there.subscriber());
  ASSERT_TRUE(here.has_heard("missed") && there.has_heard("missed"));

  ASSERT_TRUE(publish("news", "one").ok());
  ASSERT_TRUE(publish("other", "not for us").ok());
  static_cast<void>(database_->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
    transaction.publish("news", "rolled back");
    return Error{ErrorCode::kCancelled, ""};
  }));
  ASSERT_TRUE(publish("news", "two 'quoted' \n line").ok());
  EXPECT_TRUE(here.has_heard("two 'quoted' \n line"));
  EXPECT_TRUE(there.has_heard("two 'quoted' \n line"));
  const std::vector<std::string> expected = {"missed", "one", "two 'quoted' \n line"};
  EXPECT_EQ(here.heard(), expected);
  EXPECT_EQ(there.heard(), expected);
}

TEST_F(DatabaseTest, ASubscriptionThatHasEndedIsNotCalled) {
  Hearing kept;
  Hearing ended;
  const Subscription stays = database_->subscribe("news", kept.subscriber());
  Subscription goes = database_->subscribe("news", ended.subscriber());
  ASSERT_TRUE(kept.has_heard("missed"));
  goes.reset();
  const std::size_t before = ended.heard().size();
  ASSERT_TRUE(publish("news", "late").ok());
  ASSERT_TRUE(kept.has_heard("late"));
  EXPECT_EQ(ended.heard().size(), before);
}

TEST_F(DatabaseTest, ThousandsOfPublishersAtOnceAreAllHeard) {
  Hearing hearing;
  const Subscription subscription = database_->subscribe("news", hearing.subscriber());
  ASSERT_TRUE(hearing.has_heard("missed"));
  constexpr int kThreads = 4;
  constexpr int kEach = 150;  // beyond the count at which SQLite's events are pruned
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < kEach; ++k) EXPECT_TRUE(publish("news", std::to_string(i) + "/" + std::to_string(k)).ok());
    });
  }
  threads.clear();
  for (int i = 0; i < kThreads; ++i)
    EXPECT_TRUE(hearing.has_heard(std::to_string(i) + "/" + std::to_string(kEach - 1)));
  EXPECT_EQ(hearing.heard().size(), 1U + kThreads * kEach);
}

TEST_F(DatabaseTest, APayloadOverTheLimitIsABug) {
  EXPECT_THROW(static_cast<void>(publish("news", std::string(kMaxPayloadBytes + 1, 'x'))), std::logic_error);
}

TEST_F(DatabaseTest, AServerThatWasRestartedIsUsedAgain) {
  if (!TestDatabase::is_postgresql()) GTEST_SKIP() << "SQLite has no server";
  Hearing hearing;
  const Subscription subscription = database_->subscribe("news", hearing.subscriber());
  ASSERT_TRUE(hearing.has_heard("missed"));
  ASSERT_TRUE(insert(1, "before").ok());
  TestDatabase::restart_server();
  const Status done = insert(2, "after");  // on a connection that is gone: made anew without anyone noticing
  EXPECT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(count(), 3);
  EXPECT_TRUE(hearing.has_heard("missed", 2));
  ASSERT_TRUE(publish("news", "heard again").ok());
  EXPECT_TRUE(hearing.has_heard("heard again"));
}

TEST_F(DatabaseTest, AConnectionLostInTheMiddleRunsTheBodyAgain) {
  if (!TestDatabase::is_postgresql()) GTEST_SKIP() << "SQLite has no server";
  int runs = 0;
  const Status done = database_->transaction(Access::kWrite, soon(), [&](Transaction& transaction) -> Status {
    transaction.execute("INSERT INTO notes (id) VALUES (1)");
    if (++runs == 1) TestDatabase::restart_server();
    transaction.execute("INSERT INTO notes (id) VALUES (2)");
    return {};
  });
  EXPECT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(), 3);
}

TEST(DatabaseOpen, AServerThatIsAwayIsUnavailableAndThePasswordStaysSecret) {
  const auto database = Database::open("postgresql://ann:hunter2@127.0.0.1:1/images");
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(database.error().message.find("hunter2"), std::string::npos) << database.error().message;
  EXPECT_NE(database.error().message.find("127.0.0.1:1/images"), std::string::npos) << database.error().message;
}

TEST(DatabaseOpen, AFileThatIsNoDatabaseIsRefused) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto missing = Database::open("sqlite://" + (folder / "no-such-folder" / "x.db").string());
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("no-such-folder"), std::string::npos) << missing.error().message;
  const auto other = Database::open("sqlite:" SAMCACHE_TEST_DATA "/tokenizer/bpe_simple_vocab_16e6.txt.gz");
  ASSERT_FALSE(other.ok());
}

TEST(RandomId, UuidsAreWellFormedAndDiffer) {
  const std::string id = random_uuid();
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(id, random_uuid());
}

}  // namespace
}  // namespace samcache
