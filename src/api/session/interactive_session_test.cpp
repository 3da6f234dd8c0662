#include "api/session/interactive_session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/session/mask_frame.h"
#include "api/session/session_answer.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr PromptedPicture kPicture{.width = 4, .height = 2, .logits_side = 2};

// Remembers what the client would see.
class RecordingSender : public SessionSender {
 public:
  void send(std::string text, std::vector<std::vector<std::byte>> frames) override {
    const std::scoped_lock lock(mutex_);
    texts_.push_back(Json::parse(text));
    frames_ += frames.size();
  }
  void close(int code, const std::string&) override {
    const std::scoped_lock lock(mutex_);
    closed_ = code;
  }

  std::vector<Json> texts() const {
    const std::scoped_lock lock(mutex_);
    return texts_;
  }
  Json last() const {
    const std::scoped_lock lock(mutex_);
    return texts_.empty() ? Json() : texts_.back();
  }
  std::size_t frames() const {
    const std::scoped_lock lock(mutex_);
    return frames_;
  }
  int close_code() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Json> texts_;
  std::size_t frames_ = 0;
  int closed_ = 0;
};

// A session whose tasks wait until the test runs them, and a service that answers one mask and remembers the prompts.
class InteractiveSessionTest : public ::testing::Test {
 protected:
  InteractiveSessionTest() { open({}); }

  void open(const SessionLimits& limits) {
    sender_ = std::make_shared<RecordingSender>();
    session_ = InteractiveSession::open({.picture = kPicture,
                                         .answer = [this](const PromptRequest& request, const PromptWish&,
                                                          const MaskSink& sink) { return answer(request, sink); },
                                         .post =
                                             [this](TaskPool::Task task) {
                                               if (pool_is_full_) return false;
                                               tasks_.push_back(std::move(task));
                                               return true;
                                             }},
                                        sender_, limits);
  }

  Result<PromptAnswer> answer(const PromptRequest& request, const MaskSink& sink) {
    requests_.push_back(request);
    if (during_answer_) std::exchange(during_answer_, nullptr)();
    if (failure_) return *failure_;
    const std::vector<float> logits(4, static_cast<float>(requests_.size()));
    const BinaryMask mask{.width = 4, .height = 2, .pixels = {0, 1, 1, 0, 0, 0, 0, 0}};
    if (Status status = sink({.score = 0.5F, .box = {1, 0, 3, 1}, .logits = logits}, mask); !status) {
      return status.error();
    }
    return PromptAnswer{.timing = {.prompt_ms = 3}, .cache = "device", .object_score = 1};
  }

