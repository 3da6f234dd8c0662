// A day of annotation, as the order in which images are opened: the same every time for the same options.
//
// Everybody has images of his own and goes through them in order. After every few of them (a task) he reviews, in order
// too, some of what a colleague did a few tasks ago, if there is any. Now and then somebody looks at an image out of
// turn: one he had before, or one that comes later in what he is going through.
//
// Plain values; no threads, no input from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace samcache::annotation_day {

struct DayOptions {
  std::size_t annotators = 10;
  std::size_t images_each = 4000;
  std::size_t images_a_task = 50;
  double review_share = 0.3;  // of the images of a task
  // A review begins so many of the annotator's tasks after the one it is of, at the earliest and at the latest.
  std::size_t review_after_tasks_min = 2;
  std::size_t review_after_tasks_max = 8;
  double look_back_share = 0.02;      // of the openings there is another one, of an image opened before
  std::size_t look_back_images = 60;  // at most so many openings ago
  double look_ahead_share = 0.01;     // likewise, of an image further on in the same list
  std::size_t look_ahead_images = 12;
  std::uint64_t seed = 1;
};

// What one person goes through in order: all the images that are his own, or those of a colleague's task that he
// reviews.
using WorkList = std::vector<std::string>;  // object names

struct Opening {
  std::size_t list = 0;   // of the person's lists
  std::size_t index = 0;  // in the list
};

struct Person {
  std::vector<WorkList> lists;    // his own images first; then the reviews, in the order they are made
  std::vector<Opening> openings;  // in the order they are made
};

// Throws std::logic_error for options that make no day: nobody, no images, shares outside [0, 1].
std::vector<Person> plan_day(const DayOptions& options);

// Every annotator's images, whoever opens them.
std::vector<std::string> images_of_day(const DayOptions& options);

}  // namespace samcache::annotation_day
