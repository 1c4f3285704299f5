// JSON mode: one object a line, both ways, for programs.
#pragma once

#include <string>
#include <string_view>

#include "app/chat.hpp"
#include "app/json_input.hpp"
#include "app/json_output.hpp"

namespace lanchat::app {

// Used on the loop's thread.
class JsonFace {
  public:
    JsonFace(Chat chat, Sink out);

    void ready(const Readiness& node);
    void hear(const controller::Event& event);
    void stored(std::string_view id, std::string_view cursor);
    void take_line(std::string_view line);
    void refuse_too_long();
    void bye(std::string_view reason);

  private:
    void say_and_tell(SendRequest request);
    void refuse(const JsonError& error);

    Chat chat_;
    Sink out_;
    std::string line_;  // reused: messages come by the million
};

}  // namespace lanchat::app
