// Rules shared by the stores.
#include "node/store/rules.hpp"

#include <algorithm>
#include <utility>

namespace lanchat::store {

bool passes(const Filter& filter, const Line& line) {
    if (!filter.room.empty() && line.entry.room != filter.room) return false;
    if (filter.author && (line.legacy || line.entry.log.device != *filter.author)) return false;
    if (filter.since && line.entry.clock.time() < *filter.since) return false;
    return !filter.until || line.entry.clock.time() <= *filter.until;
}

bool shown_before(const Line& a, const Line& b) {
    if (comes_before(a.entry, b.entry)) return true;
    return !comes_before(b.entry, a.entry) && a.arrival < b.arrival;
}

bool Share::takes(const VerifiedRun& run) {
    const bool fits = run.items().size() <= entries_ && run.byte_count() <= bytes_;
    if (!fits && std::exchange(used_, true)) return false;
    used_ = true;
    entries_ -= std::min(entries_, run.items().size());
    bytes_ -= std::min(bytes_, run.byte_count());
    return true;
}

std::vector<Line> newest_of(std::vector<Line> lines, std::size_t count) {
    std::sort(lines.begin(), lines.end(), shown_before);
    if (lines.size() > count)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
    return lines;
}

Line legacy_line(WallTime heard, std::string_view room, std::string_view address,
                 std::string_view text) {
    Line line;
    line.legacy = true;
    line.entry.clock = Clock::at(heard);
    line.entry.room = room;
    line.entry.name = address;
    line.entry.text = text;
    return line;
}

Hash legacy_head(const Line& line) {
    const Entry& entry = line.entry;
    Hash head = hash_of(std::to_string(line.arrival) + ' ' + std::to_string(entry.clock.packed));
    for (const std::string* part : {&entry.room, &entry.name, &entry.text})
        head = chained(head, *part);
    return head;
}

std::optional<Extent> extent_with(const VerifiedRun& run, const Extent& held) {
    const Fitted fitted = fit(held, run);
    if (fitted.fit != Fit::grows && fitted.fit != Fit::detached) return std::nullopt;
    return fitted.extent;
}

}  // namespace lanchat::store
