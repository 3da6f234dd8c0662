#include "annotation_day/day_plan.h"

#include <algorithm>
#include <random>

#include "base/error.h"

namespace samcache::annotation_day {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return static_cast<std::size_t>(random() % bound); }

bool chance(Random& random, double probability) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(random() >> 11) / kTwoTo53 < probability;
}

std::string image_name(std::size_t annotator, std::size_t image) {
  return "images/" + std::to_string(annotator) + "/" + std::to_string(image) + ".trunk";
}

WorkList images_of(const DayOptions& options, std::size_t annotator) {
  WorkList images;
  for (std::size_t image = 0; image < options.images_each; ++image) images.push_back(image_name(annotator, image));
  return images;
}

std::size_t task_count(const DayOptions& options) {
  return (options.images_each + options.images_a_task - 1) / options.images_a_task;
}

// What is reviewed of a colleague's tasks, by the reviewer's own task after which that is done.
std::vector<std::vector<WorkList>> reviews_of(const DayOptions& options, std::size_t colleague, Random& random) {
  const std::size_t tasks = task_count(options);
  std::vector<std::vector<WorkList>> due(tasks);
  for (std::size_t task = 0; task < tasks; ++task) {
    WorkList reviewed;
    const std::size_t end = std::min(options.images_each, (task + 1) * options.images_a_task);
    for (std::size_t image = task * options.images_a_task; image < end; ++image) {
      if (chance(random, options.review_share)) reviewed.push_back(image_name(colleague, image));
    }
    const std::size_t spread = options.review_after_tasks_max - options.review_after_tasks_min + 1;
    const std::size_t after = options.review_after_tasks_min + below(random, spread);
    if (!reviewed.empty()) due[std::min(task + after, tasks - 1)].push_back(std::move(reviewed));
  }
  return due;
}

// One person's day as it is drawn up.
class PersonPlan {
 public:
  PersonPlan(const DayOptions& options, std::size_t annotator)
      : options_(options), random_(options.seed * options.annotators + annotator) {
    const auto reviews = reviews_of(options, (annotator + 1) % options.annotators, random_);
    person_.lists.push_back(images_of(options, annotator));
    for (std::size_t task = 0; task < reviews.size(); ++task) {
      go_through(0, task * options.images_a_task, (task + 1) * options.images_a_task);
      for (const WorkList& review : reviews[task]) {
        person_.lists.push_back(review);
        go_through(person_.lists.size() - 1, 0, review.size());
      }
    }
  }
  Person person() && { return std::move(person_); }

 private:
  void go_through(std::size_t list, std::size_t begin, std::size_t end) {
    std::vector<Opening>& openings = person_.openings;
    const std::size_t size = person_.lists[list].size();
    for (std::size_t index = begin; index < std::min(end, size); ++index) {
      openings.push_back({list, index});
      if (chance(random_, options_.look_back_share)) {
        const std::size_t reach = std::min(options_.look_back_images, openings.size());
        openings.push_back(openings[openings.size() - 1 - below(random_, reach)]);
      }
      if (chance(random_, options_.look_ahead_share)) {
        openings.push_back({list, std::min(index + 1 + below(random_, options_.look_ahead_images), size - 1)});
      }
    }
  }

  const DayOptions& options_;
  Random random_;
  Person person_;
};

}  // namespace

std::vector<Person> plan_day(const DayOptions& options) {
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  check(options.annotators > 0 && options.images_each > 0 && options.images_a_task > 0,
        "a day needs people and images");
  check(is_share(options.review_share) && is_share(options.look_back_share) && is_share(options.look_ahead_share),
        "a share is from 0 to 1");
  check(options.review_after_tasks_min <= options.review_after_tasks_max && options.look_back_images > 0 &&
            options.look_ahead_images > 0,
        "an empty range of tasks or images");
  std::vector<Person> people;
  for (std::size_t annotator = 0; annotator < options.annotators; ++annotator) {
    people.push_back(PersonPlan(options, annotator).person());
  }
  return people;
}

std::vector<std::string> images_of_day(const DayOptions& options) {
  std::vector<std::string> images;
  for (std::size_t annotator = 0; annotator < options.annotators; ++annotator) {
    for (std::string& image : images_of(options, annotator)) images.push_back(std::move(image));
  }
  return images;
}

}  // namespace samcache::annotation_day
