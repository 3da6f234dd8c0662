// Scores as a table for a person and as JSON for a program, and whether they are what the demo model must reach.
#pragma once

#include <string>

#include "eval_demo/evaluation.h"

namespace samcache::eval {

// Lines of Markdown.
std::string table(const Scores& scores);

std::string json(const Scores& scores, const EngineInfo& model);

// One line for every figure that falls short of what the model must reach; empty when none does. Times are not judged:
// they depend on the machine.
std::string shortfalls(const Scores& scores);

}  // namespace samcache::eval
