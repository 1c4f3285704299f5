// The entries of workers that measure logs without a node.
#pragma once

#include <string>
#include <utility>

#include "message/entry.hpp"
#include "message/keys.hpp"

namespace lanchat::bench {

// Without the head before it, which only the first of a run must have.
inline Entry entry_of(const DeviceKey& key, Seq seq, std::string text) {
    Entry entry;
    entry.log = {key.id(), Epoch{1}};
    entry.seq = seq;
    entry.clock = Clock{seq};
    entry.room = general_room;
    entry.name = "bench";
    entry.text = std::move(text);
    return entry;
}

}  // namespace lanchat::bench
