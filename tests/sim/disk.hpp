// A simulated disk: what was flushed of every log. It survives the process, unlike what was not.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/room.hpp"

namespace lanchat::sim {

// Of the `runs` of a log those that hold what is wanted, in the order in which a store gives them.
inline std::vector<RunPtr> wanted_of(const std::vector<RunPtr>& runs, const Want& want) {
    std::vector<RunPtr> wanted;
    std::ranges::copy_if(runs, std::back_inserter(wanted), [&](const RunPtr& run) {
        return want.newest_first ? run->first() <= want.seq : run->last() > want.after;
    });
    std::ranges::stable_sort(wanted, {}, [](const RunPtr& run) { return run->last(); });
    if (want.newest_first) std::ranges::reverse(wanted);
    return wanted;
}

// A copy is a backup, or the data directory of a clone.
class Disk {
  public:
    // What a room that begins here at that time must know of the past.
    void tell(controller::RoomSettings& settings, WallTime now) const;

    // Whether authors can take something back here; else it is the disk of a build that does not
    // know that.
    bool heeds_drops = true;

    // False, and nothing changes, when `run` does not fit to what is there.
    [[nodiscard]] bool keep(const RunPtr& run);

    // What became of bodies since this was asked last.
    std::vector<BodyNews> take_news() { return std::exchange(news_, {}); }
    // The entries of those bodies that were lacking.
    std::vector<Entry> fill(const LogId& log, const std::vector<lanchat::Body>& bodies);
    std::vector<lanchat::Body> bodies(const LogId& log, const std::vector<Seq>& entries) const;
    const std::set<LineId>& lacking() const { return lacking_; }
    const std::set<Dropped>& dropped() const { return dropped_; }

    // What is held once the proof is kept.
    Extent freeze(const Fork& proof);
    std::optional<Fork> proof_of(const LogId& log) const;

    // The first of the whole runs that hold what is wanted.
    std::vector<RunPtr> runs(const Want& want) const;
    Extent extent_of(const LogId& log) const;

    struct Held {
        Extent extent;
        std::vector<RunPtr> runs;  // as they came
        std::optional<Fork> proof = {};
    };
    const std::map<LogId, Held>& all() const { return logs_; }

  private:
    static std::optional<VerifiedRun::Item> item_at(const Held& held, Seq seq);

    void keep_bodies(const RunPtr& run, const Extent& before);
    void take_back(const Dropped& what);

    std::map<LogId, Held> logs_;
    std::set<Dropped> dropped_;
    std::set<LineId> lacking_;
    std::vector<BodyNews> news_;
};

}  // namespace lanchat::sim
