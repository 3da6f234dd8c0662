#include "service/prompt_batcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace samcache {
namespace {

using std::chrono::milliseconds;

// The batcher tells images apart by their addresses and never looks into them.
std::shared_ptr<const PreparedImage> an_image() {
  const auto place = std::make_shared<int>();
  return {place, reinterpret_cast<const PreparedImage*>(place.get())};
}

InteractivePrompt click(float x) { return {.points = {{.x = x, .y = 0}}}; }

// Answers with the x of the first point as the object score; a click at a negative x fails.
Result<std::vector<InteractiveAnswer>> echo(const PreparedImage&, std::span<const InteractivePrompt> prompts,
                                            const InteractiveOptions&) {
  std::vector<InteractiveAnswer> answers;
  for (const InteractivePrompt& prompt : prompts) {
    if (prompt.points.at(0).x < 0) return Error{ErrorCode::kInvalidArgument, "outside of the picture"};
    answers.emplace_back().object_score = prompt.points[0].x;
  }
  return answers;
}

// Clicks, each by a thread of its own, that all wait while the device is held.
class Crowd {
 public:
  Crowd(DeviceGate& gate, PromptBatcher& batcher) : gate_(gate), batcher_(batcher), held_(gate.encode_turn()) {}

  void ask(const std::shared_ptr<const PreparedImage>& image, InteractivePrompt prompt,
           InteractiveOptions options = {}) {
    answers_.push_back(std::make_unique<std::optional<Result<InteractiveAnswer>>>());
    threads_.emplace_back([this, image, prompt = std::move(prompt), options, answer = answers_.back().get()] {
      ++asked_;
      answer->emplace(batcher_.segment(image, prompt, options, Deadline::never()));
    });
  }
  // Lets the device go when everybody waits.
  void answer() {
    while (gate_.waiting_prompts() < 1 || asked_ < threads_.size()) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(50));
    held_.end();
    threads_.clear();
  }
  const Result<InteractiveAnswer>& of(std::size_t index) const { return **answers_[index]; }

 private:
  DeviceGate& gate_;
  PromptBatcher& batcher_;
  DeviceGate::Turn held_;
  std::atomic<std::size_t> asked_ = 0;
  std::vector<std::unique_ptr<std::optional<Result<InteractiveAnswer>>>> answers_;
  std::vector<std::jthread> threads_;
};

TEST(PromptBatcher, AnswersClicksOnOneImageThatWaitTogetherInOnePass) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 8, echo);
  Crowd crowd(gate, batcher);
  const auto image = an_image();
  for (int i = 0; i < 6; ++i) crowd.ask(image, click(static_cast<float>(i)));
  crowd.answer();
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(crowd.of(i)->object_score, static_cast<float>(i));
  EXPECT_EQ(batcher.stats().prompts, 6u);
  EXPECT_EQ(batcher.stats().passes, 1u);
}

TEST(PromptBatcher, KeepsApartWhatOnePassCannotAnswer) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 8, echo);
  Crowd crowd(gate, batcher);
  const auto image = an_image();
  crowd.ask(image, click(1));
  crowd.ask(an_image(), click(2));
  crowd.ask(image, {.points = {{.x = 3}, {.x = 4}}});
  crowd.ask(image, {.points = {{.x = 5}}, .box = std::array<float, 4>{0, 0, 1, 1}});
  crowd.ask(image, {.points = {{.x = 6}}, .mask_input = {0}});
  crowd.ask(image, click(7), {.multimask = true});
  crowd.answer();
  EXPECT_EQ(batcher.stats().passes, 6u);
}

TEST(PromptBatcher, NeverTakesMoreThanItsLimit) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 2, echo);
  Crowd crowd(gate, batcher);
  const auto image = an_image();
  for (int i = 0; i < 5; ++i) crowd.ask(image, click(1));
  crowd.answer();
  EXPECT_EQ(batcher.stats().prompts, 5u);
  EXPECT_EQ(batcher.stats().passes, 3u);
}

TEST(PromptBatcher, APromptThatFailsDoesNotFailItsCompany) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 8, echo);
  Crowd crowd(gate, batcher);
  const auto image = an_image();
  crowd.ask(image, click(1));
  crowd.ask(image, click(-1));
  crowd.ask(image, click(3));
  crowd.answer();
  EXPECT_EQ(crowd.of(0)->object_score, 1);
  ASSERT_FALSE(crowd.of(1));
  EXPECT_EQ(crowd.of(1).error().message, "outside of the picture");
  EXPECT_EQ(crowd.of(2)->object_score, 3);
}

TEST(PromptBatcher, StopsWaitingAtTheDeadline) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 8, echo);
  DeviceGate::Turn held = gate.encode_turn();
  const auto refused = batcher.segment(an_image(), click(1), {}, Deadline::after(milliseconds(20)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  held.end();
  EXPECT_TRUE(batcher.segment(an_image(), click(1), {}, Deadline::after(milliseconds(1000))));
}

TEST(PromptBatcher, WhatTheDecoderThrowsReachesItsCallerAndTheNextIsAnswered) {
  DeviceGate gate;
  int calls = 0;
  PromptBatcher batcher(gate, 8, [&](const PreparedImage& image, auto prompts, const InteractiveOptions& options) {
    if (++calls == 1) throw std::logic_error("a bug");
    return echo(image, prompts, options);
  });
  EXPECT_THROW((void)batcher.segment(an_image(), click(1), {}, Deadline::never()), std::logic_error);
  EXPECT_TRUE(batcher.segment(an_image(), click(1), {}, Deadline::never()));
}

TEST(PromptBatcher, EveryCallerIsAnsweredUnderLoad) {
  DeviceGate gate;
  PromptBatcher batcher(gate, 4, [](const PreparedImage& image, auto prompts, const InteractiveOptions& options) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));  // so that callers queue up
    return echo(image, prompts, options);
  });
  const std::vector images = {an_image(), an_image(), an_image()};
  std::atomic<int> answered = 0;
  std::atomic<int> in_time = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const bool patient = (i + t) % 3 != 0;
          const Deadline deadline = patient ? Deadline::never() : Deadline::after(std::chrono::microseconds(50));
          const auto x = static_cast<float>(i);
          const auto result = batcher.segment(images[static_cast<std::size_t>(t) % 3], click(x), {}, deadline);
          ++answered;
          if (result) {
            EXPECT_EQ(result->object_score, x);
            ++in_time;
          } else {
            EXPECT_FALSE(patient);
          }
        }
      });
    }
  }
  EXPECT_EQ(answered, 8 * 200);
  EXPECT_GE(in_time, 8 * 200 * 2 / 3 - 8);
}

}  // namespace
}  // namespace samcache
