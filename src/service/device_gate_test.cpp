#include "service/device_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace samcache {
namespace {

using std::chrono::milliseconds;

void wait_for_waiting(const DeviceGate& gate, std::size_t prompts, std::size_t encodes) {
  while (gate.waiting_prompts() < prompts || gate.waiting_encodes() < encodes) std::this_thread::yield();
}

TEST(DeviceGate, GivesPromptsTheDeviceBeforeEncodesThatCameFirst) {
  DeviceGate gate;
  DeviceGate::Turn running = gate.encode_turn();
  std::mutex mutex;
  std::vector<std::string> order;
  const auto note = [&](const char* what) {
    const std::scoped_lock lock(mutex);
    order.emplace_back(what);
  };
  std::jthread encode([&] {
    const DeviceGate::Turn turn = gate.encode_turn();
    note("encode");
  });
  wait_for_waiting(gate, 0, 1);
  std::jthread first([&] {
    const DeviceGate::Turn turn = gate.prompt_turn(Deadline::never());
    note("prompt 1");
  });
  wait_for_waiting(gate, 1, 1);
  std::jthread second([&] {
    const DeviceGate::Turn turn = gate.prompt_turn(Deadline::never());
    note("prompt 2");
  });
  wait_for_waiting(gate, 2, 1);
  running.end();
  encode.join();
  first.join();
  second.join();
  EXPECT_EQ(order, (std::vector<std::string>{"prompt 1", "prompt 2", "encode"}));
}

TEST(DeviceGate, AnEncodeThatGivesWayGoesOnBeforeOtherEncodes) {
  DeviceGate gate;
  DeviceGate::Turn running = gate.encode_turn();
  std::atomic<int> prompts = 0;
  std::atomic<bool> other_encode_ran = false;
  std::jthread encode([&] {
    const DeviceGate::Turn turn = gate.encode_turn();
    other_encode_ran = true;
  });
  wait_for_waiting(gate, 0, 1);
  std::jthread prompt([&] {
    const DeviceGate::Turn turn = gate.prompt_turn(Deadline::never());
    ++prompts;
  });
  wait_for_waiting(gate, 1, 1);
  running.give_way();
  EXPECT_EQ(prompts, 1);
  EXPECT_FALSE(other_encode_ran);
  running.end();
}

TEST(DeviceGate, GivingWayToNobodyCostsNothing) {
  DeviceGate gate;
  DeviceGate::Turn running = gate.encode_turn();
  running.give_way();
  EXPECT_TRUE(running);
}

TEST(DeviceGate, APromptStopsWaitingAtItsDeadlineAndLeavesTheQueue) {
  DeviceGate gate;
  DeviceGate::Turn running = gate.encode_turn();
  EXPECT_FALSE(gate.prompt_turn(Deadline::after(milliseconds(20))));
  EXPECT_EQ(gate.waiting_prompts(), 0u);
  running.end();
  EXPECT_TRUE(gate.prompt_turn(Deadline::after(milliseconds(20))));
}

TEST(DeviceGate, OneTurnAtATimeAmongManyThreads) {
  DeviceGate gate;
  std::atomic<int> inside = 0;
  std::atomic<int> done = 0;
  const auto work = [&] {
    EXPECT_EQ(++inside, 1);
    std::this_thread::yield();
    --inside;
    ++done;
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          const DeviceGate::Turn turn = gate.prompt_turn(Deadline::never());
          work();
        }
      });
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) {
          DeviceGate::Turn turn = gate.encode_turn();
          work();
          turn.give_way();
          work();
        }
      });
    }
  }
  EXPECT_EQ(done, 4 * 200 + 4 * 100);
}

}  // namespace
}  // namespace samcache
