// Ctrl-C and `kill`, turned into a question that long work asks now and then.
//
// The first SIGINT or SIGTERM sets a flag; work that sees it stops at the next safe place. A second one ends the
// program at once, as if nothing had been caught.
#pragma once

namespace samcache {

// Once, from main.
void catch_interrupts();

bool interrupted();

// From now on a SIGHUP does not end the program, but makes hung_up() answer true once: for what can read its
// configuration anew.
void catch_hangups();
bool hung_up();

// 130 for SIGINT, 143 for SIGTERM: what a shell reports for a program that the signal ended.
int exit_code_of_interrupt();

}  // namespace samcache
