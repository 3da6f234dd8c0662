#include "eval_demo/report.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

namespace samcache::eval {
namespace {

struct Figure {
  const char* name;
  const char* key;
  double value;
  std::optional<double> at_least;
};

double silent_part(const Scores& scores) {
  return scores.absent == 0 ? 0.0 : static_cast<double>(scores.absent_silent) / static_cast<double>(scores.absent);
}

std::vector<Figure> figures(const Scores& s) {
  return {{"box: mean IoU", "box_iou", mean(s.box), 0.90},
          {"one click in the middle: mean IoU", "one_click_iou", mean(s.one_click), 0.75},
          {"one click anywhere on it: mean IoU", "any_click_iou", mean(s.any_click), {}},
          {"three clicks, two of them corrections: mean IoU", "three_clicks_iou", mean(s.three_clicks), 0.85},
          {"text: F1", "text_f1", s.text.f1(), 0.70},
          {"text: precision", "text_precision", s.text.precision(), {}},
          {"text: recall", "text_recall", s.text.recall(), {}},
          {"one exemplar box: F1", "exemplar_f1", s.exemplar.f1(), 0.60},
          {"one exemplar box: precision", "exemplar_precision", s.exemplar.precision(), {}},
          {"one exemplar box: recall", "exemplar_recall", s.exemplar.recall(), {}},
          {"texts of what is not there, answered with nothing", "absent_silent", silent_part(s), 0.90}};
}

std::string decimal(double value, int places) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

}  // namespace

std::string table(const Scores& scores) {
  std::string text = "| on unseen scenes | figure | at least |\n|---|---|---|\n";
  for (const Figure& figure : figures(scores)) {
    text += std::string("| ") + figure.name + " | " + decimal(figure.value, 3) + " | " +
            (figure.at_least ? decimal(*figure.at_least, 2) : "") + " |\n";
  }
  text += "\n| median time on this machine | ms |\n|---|---|\n";
  text += "| encode | " + decimal(median(scores.encode_ms), 1) + " |\n";
  text += "| click or box | " + decimal(median(scores.click_ms), 1) + " |\n";
  text += "| text | " + decimal(median(scores.text_ms), 1) + " |\n";
  return text;
}

std::string json(const Scores& scores, const EngineInfo& model) {
  nlohmann::ordered_json document;
  document["model"] = model.model;
  document["model_fingerprint"] = model.fingerprint;
  document["scenes"] = scores.encode_ms.size();
  document["objects"] = scores.box.size();
  for (const Figure& figure : figures(scores)) document[figure.key] = figure.value;
  document["encode_ms"] = median(scores.encode_ms);
  document["click_ms"] = median(scores.click_ms);
  document["text_ms"] = median(scores.text_ms);
  return document.dump(2) + "\n";
}

std::string shortfalls(const Scores& scores) {
  std::string text;
  for (const Figure& figure : figures(scores)) {
    if (!figure.at_least || figure.value >= *figure.at_least) continue;
    text += std::string(figure.name) + " is " + decimal(figure.value, 3) + ", should be at least " +
            decimal(*figure.at_least, 2) + "\n";
  }
  return text;
}

}  // namespace samcache::eval
