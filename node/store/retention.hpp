// Which runs a store gives up when it holds too much or too old.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::store {

struct HeldRun {
    Seq last = 0;
    WallTime arrived;
    std::uint32_t bytes = 0;
};

// All runs of a log, oldest first. The legacy lines of a store count as one log of nobody.
struct HeldLog {
    LogId log;
    std::vector<HeldRun> runs;
};

// How many of its oldest runs each log gives up: all up to the last that arrived before `oldest`,
// then runs of whoever holds most, oldest arrival first, until `bytes_max` are left. The newest
// run of a log always stays. Of more than `runs_max` runs so many are given up now.
std::vector<std::size_t> given_up(const std::vector<HeldLog>& logs, std::uint64_t bytes_max,
                                  std::optional<WallTime> oldest, std::size_t runs_max);

}  // namespace lanchat::store
