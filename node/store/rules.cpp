// Rules shared by the stores.
#include "node/store/rules.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "message/comparing.hpp"
#include "message/limits.hpp"

namespace lanchat::store {
namespace {

bool may_be_one(Group group) {
    const auto [first, last] = std::ranges::minmax(group, {}, &AtRest::arrived);
    const AtRest whole = as_one(group);
    return whole.last - whole.first < limits::rest_entries_max &&
           whole.bytes <= limits::rest_bytes_max &&
           last.arrived.ms - first.arrived.ms <= limits::rest_after.count() &&
           whole.end - whole.key <= limits::rest_arrivals_max;
}

}  // namespace

bool passes(const Filter& filter, const Entry& entry, bool legacy) {
    if (!entry.is_line() && !filter.met_too) return false;
    const bool asked_for = filter.direct_too && place_of(filter).empty();
    if (!filter.conversation.empty()) {
        if (!entry.log.is_direct() || place_of(entry) != filter.conversation) return false;
    } else if (entry.log.is_direct() && !asked_for) {
        return false;
    }
    if (!filter.room.empty() && !is_same_name(entry.room, filter.room)) return false;
    if (filter.author && (legacy || entry.log.device != *filter.author)) return false;
    const bool of_legacy = !filter.author && !filter.legacy_author.empty();
    if (of_legacy && (!legacy || entry.name != filter.legacy_author)) return false;
    if (!legacy && filter.hidden.contains(entry.log.device)) return false;
    if (filter.since && entry.clock.time() < *filter.since) return false;
    return !filter.until || entry.clock.time() <= *filter.until;
}

std::string conversation_of(const DeviceId& one, const DeviceId& other) {
    const auto& [first, second] = std::minmax(one, other);
    return to_string(first) + ' ' + to_string(second);
}

std::string place_of(const Entry& entry) {
    return entry.log.is_direct() ? conversation_of(entry.log.device, entry.log.to) : entry.room;
}

std::string key_of(const Entry& entry) {
    return entry.log.is_direct() ? place_of(entry) : comparing_key(entry.room);
}

std::string key_of(const Filter& filter) {
    return filter.conversation.empty() ? comparing_key(filter.room) : filter.conversation;
}

bool shown_before(const Line& a, const Line& b) {
    if (comes_before(a.entry, b.entry)) return true;
    return !comes_before(b.entry, a.entry) && a.arrival < b.arrival;
}

bool Share::takes(std::size_t entries, std::size_t bytes) {
    const bool fits = entries <= entries_ && bytes <= bytes_;
    if (!fits && std::exchange(used_, true)) return false;
    used_ = true;
    entries_ -= std::min(entries_, entries);
    bytes_ -= std::min(bytes_, bytes);
    return true;
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
        head = head_after_v1(head, *part);
    return line.id.empty() ? head : head_after_v1(head, line.id);
}

std::vector<Part> new_parts(const VerifiedRun& run, const Extent& held) {
    std::vector<Part> parts;
    for (std::size_t n = 0; n < run.size(); ++n) {
        if (!held.lacks(run.first() + n)) continue;
        const bool follows = !parts.empty() && parts.back().first + parts.back().count == n;
        if (!follows) parts.push_back({n, 0});
        ++parts.back().count;
    }
    return parts;
}

// Clocks rise within a run.
bool is_of_stretch(const Entry& first, const Entry& next) {
    return first.said_id.empty() && next.said_id.empty() && next.room == first.room &&
           next.clock.packed - first.clock.packed <= stretch_span;
}

std::size_t stretch_in(const std::vector<Heard>& heard, std::size_t first) {
    const Heard& one = heard[first];
    const auto is_near = [&](const Heard& next) {
        const auto began = Clock::at(one.at).packed;
        const auto clock = Clock::at(next.at).packed;
        return clock >= began && clock - began <= stretch_span;
    };
    std::size_t count = 1;
    for (; first + count < heard.size() && count < limits::run_entries_max; ++count) {
        const Heard& next = heard[first + count];
        if (next.address != one.address || next.room != one.room || !is_near(next)) break;
    }
    return count;
}

bool Newest::are_newer_than(std::uint64_t stretch) const {
    if (lines_.size() < count_) return false;
    if (count_ == 0) return true;
    const auto oldest = lines_.begin()->entry.clock.packed;
    return oldest > stretch && oldest - stretch > stretch_span;
}

void Newest::take(Line line) {
    lines_.insert(std::move(line));
    if (lines_.size() > count_) lines_.erase(lines_.begin());
}

std::vector<Line> Newest::take_all() {
    std::vector<Line> all;
    all.reserve(lines_.size());
    while (!lines_.empty()) all.push_back(std::move(lines_.extract(lines_.begin()).value()));
    return all;
}

bool is_disputed(const Entry& entry, const Extent& held) { return entry.seq > held.limit(); }

void give_up(Extent& held, Seq first, Seq last, const Hash& head) {
    if (last <= held.limit()) {
        held.raise_floor(last, head);
    } else if (first <= held.limit() && held.last() == held.limit()) {
        held.raise_floor(held.limit(), Hash(held.head()));
    }
}

std::vector<Group> groups_at_rest(std::vector<AtRest>& runs, const Extent& held) {
    std::ranges::sort(runs, {}, [](const AtRest& run) {
        return std::tuple(run.last, run.arrived, run.bytes, run.key);
    });
    const auto may_rest = [&](const AtRest& run) {
        return run.last < held.last() && run.last <= held.limit();
    };
    std::vector<Group> groups;
    for (auto first = runs.cbegin(); first != runs.cend();) {
        auto end = std::next(first);
        while (may_rest(*first) && end != runs.cend() && may_rest(*end) &&
               end->first == std::prev(end)->last + 1 && may_be_one({first, std::next(end)}))
            ++end;
        if (end - first > 1) groups.emplace_back(first, end);
        first = end;
    }
    return groups;
}

AtRest as_one(Group group) {
    AtRest whole = group.front();
    for (const AtRest& run : group.subspan(1)) {
        whole.last = run.last;
        whole.arrived = std::min(whole.arrived, run.arrived);
        whole.bytes += run.bytes;
        whole.key = std::min(whole.key, run.key);
        whole.end = std::max(whole.end, run.end);
    }
    return whole;
}

std::optional<Extent> extent_with(const VerifiedRun& run, const Extent& held) {
    const Fitted fitted = fit(held, run);
    if (fitted.fit != Fit::grows && fitted.fit != Fit::detached) return std::nullopt;
    return fitted.extent;
}

}  // namespace lanchat::store