  void send(const Json& message) { session_->on_text(message.dump()); }
  void run_tasks() {
    while (!tasks_.empty()) {
      const TaskPool::Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  // Sends and has everything answered; the last thing the client sees.
  Json ask(const Json& message) {
    send(message);
    run_tasks();
    return sender_->last();
  }
  std::vector<std::string> types() const {
    std::vector<std::string> types;
    for (const Json& text : sender_->texts()) types.push_back(text.at("type"));
    return types;
  }

  std::shared_ptr<RecordingSender> sender_;
  std::shared_ptr<InteractiveSession> session_;
  std::deque<TaskPool::Task> tasks_;
  bool pool_is_full_ = false;
  std::vector<PromptRequest> requests_;
  std::optional<Error> failure_;
  std::function<void()> during_answer_;
};

Json add_point(double x, Json seq = {}) {
  return {{"type", "add_point"}, {"point", {x, 0.5}}, {"seq", std::move(seq)}};
}

TEST_F(InteractiveSessionTest, ABoxIsAnswered) {
  const Json answer = ask({{"type", "add_box"}, {"box", {0.25, 0.0, 0.75, 0.5}}, {"positive", true}, {"seq", 7}});
  EXPECT_EQ(answer["type"], "inference_result");
  EXPECT_EQ(answer["seq"], 7);
  EXPECT_EQ(answer["object"], 1);
  EXPECT_EQ(answer["mode"], "concept");
  EXPECT_EQ(answer["masks"][0]["size"], Json({2, 4}));
  EXPECT_EQ(answer["boxes"], Json::parse("[[1.0, 0.0, 3.0, 1.0]]"));
  EXPECT_EQ(answer["scores"], Json::parse("[0.5]"));
  EXPECT_EQ(answer["timing"]["prompt_ms"], 3.0);
  EXPECT_EQ(answer["cache"], "device");
  EXPECT_EQ(answer["can_undo"], true);
  EXPECT_EQ(answer["can_redo"], false);
  EXPECT_EQ(answer["prompts"][0]["type"], "box");
  EXPECT_GE(answer["latency_ms"].get<double>(), 0);
}

TEST_F(InteractiveSessionTest, UndoAsksAgainAndAnEmptyObjectAsksNothing) {
  ask(add_point(0.25));
  ask(add_point(0.75));
  const Json undone = ask({{"type", "undo"}});
  EXPECT_EQ(undone["can_redo"], true);
  EXPECT_EQ(std::get<InteractiveQuery>(requests_.back()).prompt.points.size(), 1U);
  const std::size_t asked = requests_.size();
  const Json empty = ask({{"type", "undo"}});
  EXPECT_EQ(requests_.size(), asked);
  EXPECT_EQ(empty["type"], "inference_result");
  EXPECT_TRUE(empty["masks"].empty());
  EXPECT_TRUE(empty["cache"].is_null());
}

TEST_F(InteractiveSessionTest, SetPromptsSaysInOneMessageWhatTheServerMayHaveForgotten) {
  const Json answer = ask({{"type", "set_prompts"},
                           {"object", 5},
                           {"mode", "interactive"},
                           {"points", {{{"coords", {0.5, 0.5}}}, {{"coords", {0, 0}}, {"positive", false}}}},
                           {"seq", 1}});
  EXPECT_EQ(answer["type"], "inference_result");
  EXPECT_EQ(answer["object"], 5);
  EXPECT_EQ(answer["prompts"].size(), 2U);
  EXPECT_EQ(std::get<InteractiveQuery>(requests_.back()).prompt.points.size(), 2U);
  EXPECT_TRUE(ask({{"type", "set_prompts"}, {"seq", 2}})["masks"].empty());
  EXPECT_EQ(ask({{"type", "undo"}})["prompts"].size(), 2U);
}

TEST_F(InteractiveSessionTest, AWrongMessageIsAnErrorAndTheSessionLivesOn) {
  const Json error = ask({{"type", "add_box"}, {"box", {0, 0, 2, 2}}, {"seq", "a"}});
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["seq"], "a");
  EXPECT_NE(error["detail"].get<std::string>().find("box"), std::string::npos);
  EXPECT_EQ(ask({{"type", "undo"}})["detail"], "there is nothing to undo");
  EXPECT_EQ(ask(add_point(0.5))["type"], "inference_result");
}

TEST_F(InteractiveSessionTest, OfPromptsThatWaitForOneObjectTheNewestIsAnswered) {
  during_answer_ = [&] {
    for (int i = 2; i <= 4; ++i) send(add_point(0.1 * i, i));
  };
  ask(add_point(0.1, 1));
  EXPECT_EQ(types(), (std::vector<std::string>{"inference_result", "superseded", "superseded", "inference_result"}));
  EXPECT_EQ(sender_->texts()[1]["seq"], 2);
  EXPECT_EQ(sender_->last()["seq"], 4);
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_EQ(std::get<InteractiveQuery>(requests_[1]).prompt.points.size(), 4U) << "superseded, and yet recorded";
}

TEST_F(InteractiveSessionTest, PromptsOfDifferentObjectsAreAllAnsweredInOrder) {
  ask({{"type", "add_object"}});
  during_answer_ = [&] {
    send({{"type", "add_point"}, {"point", {0.5, 0.5}}, {"object", 1}, {"seq", "one"}});
    send({{"type", "add_point"}, {"point", {0.5, 0.5}}, {"object", 2}, {"seq", "two"}});
  };
  ask(add_point(0.1));
  const std::vector<Json> texts = sender_->texts();
  ASSERT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts[2]["seq"], "one");
  EXPECT_EQ(texts[3]["seq"], "two");
  EXPECT_EQ(texts[3]["object"], 2);
}

TEST_F(InteractiveSessionTest, APreviewIsAnsweredNotRecordedAndGivesWay) {
  const Json preview = ask({{"type", "preview"}, {"point", {0.5, 0.5}}});
  EXPECT_EQ(preview["preview"], true);
  EXPECT_EQ(preview["can_undo"], false);
  EXPECT_EQ(preview["masks"].size(), 1U);
  during_answer_ = [&] {
    send({{"type", "preview"}, {"point", {0.5, 0.5}}, {"seq", "old"}});
    send(add_point(0.5, "click"));
    send({{"type", "preview"}, {"point", {0.5, 0.5}}, {"seq", "new"}});
  };
  ask({{"type", "preview"}, {"point", {0.5, 0.5}}});
  std::vector<Json> seen;
  for (const Json& text : sender_->texts()) seen.push_back(Json{text["type"], text["seq"]});
  EXPECT_EQ(std::vector<Json>(seen.begin() + 2, seen.end()),
            (std::vector<Json>{{"superseded", "old"}, {"inference_result", "click"}, {"inference_result", "new"}}));
}

