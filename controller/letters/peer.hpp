// What letters keeps of a peer: what it is still to get of what is said between the two alone.
#pragma once

#include <cstddef>
#include <deque>
#include <set>

#include "message/ids.hpp"
#include "message/run.hpp"

namespace lanchat::controller::letters {

struct Peer {
    std::set<LogId> unlisted;   // logs of the two that it is still to be told of
    std::deque<RunPtr> unsent;  // ours to it, on their way
    std::size_t unsent_bytes = 0;
};

}  // namespace lanchat::controller::letters
