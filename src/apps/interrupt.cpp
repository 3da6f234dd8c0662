#include "apps/interrupt.h"

#include <atomic>
#include <csignal>

namespace samcache {
namespace {

std::atomic<int> caught_signal{0};  // a handler can reach nothing but globals
std::atomic<bool> caught_hangup{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void remember(int signal) { caught_signal.store(signal); }
void remember_hangup(int) { caught_hangup.store(true); }

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void catch_hangups() {
  struct sigaction action = {};
  action.sa_handler = remember_hangup;
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
}

bool hung_up() { return caught_hangup.exchange(false); }

bool interrupted() { return caught_signal.load() != 0; }

int exit_code_of_interrupt() { return 128 + caught_signal.load(); }

}  // namespace samcache
