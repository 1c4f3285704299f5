// Numbers tell what came before what.
#include "app/faces/json_queue.hpp"

#include "message/limits.hpp"

namespace lanchat::app {

void JsonQueue::push(const controller::Event& event) {
    const Number number = ++pushed_;
    if (const auto* message = std::get_if<controller::Message>(&event)) {
        numbers_[message->id] = number;
        messages_.emplace(number, *message);
        if (messages_.size() > limits::unplaced_lines_max) tell(messages_.begin(), {});
    } else {
        events_.emplace_back(number, event);
    }
    tell_events();
}

void JsonQueue::placed(const std::string& id, const std::string& cursor) {
    const auto known = numbers_.find(id);
    if (known == numbers_.end()) return;
    tell(messages_.find(known->second), cursor);
    tell_events();
}

void JsonQueue::release() {
    while (!messages_.empty()) {
        tell_events();
        tell(messages_.begin(), {});
    }
    tell_events();
}

void JsonQueue::tell(std::map<Number, controller::Message>::iterator message,
                     const std::string& cursor) {
    const auto told = messages_.extract(message);
    numbers_.erase(told.mapped().id);
    tell_(controller::Event{told.mapped()}, cursor);
}

void JsonQueue::tell_events() {
    while (!events_.empty() &&
           (messages_.empty() || events_.front().first < messages_.begin()->first)) {
        tell_(events_.front().second, {});
        events_.pop_front();
    }
}

}  // namespace lanchat::app
