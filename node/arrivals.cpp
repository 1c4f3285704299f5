// Late lines come in long rows, so a few stretches name them all.
#include "node/arrivals.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat {

void Arrivals::note_late(const std::vector<RunPtr>& runs, const std::vector<store::Line>& lines,
                         std::set<RunPtr>& late) {
    std::size_t next = 0;
    for (const RunPtr& run : runs) {
        const bool is_late = late.erase(run) > 0;
        for (; next < lines.size(); ++next) {
            const Entry& entry = lines[next].entry;
            if (entry.log != run->log() || entry.seq > run->last()) break;
            if (is_late) add(lines[next].arrival);
        }
    }
}

void Arrivals::add(store::Arrival arrival) {
    if (!late_.empty() && late_.back().last + 1 == arrival) {
        late_.back().last = arrival;
        return;
    }
    if (late_.size() >= limits::late_stretches_max) late_.erase(late_.begin());
    late_.push_back({arrival, arrival});
}

bool Arrivals::is_history(store::Arrival arrival) const {
    if (arrival <= before_) return true;
    const auto stretch = std::ranges::lower_bound(late_, arrival, {}, &Stretch::last);
    return stretch != late_.end() && stretch->first <= arrival;
}

}  // namespace lanchat