TEST_F(InteractiveSessionTest, RefiningFeedsTheLastAnswerBack) {
  ask({{"type", "set_options"}, {"refine", true}});
  ask(add_point(0.25));
  EXPECT_TRUE(std::get<InteractiveQuery>(requests_[0]).prompt.mask_input.empty());
  ask(add_point(0.5));
  EXPECT_EQ(std::get<InteractiveQuery>(requests_[1]).prompt.mask_input, std::vector<float>(4, 1));
  ask({{"type", "preview"}, {"point", {0.5, 0.5}}});
  EXPECT_EQ(std::get<InteractiveQuery>(requests_[2]).prompt.mask_input, std::vector<float>(4, 2));
  ask(add_point(0.75));
  EXPECT_EQ(std::get<InteractiveQuery>(requests_[3]).prompt.mask_input, std::vector<float>(4, 2))
      << "a preview is not an answer to start from";
  ask({{"type", "undo"}});
  EXPECT_TRUE(std::get<InteractiveQuery>(requests_[4]).prompt.mask_input.empty());
}

TEST_F(InteractiveSessionTest, MasksComeInTheFormatAskedFor) {
  ask({{"type", "set_options"}, {"mask_format", "binary"}});
  const Json binary = ask(add_point(0.25));
  EXPECT_EQ(binary["frames"], 1);
  EXPECT_TRUE(binary["masks"].empty());
  EXPECT_EQ(sender_->frames(), 1U);
  const Json none = ask({{"type", "set_options"}, {"mask_format", "none"}});
  EXPECT_TRUE(none["masks"].empty());
  EXPECT_EQ(none["scores"].size(), 1U);
  const Json polygon = ask({{"type", "set_options"}, {"mask_format", "polygon"}});
  EXPECT_TRUE(polygon["masks"][0][0].is_array());
}

TEST(SessionAnswer, FramesAreNumberedBestFirst) {
  SessionAnswer answer(9, SessionMaskFormat::kBinary);
  for (const float score : {0.25F, 0.75F, 0.5F}) {
    const BinaryMask mask{.width = 100, .height = 1, .pixels = std::vector<std::uint8_t>(100, score > 0.7F)};
    ASSERT_TRUE(answer.add({.score = score, .box = {}, .logits = {}}, mask).ok());
  }
  answer.sort_best_first();
  const SessionDocument document;
  const Json text = Json::parse(answer.text({.seq = {}, .document = document, .object = 1}, {}));
  EXPECT_EQ(text["scores"], Json({0.75, 0.5, 0.25}));
  EXPECT_EQ(text["frames"], 3);
  const auto frames = answer.take_frames();
  ASSERT_EQ(frames.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Result<MaskFrame> frame = parse_mask_frame(frames[i]);
    ASSERT_TRUE(frame.ok());
    EXPECT_EQ(frame->answer, 9U);
    EXPECT_EQ(frame->index, i);
    EXPECT_EQ(frame->mask.at(0, 0), i == 0) << "the frame goes with its score";
  }
}

TEST_F(InteractiveSessionTest, AFailedPromptStaysRecordedAndSaysSo) {
  failure_ = Error{ErrorCode::kUnavailable, "the device was busy for too long"};
  const Json error = ask(add_point(0.25, 3));
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["seq"], 3);
  EXPECT_EQ(error["recorded"], true);
  EXPECT_GT(error["retry_after_ms"].get<int>(), 0);
  failure_.reset();
  EXPECT_EQ(ask({{"type", "select_object"}, {"object", 1}})["prompts"].size(), 1U);
}

TEST_F(InteractiveSessionTest, AFullPoolRefusesAndChangesNothing) {
  pool_is_full_ = true;
  send(add_point(0.25, 3));
  EXPECT_EQ(sender_->last()["seq"], 3);
  EXPECT_GT(sender_->last()["retry_after_ms"].get<int>(), 0);
  pool_is_full_ = false;
  EXPECT_EQ(ask({{"type", "undo"}})["detail"], "there is nothing to undo");
}

