// JSON mode: one object a line, both ways, for programs.
#pragma once

#include <string>
#include <string_view>

#include "app/chat.hpp"
#include "app/json_input.hpp"
#include "app/json_output.hpp"
#include "app/json_queue.hpp"

namespace lanchat::app {

// Used on the loop's thread.
class JsonFace {
  public:
    JsonFace(Chat chat, Sink out);

    void ready(const Readiness& node);
    void hear(const controller::Event& event) { queue_.push(event); }
    // The line of a message is on the disk; lines come in order of arrival.
    void placed(const std::string& id, const std::string& cursor) { queue_.placed(id, cursor); }
    // The disk takes nothing at present: what was heard is told without it.
    void release() { queue_.release(); }
    void take_line(std::string_view line);
    void refuse_too_long();
    void bye(std::string_view reason);

  private:
    void tell(const controller::Event& event, const std::string& cursor);
    void say_and_tell(SendRequest request);
    void tell_one(SendRequest request);
    void refuse(const JsonError& error);

    Chat chat_;
    Sink out_;
    JsonQueue queue_;
    std::string line_;  // reused: messages come by the million
};

}  // namespace lanchat::app
