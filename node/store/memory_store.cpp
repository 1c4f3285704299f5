// The store in memory: plain containers, every question answered by looking at all lines.
#include "node/store/memory_store.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "node/store/retention.hpp"
#include "node/store/rules.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

Result<std::vector<Line>> MemoryStore::append(const std::vector<RunPtr>& runs, WallTime arrived) {
    std::vector<Line> added;
    for (const RunPtr& run : runs) keep(run, arrived, added);
    return added;
}

void MemoryStore::keep(const RunPtr& run, WallTime arrived, std::vector<Line>& added) {
    const auto found = logs_.find(run->log());
    const Extent before = found == logs_.end() ? Extent{} : found->second.extent;
    const auto after = extent_with(*run, before);
    if (!after) return;
    const Arrival first = last_ + 1;
    for (const auto& item : run->items()) {
        if (!before.lacks(item.entry.seq)) continue;
        const Line line{++last_, item.entry, item.head, false};
        lines_.emplace(last_, line);
        rooms_.insert(item.entry.room);
        added.push_back(line);
    }
    Log& log = logs_[run->log()];
    log.extent = *after;
    const Kept kept{run, arrived, first, static_cast<std::size_t>(last_ + 1 - first)};
    const auto age = [](const Kept& one) {
        return std::tuple(one.run->last(), one.arrived, one.run->byte_count());
    };
    log.runs.insert(std::ranges::upper_bound(log.runs, age(kept), {}, age), kept);
}

Result<Line> MemoryStore::append_legacy(WallTime heard, std::string_view room,
                                        std::string_view address, std::string_view text) {
    Line line = legacy_line(heard, room, address, text);
    line.arrival = ++last_;
    line.head = legacy_head(line);
    lines_.emplace(last_, line);
    rooms_.emplace(room);
    return line;
}

Result<std::vector<Holding>> MemoryStore::holdings() {
    std::vector<Holding> all;
    for (const auto& [id, log] : logs_) all.push_back({id, log.extent});
    return all;
}

Result<std::vector<RunPtr>> MemoryStore::runs(const LogId& log, Seq after, std::size_t entries_max,
                                              std::size_t bytes_max) {
    std::vector<RunPtr> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    Share share(entries_max, bytes_max);
    for (const Kept& kept : held->second.runs) {
        if (kept.run->last() <= after) continue;
        if (!share.takes(*kept.run)) break;
        found.push_back(kept.run);
    }
    return found;
}

Result<std::vector<RunPtr>> MemoryStore::runs_back_from(const LogId& log, Seq seq,
                                                        std::size_t entries_max,
                                                        std::size_t bytes_max) {
    std::vector<RunPtr> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    Share share(entries_max, bytes_max);
    const auto& runs = held->second.runs;
    for (auto kept = runs.rbegin(); kept != runs.rend(); ++kept) {
        if (kept->run->first() > seq) continue;
        if (!share.takes(*kept->run)) break;
        found.push_back(kept->run);
    }
    return found;
}

Result<std::vector<Line>> MemoryStore::newest(const Filter& filter, std::size_t count) {
    std::vector<Line> found;
    for (const auto& [arrival, line] : lines_)
        if (passes(filter, line)) found.push_back(line);
    return newest_of(std::move(found), count);
}

Result<std::vector<Line>> MemoryStore::arrived(Arrival after, const Filter& filter,
                                               std::size_t count) {
    std::vector<Line> found;
    for (auto at = lines_.upper_bound(after); at != lines_.end() && found.size() < count; ++at)
        if (passes(filter, at->second)) found.push_back(at->second);
    return found;
}

Result<std::vector<Line>> MemoryStore::search(std::string_view query, const Filter& filter,
                                              std::size_t count) {
    std::vector<Line> found;
    const auto wanted = query_words(query);
    for (auto at = lines_.rbegin();
         !wanted.empty() && at != lines_.rend() && found.size() < searched_max; ++at) {
        const auto words = words_of(at->second.entry.text);
        const std::set<std::string> held(words.begin(), words.end());
        const bool all = std::all_of(wanted.begin(), wanted.end(),
                                     [&](const std::string& word) { return held.contains(word); });
        if (all && passes(filter, at->second)) found.push_back(at->second);
    }
    return newest_of(std::move(found), count);
}

Result<std::optional<Line>> MemoryStore::said(const DeviceId& author, std::string_view said_id) {
    for (const auto& [arrival, line] : lines_)
        if (!line.legacy && !said_id.empty() && line.entry.said_id == said_id &&
            line.entry.log.device == author)
            return std::optional(line);
    return std::optional<Line>();
}

Result<std::vector<std::string>> MemoryStore::rooms() {
    return std::vector<std::string>(rooms_.begin(), rooms_.end());
}

Result<Trimmed> MemoryStore::trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                  std::size_t runs_max) {
    std::vector<HeldLog> held{HeldLog{}};
    for (const auto& [arrival, line] : lines_)
        if (line.legacy)
            held.front().runs.push_back({arrival, line.entry.clock.time(),
                                         static_cast<std::uint32_t>(line.entry.text.size())});
    for (const auto& [id, log] : logs_) {
        held.push_back({id, {}});
        for (const Kept& kept : log.runs)
            held.back().runs.push_back({kept.run->last(), kept.arrived,
                                        static_cast<std::uint32_t>(kept.run->byte_count())});
    }
    const auto gone = given_up(held, bytes_max, oldest, runs_max);
    Trimmed trimmed{gone.front(), {}};
    for (std::size_t n = 0; n < gone.front(); ++n) lines_.erase(held.front().runs[n].last);
    for (std::size_t n = 1; n < held.size(); ++n) {
        if (gone[n] == 0) continue;
        Log& log = logs_.at(held[n].log);
        trimmed.lines += drop_runs(log, gone[n]);
        trimmed.raised.push_back({held[n].log, log.extent});
    }
    return trimmed;
}

std::size_t MemoryStore::drop_runs(Log& log, std::size_t count) {
    std::size_t dropped = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const Kept& kept = log.runs[n];
        lines_.erase(lines_.find(kept.first), lines_.lower_bound(kept.first + kept.lines));
        dropped += kept.lines;
        log.extent.raise_floor(kept.run->last(), kept.run->head());
    }
    log.runs.erase(log.runs.begin(), log.runs.begin() + static_cast<std::ptrdiff_t>(count));
    return dropped;
}

}  // namespace lanchat::store
