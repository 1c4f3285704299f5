// What both stores must agree on: which lines pass, in which order, and what joins a log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/store/store.hpp"

namespace lanchat::store {

bool passes(const Filter& filter, const Entry& entry, bool legacy);

// The order of all nodes; legacy lines, which are on this node only, by arrival where that is
// equal.
bool shown_before(const Line& a, const Line& b);

// Sorts, and keeps the last `count`.
std::vector<Line> newest_of(std::vector<Line> lines, std::size_t count);

// A legacy peer's line before it has arrived.
Line legacy_line(const Heard& heard);
// Ties what was heard to its arrival, so that disk faults are seen as in any other line.
Hash legacy_head(const Line& line);

// Index of the first item of `run` that is new to a log held like this; nothing if the run holds
// nothing new or does not chain. `held` empty: nothing is held of the log.
std::optional<std::size_t> first_new(const VerifiedRun& run, const Holding* held);

}  // namespace lanchat::store
