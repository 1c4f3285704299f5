// Late lines come in long rows, so a few stretches name them all.
#include "node/arrivals.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat {

void Arrivals::note_late(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added,
                         std::set<RunPtr>& late) {
    for (const auto& one : added)
        if (late.contains(one.run)) add({one.arrival, one.last()});
    for (const RunPtr& run : runs) late.erase(run);
}

void Arrivals::add(Stretch stretch) {
    if (!late_.empty() && late_.back().last + 1 == stretch.first) {
        late_.back().last = stretch.last;
        return;
    }
    if (late_.size() >= limits::late_stretches_max) late_.erase(late_.begin());
    late_.push_back(stretch);
}

bool Arrivals::is_history(store::Arrival arrival) const {
    if (arrival <= before_) return true;
    const auto stretch = std::ranges::lower_bound(late_, arrival, {}, &Stretch::last);
    return stretch != late_.end() && stretch->first <= arrival;
}

}  // namespace lanchat
