// `lanchat tail`, `history` and `search`: lines as they came, or in the order of all nodes.
#pragma once

#include <cstdint>
#include <optional>

#include "app/commands/command.hpp"

namespace lanchat::app {

struct Tail {
    api::Tail tail;
    std::optional<std::uint64_t> count_max;  // ends after so many

    int operator()(api::Client& node, const Streams& streams) const;
};

// Of search too, with words to look for.
struct History {
    api::Query query;

    int operator()(api::Client& node, const Streams& streams) const;
};

}  // namespace lanchat::app
