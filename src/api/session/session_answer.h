// What the server says in a session (docs/websocket.md): the texts, and the frames of masks.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/session/session_document.h"
#include "api/session/session_message.h"
#include "service/prompt_service.h"

namespace samcache {

// What the sender of a message learns if it has not gone through.
struct SessionError {
  Error error;
  int object = 0;          // 0: of none
  bool recorded = false;   // the prompt is in the document all the same: undo takes it back
  int retry_after_ms = 0;  // 0: trying again does not help
};

std::string error_text(const nlohmann::json& seq, const SessionError& error);
std::string superseded_text(const nlohmann::json& seq);
std::string pong_text(const nlohmann::json& seq);

// One inference_result. Takes masks one at a time and keeps their forms alone.
class SessionAnswer {
 public:
  // `number` names the answer in its frames.
  SessionAnswer(std::uint32_t number, SessionMaskFormat format) : number_(number), format_(format) {}

  // The form of a mask can fail (a PNG that cannot be written).
  Status add(const AnsweredMask& found, const BinaryMask& mask);
  // Of a concept, whose instances come in the model's order.
  void sort_best_first();

  struct About {
    const nlohmann::json& seq;
    const SessionDocument& document;
    int object = 0;
    bool preview = false;
    double latency_ms = 0;  // since the message came
  };
  std::string text(const About& about, const PromptAnswer& answer) const;

  // Of mask_format "binary"; they follow the text.
  std::vector<std::vector<std::byte>> take_frames();

 private:
  struct Found {
    float score = 0;
    std::array<float, 4> box = {};
    nlohmann::ordered_json mask = {};   // of the forms inside JSON
    std::vector<std::byte> frame = {};  // of kBinary
  };

  const std::uint32_t number_;
  const SessionMaskFormat format_;
  std::vector<Found> found_;
};

}  // namespace samcache
