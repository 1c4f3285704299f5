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

// What is given up, planned once and done in steps: of each log all runs up to the last that
// arrived before `oldest`, then runs of whoever holds most, oldest arrival first, until `bytes_max`
// are left. The newest run of a log always stays. What comes behind the runs that are held does not
// change a plan.
class Retention {
  public:
    // Whether there is a plan for these bounds, or for what was too old a while ago.
    bool has_plan(std::uint64_t bytes_max, std::optional<WallTime> oldest) const;
    void plan(std::vector<HeldLog> held, std::uint64_t bytes_max, std::optional<WallTime> oldest);
    // The next runs to give up, at most so many. Nothing: all is done, and the plan is over.
    std::vector<HeldLog> next(std::size_t runs_max);
    // Runs came between those that are held, or some could not be given up.
    void forget() { plan_.clear(); }

    // For tests of what planning costs.
    std::uint64_t plans() const { return plans_; }

  private:
    std::vector<HeldLog> plan_;  // the last log comes first
    std::uint64_t bytes_max_ = 0;
    std::optional<WallTime> oldest_;
    std::uint64_t plans_ = 0;
};

}  // namespace lanchat::store
