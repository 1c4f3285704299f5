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

    // False, and nothing changes, when `run` does not chain to what is there.
    [[nodiscard]] bool keep(const RunPtr& run);

    // The whole runs that hold `log` from the entry after `after` on.
    std::vector<RunPtr> runs(const LogId& log, Seq after) const;
    Seq seq_of(const LogId& log) const;
    // Of the log after its last entry.
    Hash head_of(const LogId& log) const;

    const std::map<LogId, std::vector<RunPtr>>& all() const { return logs_; }

  private:
    std::map<LogId, std::vector<RunPtr>> logs_;  // in order; no list is empty
};

}  // namespace lanchat::sim
