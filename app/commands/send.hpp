// `lanchat send`: one line, or each line of standard input.
#pragma once

#include <string>

#include "app/commands/command.hpp"

namespace lanchat::app {

struct Send {
    std::string room;
    std::string text;
    bool from_input = false;  // each line of standard input instead
    std::string said_id;
    api::Wait wait;
    std::string to = {};  // for this peer alone

    int operator()(api::Client& node, const Streams& streams) const;
};

}  // namespace lanchat::app
