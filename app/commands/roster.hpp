// `lanchat peers`, `rooms` and `status`: who is here and how the node is.
#pragma once

#include "app/commands/command.hpp"

namespace lanchat::app {

struct ListPeers {
    int operator()(api::Client& node, const Streams& streams) const;
};
struct ListRooms {
    int operator()(api::Client& node, const Streams& streams) const;
};
struct ShowStatus {
    int operator()(api::Client& node, const Streams& streams) const;
};

}  // namespace lanchat::app