TEST_F(InteractiveSessionTest, APoolThatFillsUpMeanwhileLosesNothing) {
  during_answer_ = [&] {
    pool_is_full_ = true;
    send({{"type", "add_object"}});
    send(add_point(0.5, "last"));
  };
  ask(add_point(0.25));
  EXPECT_EQ(sender_->last()["seq"], "last");
}

TEST_F(InteractiveSessionTest, APingIsAnsweredWhileAnAnswerIsBeingMade) {
  during_answer_ = [&] { send({{"type", "ping"}, {"seq", 1}}); };
  ask(add_point(0.25));
  EXPECT_EQ(types(), (std::vector<std::string>{"pong", "inference_result"}));
}

TEST_F(InteractiveSessionTest, TooManyMessagesAtOnceAreRefused) {
  open({.messages_per_second = 1, .message_burst = 3});
  for (int i = 0; i < 4; ++i) send(add_point(0.25, i));
  EXPECT_EQ(sender_->last()["type"], "error");
  EXPECT_EQ(sender_->last()["seq"], 3);
  EXPECT_GT(sender_->last()["retry_after_ms"].get<int>(), 0);
  open({.max_waiting_messages = 2});
  for (int i = 0; i < 3; ++i) send(add_point(0.25, i));
  EXPECT_EQ(sender_->last()["seq"], 2);
  EXPECT_EQ(sender_->last()["type"], "error");
}

TEST_F(InteractiveSessionTest, AfterTheConnectionIsGoneNothingIsSentOrAsked) {
  during_answer_ = [&] { session_->closed(); };
  send(add_point(0.25));
  run_tasks();
  EXPECT_TRUE(sender_->texts().empty());
  send(add_point(0.5));
  run_tasks();
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(InteractiveSessionTest, AnEndIsToldWithTheReason) {
  session_->end(kCloseImageRemoved, "the image was deleted");
  EXPECT_EQ(sender_->last()["detail"], "the image was deleted");
  EXPECT_EQ(sender_->close_code(), kCloseImageRemoved);
}

TEST_F(InteractiveSessionTest, ABugEndsTheSessionAndNotTheProgram) {
  during_answer_ = [] { throw std::logic_error("a bug"); };
  ask(add_point(0.25));
  EXPECT_EQ(sender_->close_code(), kCloseInternalError);
}

TEST_F(InteractiveSessionTest, TheSessionOutlivesItsOwnerWhileATaskRuns) {
  send(add_point(0.25));
  session_.reset();
  run_tasks();
  EXPECT_EQ(sender_->last()["type"], "inference_result");
}

// For the thread sanitizer: messages, tasks and the end of the connection at the same time.
TEST(InteractiveSessionThreads, EveryMessageIsAnsweredOnce) {
  TaskPool pool(4, 64);
  std::vector<std::shared_ptr<RecordingSender>> senders;
  std::vector<std::shared_ptr<InteractiveSession>> sessions;
  std::atomic<int> running_at_most = 0;
  for (int i = 0; i < 4; ++i) {
    senders.push_back(std::make_shared<RecordingSender>());
    auto running = std::make_shared<std::atomic<int>>(0);
    sessions.push_back(
        InteractiveSession::open({.picture = kPicture,
                                  .answer = [running, &running_at_most](const PromptRequest&, const PromptWish&,
                                                                        const MaskSink&) -> Result<PromptAnswer> {
                                    const int now = ++*running;
                                    if (now > running_at_most) running_at_most = now;
                                    std::this_thread::sleep_for(std::chrono::microseconds(200));
                                    --*running;
                                    return PromptAnswer{};
                                  },
                                  .post = [&pool](TaskPool::Task task) { return pool.try_post(std::move(task)); }},
                                 senders.back(), {.messages_per_second = 1e9, .message_burst = 1e9}));
  }
  constexpr int kMessages = 300;
  {
    std::vector<std::jthread> clients;
    for (const auto& session : sessions) {
      clients.emplace_back([session] {
        for (int i = 0; i < kMessages; ++i) {
          session->on_text(i % 10 == 9 ? R"({"type": "ping"})" : Json(add_point(0.5, i)).dump());
          if (i % 20 == 0) session->on_text(R"({"type": "reset"})");
          std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
      });
    }
  }
  sessions.back()->closed();
  ASSERT_TRUE(pool.drain(Deadline::after(std::chrono::seconds(30))));
  EXPECT_EQ(running_at_most, 1);
  for (std::size_t i = 0; i + 1 < senders.size(); ++i) EXPECT_EQ(senders[i]->texts().size(), kMessages + 15U);
}

}  // namespace
}  // namespace samcache
