// Rules shared by the stores.
#include "node/store/rules.hpp"

#include <algorithm>
#include <utility>

namespace lanchat::store {

bool passes(const Filter& filter, const Entry& entry, bool legacy) {
    if (!filter.room.empty() && entry.room != filter.room) return false;
    if (filter.author && (legacy || entry.log.device != *filter.author)) return false;
    if (filter.since && entry.clock.time() < *filter.since) return false;
    return !filter.until || entry.clock.time() <= *filter.until;
}

bool shown_before(const Line& a, const Line& b) {
    if (comes_before(a.entry, b.entry)) return true;
    return !comes_before(b.entry, a.entry) && a.arrival < b.arrival;
}

std::vector<Line> newest_of(std::vector<Line> lines, std::size_t count) {
    std::sort(lines.begin(), lines.end(), shown_before);
    if (lines.size() > count)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
    return lines;
}

Line legacy_line(const Heard& heard) {
    Line line;
    line.legacy = true;
    line.id = heard.id;
    line.entry.clock = Clock::at(heard.at);
    line.entry.room = heard.room;
    line.entry.name = heard.address;
    line.entry.text = heard.text;
    return line;
}

Hash legacy_head(const Line& line) {
    const Entry& entry = line.entry;
    Hash head = hash_of(std::to_string(line.arrival) + ' ' + std::to_string(entry.clock.packed));
    for (const std::string* part : {&entry.room, &entry.name, &entry.text})
        head = chained(head, *part);
    return line.id.empty() ? head : chained(head, line.id);
}

std::optional<std::size_t> first_new(const VerifiedRun& run, const Holding* held) {
    const Seq seq = held ? held->seq : 0;
    if (run.first() > seq + 1 || run.last() <= seq) return std::nullopt;
    const auto known = static_cast<std::size_t>(seq + 1 - run.first());
    const Hash& joint = known == 0 ? run.before() : run.items()[known - 1].head;
    if (joint != (held ? held->head : Hash{})) return std::nullopt;
    return known;
}

}  // namespace lanchat::store
