// Messages on their way to the disk, and what happened meanwhile: a program is told of a line once
// it has a place in the order of arrival, so that it can resume behind it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "controller/events.hpp"

namespace lanchat::app {

// Messages are told in order of arrival, every other event after the messages that came before it.
class JsonQueue {
  public:
    // A message without a cursor is on no disk yet.
    using Tell = std::function<void(const controller::Event& event, const std::string& cursor)>;

    explicit JsonQueue(Tell tell) : tell_(std::move(tell)) {}

    // Above limits::unplaced_lines_max messages the oldest no longer waits.
    void push(const controller::Event& event);
    // The message `id` is on the disk, or without a cursor never will be. One that does not wait
    // was told already.
    void placed(const std::string& id, const std::string& cursor);
    // Nothing waits any longer.
    void release();

  private:
    using Number = std::uint64_t;

    void tell(std::map<Number, controller::Message>::iterator message, const std::string& cursor);
    void tell_events();

    Tell tell_;
    Number pushed_ = 0;
    std::map<Number, controller::Message> messages_;
    std::unordered_map<std::string, Number> numbers_;  // of the messages, by their ids
    std::deque<std::pair<Number, controller::Event>> events_;
};

}  // namespace lanchat::app
