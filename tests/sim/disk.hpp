// A simulated disk: what was flushed of every log. It survives the process, unlike what was not.
#pragma once

#include <map>
#include <vector>

#include "controller/room.hpp"

namespace lanchat::sim {

// A copy is a backup, or the data directory of a clone.
class Disk {
  public:
    // What a room that begins here must know of the past.
    void tell(controller::RoomSettings& settings) const;

    // False, and nothing changes, when `run` does not fit to what is there.
    [[nodiscard]] bool keep(const RunPtr& run);

    // The first of the whole runs that hold what is wanted.
    std::vector<RunPtr> runs(const Want& want) const;
    Extent extent_of(const LogId& log) const;

    struct Held {
        Extent extent;
        std::vector<RunPtr> runs;  // by their last entry; never empty
    };
    const std::map<LogId, Held>& all() const { return logs_; }

  private:
    std::map<LogId, Held> logs_;
};

}  // namespace lanchat::sim
