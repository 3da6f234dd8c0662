// What the caching is for: people who annotate do not wait for the remote store.
#include <gtest/gtest.h>

#include <set>

#include "annotation_day/replay_report.h"

namespace samcache::annotation_day {
namespace {

// A tenth of a day, with the whole day's room: people look back as far.
ReplayOptions short_day() {
  ReplayOptions options;
  options.day.images_each = 400;
  return options;
}

TEST(DayPlan, EverybodyOpensHisImagesInOrderAndSomeAreReviewedByAColleague) {
  DayOptions options;
  options.images_each = 400;
  options.look_back_share = options.look_ahead_share = 0;
  std::set<std::string> own, done;
  std::size_t reviews = 0;
  for (const Person& person : plan_day(options)) {
    std::vector<std::size_t> next(person.lists.size(), 0);
    for (const Opening& opening : person.openings) ASSERT_EQ(opening.index, next[opening.list]++);
    for (std::size_t list = 0; list < next.size(); ++list) ASSERT_EQ(next[list], person.lists[list].size());
    own.insert(person.lists[0].begin(), person.lists[0].end());
    for (std::size_t list = 1; list < next.size(); ++list) {
      reviews += next[list];
      done.insert(person.lists[list].begin(), person.lists[list].end());
      EXPECT_NE(person.lists[list][0].substr(0, 9), person.lists[0][0].substr(0, 9));  // a colleague's
    }
  }
  EXPECT_EQ(own.size(), 4000U);
  EXPECT_EQ(done.size(), reviews);  // each once
  EXPECT_NEAR(static_cast<double>(reviews) / 4000, options.review_share, 0.03);
}

TEST(DayPlan, RefusesWhatMakesNoDay) {
  EXPECT_THROW(plan_day({.annotators = 0}), std::logic_error);
  EXPECT_THROW(plan_day({.review_share = 1.5}), std::logic_error);
}

TEST(AnnotationDay, HardlyAnybodyWaitsForTheRemoteStoreAndNothingElseDoesAsWell) {
  const std::vector<Strategy> strategies = all_strategies();
  const ReplayResult ours = replay_day(short_day(), strategies.front()).value();
  EXPECT_GE(ours.fast_share(), 0.97);
  for (std::size_t i = 1; i < strategies.size(); ++i) {
    const ReplayResult other = replay_day(short_day(), strategies[i]).value();
    EXPECT_EQ(other.openings, ours.openings);
    EXPECT_GT(ours.fast_share(), other.fast_share()) << strategies[i].name;
  }
}

TEST(AnnotationDay, TheSameSeedGivesTheSameDayAndAnotherAnother) {
  ReplayOptions options = short_day();
  options.day.images_each = 100;
  options.fast_objects = 200;
  const Strategy ours = all_strategies().front();
  const ReplayResult first = replay_day(options, ours).value(), second = replay_day(options, ours).value();
  EXPECT_EQ(first.served_fast, second.served_fast);
  EXPECT_EQ(first.remote_reads, second.remote_reads);
  EXPECT_EQ(first.evictions, second.evictions);
  options.day.seed = 2;
  EXPECT_NE(replay_day(options, ours).value().remote_reads, first.remote_reads);
}

}  // namespace
}  // namespace samcache::annotation_day
