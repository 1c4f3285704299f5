// Runs in order, and where each log of a device ends.
#include "tests/sim/disk.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::sim {

void Disk::tell(controller::RoomSettings& settings) const {
    for (const auto& [log, runs] : logs_) {
        const VerifiedRun& last = *runs.back();
        settings.held[log] =
            controller::Held{last.last(), last.head(), last.last(), last.head(), 0, false};
        const Clock clock = last.items().back().entry.clock;
        if (log.device != settings.key->id() || clock < settings.newest) continue;
        settings.newest = clock;
        settings.previous = Ended{log.epoch, last.last(), last.head()};
    }
}

bool Disk::keep(const RunPtr& run) {
    const Seq held = seq_of(run->log());
    if (run->first() > held + 1) return false;
    if (run->last() <= held) return true;
    const Hash& joint =
        run->first() > held ? run->before() : run->items()[held - run->first()].head;
    if (joint != head_of(run->log())) return false;
    logs_[run->log()].push_back(run);
    return true;
}

std::vector<RunPtr> Disk::runs(const LogId& log, Seq after) const {
    std::vector<RunPtr> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    std::size_t lines = 0;
    std::size_t bytes = 0;
    auto it = std::ranges::upper_bound(held->second, after, {},
                                       [](const RunPtr& run) { return run->last(); });
    for (; it != held->second.end(); ++it) {
        lines += (*it)->items().size();
        bytes += (*it)->byte_count();
        const bool full = lines > limits::pull_lines_max || bytes > limits::fetch_bytes_max;
        if (full && !found.empty()) break;
        found.push_back(*it);
    }
    return found;
}

Seq Disk::seq_of(const LogId& log) const {
    const auto held = logs_.find(log);
    return held == logs_.end() ? 0 : held->second.back()->last();
}

Hash Disk::head_of(const LogId& log) const {
    const auto held = logs_.find(log);
    return held == logs_.end() ? Hash{} : held->second.back()->head();
}

}  // namespace lanchat::sim
