// Lines that are shown before they are proven, and what becomes of them.
#include <utility>

#include "controller/talk/talk.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::talk {

// Only what its author says now: whatever might not be shown the same way once it is proven, is
// shown then.
void Talk::glimpse(const Member& who, LinkId link, const UnprovenRun& run, Now now, Effects& out) {
    const DeviceId& author = run.log().device;
    if (run.log() != who.log || !course_.receiving || needs_.is_blocked(author) ||
        doubted_.contains(author) || doubted_.size() >= limits::doubted_max ||
        !needs_.is_next(who.key, run))
        return;
    const Believed believed = walls_.at(now);
    Glimpses glimpses{needs_.about(author), {}};
    MessageIds ids;
    for (const auto& item : run.items()) {
        if (item.is_apart()) continue;
        const Entry entry = item.entry();
        const LineId line{entry.log, entry.seq};
        if (!entry.is_line() || needs_.is_dropped({line, item.head})) continue;
        out.push_back(Notify{Glimpse{message_of(
            entry, ids.of(line), needs_.regarded(needs_.author(entry), author), {}, believed)}});
        glimpses.lines.push_back(line);
    }
    if (!glimpses.lines.empty()) glimpses_.insert_or_assign(link, std::move(glimpses));
}

void Talk::proven(LinkId link, Effects& out) {
    const auto known = glimpses_.extract(link);
    if (known.empty()) return;
    const auto& [log, seq] = known.mapped().lines.back();
    if (needs_.last_of(log) < seq) withdraw(known.mapped(), out);
}

void Talk::withdraw_lost(Effects& out) {
    std::erase_if(glimpses_, [&](const auto& known) {
        if (needs_.has_link(known.first)) return false;
        doubted_.insert(known.second.lines.back().log.device);
        withdraw(known.second, out);
        return true;
    });
}

void Talk::withdraw(const Glimpses& glimpses, Effects& out) {
    MessageIds ids;
    for (const LineId& line : glimpses.lines)
        out.push_back(Notify{Withdrawn{ids.of(line), line, glimpses.by}});
}

}  // namespace lanchat::controller::talk
